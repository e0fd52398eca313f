import { writeFileSync } from "node:fs";
import { composeMessage } from "../../../src/notify/message.ts";
import { slackMessage, type SlackBlock } from "../../../src/notify/slack-message.ts";
import { anIncident } from "../incident-builders.ts";

/**
 * Renders our Slack message about as Slack does, to look at it in a browser: `npx tsx test/support/slack/preview.ts out.html`.
 * Only what our messages use of Block Kit is drawn.
 */
const STYLE = `body{margin:0;padding:20px;background:#fff;font:15px/1.46 Lato,"DejaVu Sans",sans-serif;color:#1d1c1d;width:640px}
.from{display:flex;gap:10px}.icon{width:36px;height:36px;border-radius:6px;background:#1c2836;flex:none}
h1{font-size:18px;margin:2px 0 8px}p{margin:0 0 8px;white-space:pre-wrap}.who{font-weight:900}.app{font-size:10px;background:#e8e8e8;border-radius:2px;padding:1px 3px;margin:0 6px;color:#616061}
.time,.context{color:#616061;font-size:12px}.fields{display:grid;grid-template-columns:1fr 1fr;gap:8px;margin:0 0 8px}
.fields p{margin:0}code{font:12px Menlo,"DejaVu Sans Mono",monospace;color:#e01e5a;background:#f6f6f6;border:1px solid #ddd;border-radius:3px;padding:1px 3px}a{color:#1264a3}`;

function html(text: string): string {
  return text
    .replaceAll('"', "&quot;")
    .replaceAll(/<(https?:[^|>]+)\|([^>]+)>/g, '<a href="$1">$2</a>')
    .replaceAll(/<(https?:[^>]+)>/g, '<a href="$1">$1</a>')
    .replaceAll(/`([^`]+)`/g, "<code>$1</code>")
    .replaceAll(/(^|\s)\*([^*]+)\*/g, "$1<b>$2</b>")
    .replaceAll(/(^|\n)_([^_\n]+)_(?=\n|$)/g, "$1<i>$2</i>")
    .replaceAll("🔴", '<span style="color:#d72b3f">●</span>');
}

function blockHtml(block: SlackBlock): string {
  switch (block.type) {
    case "header":
      return `<h1>${html(block.text.text)}</h1>`;
    case "context":
      return `<p class="context">${block.elements.map(({ text }) => html(text)).join(" ")}</p>`;
    case "section":
      return "fields" in block
        ? `<div class="fields">${block.fields.map(({ text }) => `<p>${html(text)}</p>`).join("")}</div>`
        : `<p>${html(block.text.text)}</p>`;
  }
}

const [, , out = "slack-preview.html"] = process.argv;
const options = { publicUrl: "https://spikewatch.example.com", commandOptions: "" };
const content = composeMessage(
  { reason: "opened", incident: anIncident(), reference: "" },
  options,
);
const { blocks } = slackMessage(content);
writeFileSync(
  out,
  `<!doctype html><meta charset="utf-8"><style>${STYLE}</style><div class="from"><div class="icon"></div><div><span class="who">spikewatch</span><span class="app">APP</span><span class="time">02:44</span>${blocks.map(blockHtml).join("")}</div></div>`,
);

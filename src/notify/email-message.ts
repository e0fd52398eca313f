import { cleanName, escapeHeader, escapeHtml } from "./escape.ts";
import type { MessageContent, Tone } from "./message-content.ts";
import { write, type Phrase } from "./phrase.ts";

/** What a mail shows. Headers that make it a thread are the notifier's. */
export interface EmailMessage {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Readable on white and on black; text keeps the reader's own colour. */
const TONES: Record<Tone, { readonly colour: string; readonly word: string }> = {
  page: { colour: "#d92d20", word: "PAGE" },
  ticket: { colour: "#b7791f", word: "TICKET" },
  acknowledged: { colour: "#2f6fde", word: "ACKNOWLEDGED" },
  resolved: { colour: "#1a8a4a", word: "RESOLVED" },
};
const MUTED = "#767676";
const MONO = "font-family:ui-monospace,Menlo,Consolas,monospace";

/** Pure. `followUp`: a later mail of the same thread, whose subject must stay the first one's. */
export function emailMessage(content: MessageContent, followUp: boolean): EmailMessage {
  const subject = `[spikewatch] ${write(content.subject, { name: (name) => cleanName(name) })}`;
  return {
    subject: escapeHeader(followUp ? `Re: ${subject}` : subject),
    text: textBody(content),
    html: htmlBody(content),
  };
}

/** Also the plain form wherever there is no markup at all. */
function textBody(content: MessageContent): string {
  const width = Math.max(...content.facts.map((fact) => fact.label.length));
  const facts = content.facts.map((fact) => `${fact.label.padEnd(width)}  ${plain(fact.value)}`);
  const who = content.groups.flatMap((group) => [
    group.heading,
    ...group.lines.map((line) => `  ${plain(line)}`),
  ]);
  const { chart, notice } = content;
  return [
    [`${TONES[content.tone].word}  ${plain(content.title)}`],
    notice === null ? [] : [`NOTE: ${cleanName(notice, 300)}`],
    [plain(content.summary)],
    facts,
    who.length === 0 ? [] : [content.who, ...who],
    content.why.length === 0 ? [] : ["Why", ...content.why.map((line) => `  ${plain(line)}`)],
    chart === null ? [] : [`${chart.label}  ${chart.bars}`],
    [`Do now: ${plain(content.advice)}`, ...content.commands.map(commandLine), content.link],
    ["-- ", plain(content.footer)],
  ]
    .filter((paragraph) => paragraph.length > 0)
    .map((paragraph) => paragraph.join("\n"))
    .join("\n\n");
}

function commandLine(one: { readonly command: string; readonly meaning: string }): string {
  return `  ${cleanName(one.command, 300)}    (${one.meaning})`;
}

function plain(phrase: Phrase): string {
  return write(phrase, { name: (name) => cleanName(name) });
}

/** One narrow table, inline styles, nothing fetched: it looks the same in a phone, in Outlook and with images off. */
function htmlBody(content: MessageContent): string {
  const { colour, word } = TONES[content.tone];
  const rows = [
    `<div style="color:${colour};font-size:12px;font-weight:bold;letter-spacing:1px">${word}</div>`,
    `<div style="font-size:20px;font-weight:bold;margin:2px 0 10px">${html(content.title)}</div>`,
    noticeHtml(content.notice),
    `<p style="margin:0 0 14px">${html(content.summary)}</p>`,
    factsHtml(content),
    listsHtml(content),
    todoHtml(content),
    `<p style="margin:18px 0 0;color:${MUTED};font-size:12px">${html(content.footer)}</p>`,
  ];
  return [
    `<!doctype html><html lang="en"><head><meta charset="utf-8">`,
    `<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">`,
    `<meta name="supported-color-schemes" content="light dark"><title>spikewatch</title></head>`,
    `<body style="margin:0;padding:16px;font-family:system-ui,Segoe UI,Helvetica,Arial,sans-serif;font-size:15px;line-height:1.45">`,
    `<table role="presentation" cellpadding="0" cellspacing="0" style="max-width:640px;width:100%;border-collapse:collapse">`,
    `<tr><td style="border-left:4px solid ${colour};padding:2px 0 2px 16px">${rows.join("\n")}</td></tr>`,
    `</table></body></html>`,
  ].join("\n");
}

function noticeHtml(notice: string | null): string {
  if (notice === null) return "";
  return `<p style="margin:0 0 14px;border:1px solid ${MUTED};padding:6px 10px">⚠ ${escapeHtml(cleanName(notice, 300))}</p>`;
}

function factsHtml({ facts }: MessageContent): string {
  const rows = facts.map(
    (fact) =>
      `<tr><td style="padding:2px 14px 2px 0;color:${MUTED};white-space:nowrap;vertical-align:top">${escapeHtml(fact.label)}</td>` +
      `<td style="padding:2px 0">${html(fact.value)}</td></tr>`,
  );
  return `<table cellpadding="0" cellspacing="0" style="border-collapse:collapse">${rows.join("")}</table>`;
}

function listsHtml({ who: whoHeading, groups, why, chart }: MessageContent): string {
  const who = groups.map(
    (group) =>
      `<div style="color:${MUTED};margin-top:4px">${escapeHtml(group.heading)}</div>${list(group.lines)}`,
  );
  return [
    who.length === 0 ? "" : heading(whoHeading) + who.join(""),
    why.length === 0 ? "" : heading("Why") + list(why),
    chart === null
      ? ""
      : `${heading(escapeHtml(chart.label))}<div style="${MONO};line-height:1">${chart.bars}</div>`,
  ].join("\n");
}

function todoHtml(content: MessageContent): string {
  const commands = content.commands.map(
    (one) =>
      `<div style="margin-top:6px"><code style="${MONO}">${escapeHtml(cleanName(one.command, 300))}</code>` +
      `<br><span style="color:${MUTED}">${escapeHtml(one.meaning)}</span></div>`,
  );
  const link = `<p style="margin:12px 0 0"><a href="${escapeHtml(content.link)}">Open the live page</a></p>`;
  return `${heading("Do now")}<div>${html(content.advice)}</div>${commands.join("")}${link}`;
}

function heading(words: string): string {
  return `<div style="font-weight:bold;margin:16px 0 2px">${words}</div>`;
}

function list(lines: readonly Phrase[]): string {
  const items = lines.map((line) => `<li>${html(line)}</li>`);
  return `<ul style="margin:0;padding-left:20px">${items.join("")}</ul>`;
}

function html(phrase: Phrase): string {
  return write(phrase, {
    name: (name) => `<b>${escapeHtml(cleanName(name))}</b>`,
    text: escapeHtml,
  });
}

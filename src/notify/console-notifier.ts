import { cleanName, escapeTerminal } from "./escape.ts";
import { composeMessage } from "./message.ts";
import type { MessageContent, MessageOptions, Tone } from "./message-content.ts";
import type { Delivery, Notification, Notifier } from "./notifier.ts";
import { nameOf } from "./phrase.ts";
import { TerminalPen, type TerminalOptions } from "./terminal-pen.ts";

export interface ConsoleNotifierOptions extends MessageOptions, TerminalOptions {
  readonly output: { write(text: string): unknown };
}

/** The page as the on-call reads it in Slack, in the terminal. Cannot fail: the last resort when every other receiver does. */
export class ConsoleNotifier implements Notifier {
  readonly receiver = "console";
  readonly #options: ConsoleNotifierOptions;

  constructor(options: ConsoleNotifierOptions) {
    this.#options = options;
  }

  send(notification: Notification): Promise<Delivery> {
    const content = composeMessage(notification, this.#options);
    const edits = notification.reason === "updated" || notification.reason === "acknowledged";
    const render = edits ? renderLine : renderContent;
    this.#options.output.write(render(content, this.#options));
    return Promise.resolve({ kind: "delivered", reference: `console:${content.incidentId}` });
  }
}

const SIGNS: Record<Tone, string> = {
  page: "🔴",
  ticket: "🟡",
  acknowledged: "🔵",
  resolved: "🟢",
};
const MAX_LINE = 300;
const MIN_WIDTH = 40;

/** The whole message in a frame, as `run` and the demo show it. Ends with a newline. */
export function renderForTerminal(
  notification: Notification,
  options: TerminalOptions & MessageOptions,
): string {
  return renderContent(composeMessage(notification, options), options);
}

/** The frame is open on the right, so that no font's idea of a character's width can break it. */
function renderContent(content: MessageContent, options: TerminalOptions): string {
  const width = Math.max(MIN_WIDTH, options.width);
  const pen = new TerminalPen({ ...options, width: width - 2 });
  const { tone, notice } = content;
  const note =
    notice === null
      ? []
      : pen.fold([nameOf(notice)], { lead: "⚠ ", colour: "ticket", nameMaxCodePoints: MAX_LINE });
  const paragraphs = [
    pen.fold(content.title, { lead: `${SIGNS[tone]} `, colour: tone }),
    note,
    pen.fold(content.summary),
    factLines(content, pen),
    groupLines(content, pen),
    whyLines(content, pen),
    chartLines(content, pen),
    todoLines(content, pen),
    pen.fold(content.footer, { colour: "dim" }),
  ].filter((lines) => lines.length > 0);
  const inside = paragraphs.flatMap((lines, index) => (index === 0 ? lines : ["", ...lines]));
  const head = "╭─ spikewatch ";
  return [
    pen.paint(head + "─".repeat(width - head.length), tone),
    ...inside.map((line) => `${pen.paint("│", tone)} ${line}`.trimEnd()),
    pen.paint(`╰${"─".repeat(width - 1)}`, tone),
    "",
  ].join("\n");
}

/** What is a silent edit in Slack: one line, so that a growing incident does not scroll everything else away. */
function renderLine(content: MessageContent, options: TerminalOptions): string {
  const pen = new TerminalPen({ ...options, width: Number.MAX_SAFE_INTEGER });
  return `${pen.fold(content.summary, { lead: `${SIGNS[content.tone]} ` }).join("")}\n`;
}

function factLines({ facts }: MessageContent, pen: TerminalPen): string[] {
  const width = Math.max(...facts.map((fact) => fact.label.length));
  return facts.flatMap((fact) =>
    pen.fold(fact.value, { lead: `${fact.label.padEnd(width)}  `, leadColour: "dim" }),
  );
}

function groupLines({ who: heading, groups }: MessageContent, pen: TerminalPen): string[] {
  if (groups.length === 0) return [];
  const who = groups.flatMap((group) => [
    `  ${pen.paint(group.heading, "dim")}`,
    ...group.lines.flatMap((line) => pen.fold(line, { lead: "  • " })),
  ]);
  return [pen.paint(heading, "bold"), ...who];
}

function whyLines({ why }: MessageContent, pen: TerminalPen): string[] {
  if (why.length === 0) return [];
  return [pen.paint("Why", "bold"), ...why.flatMap((line) => pen.fold(line, { lead: "  • " }))];
}

function chartLines({ chart }: MessageContent, pen: TerminalPen): string[] {
  return chart === null ? [] : [`${pen.paint(chart.label, "dim")}  ${chart.bars}`];
}

/** Commands and the address are never folded: they are there to be copied. */
function todoLines(content: MessageContent, pen: TerminalPen): string[] {
  const commands = content.commands.flatMap((one) => [
    `  ${pen.paint(escapeTerminal(one.command, MAX_LINE), "name")}`,
    `      ${pen.paint(one.meaning, "dim")}`,
  ]);
  const advice = pen.fold(content.advice, { lead: "Do now  ", leadColour: "bold" });
  return [...advice, ...commands, `  ${cleanName(content.link, MAX_LINE)}`];
}

import { cleanName, escapeSlack, slackName } from "./escape.ts";
import type { MessageContent, Tone } from "./message-content.ts";
import { write, type Phrase } from "./phrase.ts";

/** Slack's limits, in characters as sent. The whole: it refuses from about 13,200 on, undocumented; we stay clear of it. */
export const SLACK_LIMITS = {
  header: 150,
  section: 3_000,
  field: 2_000,
  text: 4_000,
  blocksTotal: 12_000,
} as const;

interface PlainText {
  readonly type: "plain_text";
  readonly text: string;
  readonly emoji: false;
}
interface Mrkdwn {
  readonly type: "mrkdwn";
  readonly text: string;
  /** Nothing in it becomes a link or a mention by itself. */
  readonly verbatim: true;
}
/** The four kinds of block in use. */
export type SlackBlock =
  | { readonly type: "header"; readonly text: PlainText }
  | { readonly type: "section"; readonly text: Mrkdwn }
  | { readonly type: "section"; readonly fields: readonly Mrkdwn[] }
  | { readonly type: "context"; readonly elements: readonly (PlainText | Mrkdwn)[] };

export interface SlackMessage {
  /** What a phone shows on its lock screen, and the whole message where blocks cannot be shown. */
  readonly text: string;
  readonly blocks: readonly SlackBlock[];
}

const SIGNS: Record<Tone, string> = {
  page: "🔴",
  ticket: "🟡",
  acknowledged: "🔵",
  resolved: "🟢",
};

/** Block Kit of one message; pure. Every name is a code span, every limit holds whatever the names are. */
export function slackMessage(content: MessageContent): SlackMessage {
  const blocks: SlackBlock[] = [
    { type: "header", text: plain(slackTitle(content)) },
    ...noticeBlock(content),
    section([mrkdwn(content.summary)]),
    { type: "section", fields: content.facts.map((fact) => field(fact.label, fact.value)) },
    ...listBlocks(content),
    section(todoLines(content)),
    {
      type: "context",
      elements: [plain(write(content.footer, { name: (name) => escapeSlack(cleanName(name)) }))],
    },
  ];
  return { text: slackText(content), blocks };
}

/** The same message without blocks: for a workspace that refuses them, and for notifications. */
export function slackText(content: MessageContent): string {
  const facts = content.facts.map((fact) => `${fact.label}: ${mrkdwn(fact.value)}`);
  const lines = [
    `${SIGNS[content.tone]} ${mrkdwn(content.summary)}`,
    ...(content.notice === null ? [] : [slackName(content.notice, 300)]),
    ...facts,
    ...whoLines(content),
    ...whyLines(content),
    ...todoLines(content),
  ];
  return fitLines(lines, SLACK_LIMITS.text);
}

/** A short line for the message's thread: an edit alone rings no bell. */
export function slackReply(content: MessageContent): string {
  return `${SIGNS[content.tone]} ${mrkdwn(content.summary)}`;
}

/** A title's names are cut shorter until it fits: cut after escaping, it could end in half an escape. */
function slackTitle(content: MessageContent): string {
  const titles = [48, 24, 12].map((maxCodePoints) => {
    const name = (text: string): string => escapeSlack(cleanName(text, maxCodePoints));
    return `${SIGNS[content.tone]} ${write(content.title, { name, text: escapeSlack })}`;
  });
  return titles.find((title) => title.length <= SLACK_LIMITS.header) ?? titles.at(-1) ?? "";
}

function noticeBlock(content: MessageContent): SlackBlock[] {
  if (content.notice === null) return [];
  return [
    { type: "context", elements: [plain(`⚠ ${escapeSlack(cleanName(content.notice, 300))}`)] },
  ];
}

function whoLines({ who, groups }: MessageContent): string[] {
  const lines = groups.flatMap((group) => [
    `_${group.heading}_`,
    ...group.lines.map((line) => `• ${mrkdwn(line)}`),
  ]);
  return lines.length === 0 ? [] : [`*${who}*`, ...lines];
}

function whyLines({ why }: MessageContent): string[] {
  return why.length === 0 ? [] : ["*Why*", ...why.map((line) => `• ${mrkdwn(line)}`)];
}

function listBlocks(content: MessageContent): SlackBlock[] {
  const { chart } = content;
  return [
    ...[whoLines(content), whyLines(content)].filter((lines) => lines.length > 0).map(section),
    ...(chart === null ? [] : [section([`*${chart.label}* \`${chart.bars}\``])]),
  ];
}

function todoLines(content: MessageContent): string[] {
  return [
    `*Do now* ${mrkdwn(content.advice)}`,
    ...content.commands.map((one) => `${slackName(one.command, 300)} ${one.meaning}`),
    `<${escapeSlack(content.link)}|Open the live page>`,
  ];
}

function mrkdwn(phrase: Phrase): string {
  return write(phrase, { name: (name) => slackName(name), text: escapeSlack });
}

function section(lines: readonly string[]): SlackBlock {
  return {
    type: "section",
    text: { type: "mrkdwn", text: fitLines(lines, SLACK_LIMITS.section), verbatim: true },
  };
}

function field(label: string, value: Phrase): Mrkdwn {
  return { type: "mrkdwn", text: `*${label}*\n${mrkdwn(value)}`, verbatim: true };
}

function plain(text: string): PlainText {
  return { type: "plain_text", text, emoji: false };
}

/** Whole lines only: half a line could be half an escape or an open code span. */
function fitLines(lines: readonly string[], limit: number): string {
  const kept: string[] = [];
  let length = 0;
  for (const line of lines) {
    length += line.length + 1;
    if (length > limit - 2) return [...kept, "…"].join("\n");
    kept.push(line);
  }
  return kept.join("\n");
}

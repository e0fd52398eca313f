import { escapeTerminal } from "../notify/escape.ts";
import { partitionKey } from "../source/source.ts";
import type { ChainBreak } from "../store/chain-check.ts";
import type { CountDifference, SumDifference, Verification } from "../verify/verification.ts";
import { SUMS } from "../verify/ledger.ts";

const HEAD = ["minute", "team", "model", "sum", "topic", "ClickHouse", "difference"] as const;
/** Columns with numbers stand to the right. */
const FIRST_NUMBER = HEAD.indexOf("topic");

/** For machines. Sums are strings of digits: they may pass 2^53. */
export function verificationJson(verification: Verification, limit: number): string {
  const { verdict, reason, topics, span, cells, sums, counts, breaks, lost } = verification;
  const { records, accepted, duplicates, rejected, ignored, checkpoints, behind } = verification;
  return JSON.stringify({
    verdict,
    reason,
    topics,
    span: span && { from: iso(span.first), to: iso(span.last + 60), minutes: span.minutes },
    cells,
    records,
    accepted,
    duplicates,
    rejected,
    ignored,
    checkpoints,
    behind,
    partitions: verification.partitions,
    differences: {
      sums: sums.slice(0, limit).map(({ minute, inTopic, inClickHouse, sum, ...cell }) => ({
        minute: iso(minute),
        ...cell,
        sum: nameOf(sum),
        topic: amount(sum, inTopic),
        clickhouse: amount(sum, inClickHouse),
      })),
      counts: counts.map(({ topic, partition, what, inTopic, inClickHouse }) => ({
        ...{ topic, partition, what },
        ...{ in_topic: inTopic, in_clickhouse: inClickHouse },
      })),
      gaps: breaks.filter(isGap).map(rangeOf),
      overlaps: breaks.filter((one) => !isGap(one)).map(rangeOf),
    },
    sums_not_shown: Math.max(0, sums.length - limit),
    known_losses: lost,
    notes: verification.notes,
  });
}

export function unknownJson(reason: string): string {
  return JSON.stringify({ verdict: "unknown", reason });
}

/** For people. */
export function verificationText(verification: Verification, limit: number): string {
  const { topics, verdict, reason, span, cells, records, checkpoints, breaks } = verification;
  const headline = verdict === "unknown" ? `cannot tell: ${reason ?? ""}` : verdict;
  const lines = [
    `${topics.join(", ")}: ${headline}`,
    row("span", span === null ? "no minute with usage" : spanText(span)),
    row(
      "compared",
      `${grouped(cells.compared)} cells of team, model and minute, ${SUMS.length} sums each: ${cells.different === 0 ? "all equal" : `${grouped(cells.different)} differ`}`,
    ),
    row(
      "records",
      `${grouped(records)} read again from ${plural(verification.partitions.length, "partition")}: ${countsText(verification)}`,
    ),
    row(
      "chain",
      `${plural(checkpoints, "checkpoint")}, ${breaks.length === 0 ? "no gap, no overlap" : "broken"}`,
    ),
    ...breaks.map((one) => row("", breakText(one))),
    ...verification.lost.map((one) =>
      row(
        "known loss",
        `${partitionKey(one)}: offsets ${one.from} to ${one.to - 1} were gone before they could be read`,
      ),
    ),
    ...(verification.behind > 0
      ? [row("behind", `${plural(verification.behind, "record")} not counted yet`)]
      : []),
    // Names of topics and streams are data.
    ...verification.notes.map((note) => row("note", escapeTerminal(note, 1000))),
    ...differenceLines(verification, limit),
  ];
  return lines.join("\n");
}

function differenceLines({ counts, sums }: Verification, limit: number): string[] {
  if (counts.length + sums.length === 0) return [];
  const lines = ["", ...counts.map(countText)];
  if (sums.length === 0) return lines;
  if (counts.length > 0) lines.push("");
  lines.push(...table(sums.slice(0, limit)));
  const hidden = sums.length - limit;
  if (hidden > 0) lines.push(`and ${grouped(hidden)} more: --limit 0 shows all`);
  return lines;
}

function countText({ topic, partition, what, inTopic, inClickHouse }: CountDifference): string {
  const where = partition < 0 ? "all partitions" : partitionKey({ topic, partition });
  return `${where}: ${what}: ${grouped(inTopic)} in the topic, ${grouped(inClickHouse)} in ClickHouse`;
}

/** Numbers to the right; each column as wide as its widest cell. */
function table(sums: readonly SumDifference[]): string[] {
  const rows = [HEAD, ...sums.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((cells) => sizeOf(cells[column]))));
  return rows.map((cells) =>
    cells
      .map((cell, column) => {
        const space = " ".repeat((widths[column] ?? 0) - sizeOf(cell));
        return column < FIRST_NUMBER ? cell + space : space + cell;
      })
      .join("  ")
      .trimEnd(),
  );
}

function cellsOf({ minute, team, model, sum, inTopic, inClickHouse }: SumDifference): string[] {
  const more = inClickHouse - inTopic;
  return [
    iso(minute),
    escapeTerminal(team, 32),
    escapeTerminal(model, 32),
    nameOf(sum),
    amount(sum, inTopic),
    amount(sum, inClickHouse),
    (more > 0n ? "+" : "") + amount(sum, more),
  ];
}

function spanText({ first, last, minutes }: NonNullable<Verification["span"]>): string {
  return `${iso(first)} to ${iso(last + 60)}, ${plural(minutes, "minute")} with usage`;
}

function countsText({ accepted, duplicates, rejected, ignored }: Verification): string {
  return `${grouped(accepted)} events, ${plural(duplicates, "duplicate")}, ${grouped(rejected)} rejected, ${grouped(ignored)} ignored`;
}

function breakText(one: ChainBreak): string {
  const { from, to, incarnation } = rangeOf(one);
  const where = `${partitionKey(one)}${incarnation > 0 ? ` (incarnation ${incarnation})` : ""}`;
  return isGap(one)
    ? `${where} has a gap: offsets ${from} to ${to - 1} were never counted`
    : `${where} has an overlap: offsets ${from} to ${to - 1} were counted twice`;
}

function isGap({ firstOffset, previousEnd }: ChainBreak): boolean {
  return firstOffset > previousEnd;
}

/** The offsets that are missing or twice: [from, to). */
function rangeOf(one: ChainBreak) {
  const { topic, partition, incarnation, firstOffset, previousEnd } = one;
  return {
    topic,
    partition,
    incarnation,
    from: Math.min(firstOffset, previousEnd),
    to: Math.max(firstOffset, previousEnd),
  };
}

function nameOf(sum: string): string {
  return sum === "cost_nanos" ? "cost_usd" : sum;
}

/** A sum as people write it: dollars with nine decimals, all else whole. */
function amount(sum: string, value: bigint): string {
  if (sum !== "cost_nanos") return value.toString();
  const digits = (value < 0n ? -value : value).toString().padStart(10, "0");
  return `${value < 0n ? "-" : ""}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

function iso(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 16)}Z`;
}

function row(label: string, value: string): string {
  return `  ${label.padEnd(11)} ${value}`;
}

function plural(count: number, word: string): string {
  return `${grouped(count)} ${word}${count === 1 ? "" : "s"}`;
}

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

function sizeOf(cell: string | undefined): number {
  return Array.from(cell ?? "").length;
}

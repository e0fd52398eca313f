import { TOKEN_BUCKETS } from "../decode/usage-event.ts";
import type { IngestTotals } from "../workers/ingest-totals.ts";
import { partitionKey } from "../source/source.ts";
import type { AuditStore } from "../store/audit-store.ts";
import type { Input } from "./input-source.ts";

/** What ClickHouse holds of an input, whoever stored it and in how many runs. */
export interface StoredInAll {
  readonly records: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly duplicates: number;
  readonly ignored: number;
}

export interface ReplayRun {
  readonly input: Input;
  /** What this run stored. */
  readonly totals: IngestTotals;
  readonly inAll: StoredInAll;
  readonly seconds: number;
  /** False: interrupted; what was stored counts, and the next run goes on. */
  readonly finished: boolean;
}

export async function storedInAll(audit: AuditStore, topic: string): Promise<StoredInAll> {
  const nothing = { records: 0, accepted: 0, rejected: 0, duplicates: 0, ignored: 0 };
  const [stored] = await audit.partitions([topic]);
  if (stored === undefined) return nothing;
  const covered = await audit.coverage([{ stored, low: stored.start }]);
  const { records, accepted, rejected, duplicates, ignored } =
    covered.get(partitionKey(stored)) ?? nothing;
  return { records, accepted, rejected, duplicates, ignored };
}

/** Integer nano-dollars as decimal dollars, exactly. */
export function usdOf(nanos: bigint): string {
  const digits = nanos.toString().padStart(10, "0");
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

/** The summary for machines. Token counts and dollars are strings of digits: they may pass 2^53. */
export function summaryJson({
  input,
  totals,
  inAll,
  seconds,
  finished,
}: ReplayRun): Record<string, unknown> {
  const byReason = [...totals.rejectedByReason].filter(([, count]) => count > 0);
  return {
    input: input.name,
    source: input.topic,
    state: input.state,
    resumed_at_byte: input.resumeOffset,
    finished,
    records: totals.records,
    accepted: totals.accepted,
    rejected: totals.rejected,
    rejected_by_reason: Object.fromEntries(byReason),
    duplicates: totals.duplicates,
    ignored: totals.ignored,
    stored_in_all: inAll,
    requests: totals.sum("requests").toString(),
    tokens: Object.fromEntries(TOKEN_BUCKETS.map((name) => [name, totals.sum(name).toString()])),
    cost_usd: usdOf(totals.sum("cost_nanos")),
    unpriced_tokens: totals.sum("unpriced_tokens").toString(),
    unpriced_tokens_by_model: Object.fromEntries(totals.unpricedByModel),
    unfinished_bytes: input.source.unfinished ?? 0,
    seconds: Math.round(seconds * 1000) / 1000,
  };
}

/** What a person is told of a last line that a writer is in the midst of. */
export function unfinishedText(bytes: number): string {
  return `the last ${grouped(bytes)} bytes have no line end and are no JSON yet`;
}

/** The summary for people. */
export function summaryText(run: ReplayRun): string {
  const { input, totals, inAll, seconds } = run;
  const lines = [headline(run)];
  if (input.state === "unchanged" && totals.records === 0) return lines.join("\n");
  // The counts below are of this run; where runs before it, or another beside it, stored more of the input, both must be told.
  if (inAll.records !== totals.records) {
    lines.push(
      `${grouped(inAll.records)} records of it are stored in all, ${grouped(inAll.accepted)} accepted; of these this run stored:`,
    );
  }
  const unfinished = input.source.unfinished ?? 0;
  if (unfinished > 0) {
    lines.push(`${unfinishedText(unfinished)}: left for the next run`);
  }
  const rejected = [...totals.rejectedByReason].filter(([, count]) => count > 0);
  const unpriced = [...totals.unpricedByModel].sort(([, a], [, b]) => b - a);
  lines.push(
    row(
      "records",
      `${grouped(totals.records)}  (${grouped(Math.round(totals.records / Math.max(seconds, 0.001)))} a second)`,
    ),
    row("accepted", grouped(totals.accepted)),
    row("duplicates", grouped(totals.duplicates)),
    row("ignored", grouped(totals.ignored)),
    row("rejected", grouped(totals.rejected)),
    ...rejected.map(([reason, count]) => row(`  ${reason}`, grouped(count))),
    ...TOKEN_BUCKETS.map((name) => row(name, grouped(totals.sum(name)))),
    row(
      "cost",
      `${grouped(totals.sum("cost_nanos") / 1_000_000_000n)}.${usdOf(totals.sum("cost_nanos")).slice(-9)} USD`,
    ),
    row("unpriced tokens", grouped(totals.sum("unpriced_tokens"))),
    ...unpriced.slice(0, 10).map(([model, tokens]) => row(`  ${model}`, grouped(tokens))),
  );
  if (unpriced.length > 10) lines.push(row("  and more models", grouped(unpriced.length - 10)));
  if (totals.rejected > 0) {
    lines.push(
      `rejected events are kept: spikewatch query "SELECT reason, detail, raw FROM rejected LIMIT 10"`,
    );
  }
  return lines.join("\n");
}

function headline({ input, totals, finished }: ReplayRun): string {
  if (!finished)
    return `${input.name}: interrupted; what is stored counts once, run the same command to go on`;
  if (input.state === "unchanged" && totals.records === 0) {
    return `${input.name}: stored already to its last byte, nothing changed (--again counts it once more)`;
  }
  const from = input.resumeOffset > 0 ? `, from byte ${grouped(input.resumeOffset)} on` : "";
  return `${input.name}: stored${from}`;
}

function row(label: string, value: string): string {
  // eslint-disable-next-line no-control-regex -- a model's name is data: it must not steer the terminal
  return `  ${label.replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "").padEnd(30)} ${value}`;
}

function grouped(value: number | bigint): string {
  return value.toLocaleString("en-US");
}

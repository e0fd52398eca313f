import type { Dictionaries } from "../decode/event-batch.ts";
import { DIMENSIONS } from "../decode/usage-event.ts";
import type { Partition } from "../source/source.ts";
import type { TopSessions } from "./pane-sessions.ts";

/** A pane is one minute of event time × one dimension tuple × one price version. */
export const PANE_MS = 60_000;

/** What a pane sums, in the order of a row of counters. Tokens, requests and nano-dollars are exact integers. */
export const COUNTERS = [
  "requests",
  "errors",
  "uncached_input_tokens",
  "cache_read_input_tokens",
  "cache_write_5m_input_tokens",
  "cache_write_1h_input_tokens",
  "output_tokens",
  "reasoning_output_tokens",
  "cost_nanos",
  "unpriced_tokens",
  /** Sum of the squares of each event's dollars: a statistic, not money, so a plain double. */
  "cost_usd_squared",
  /** Maxima, not sums: the dearest single event in nano-dollars, and the most tokens in one. */
  "max_event_cost_nanos",
  "max_event_tokens",
] as const;
export type Counter = (typeof COUNTERS)[number];
export const COUNTER = Object.freeze(
  Object.fromEntries(COUNTERS.map((name, index) => [name, index])),
) as Readonly<Record<Counter, number>>;

/** A row of ids: epoch minute, the dimensions, the price version. */
export const PANE_KEY_LENGTH = 1 + DIMENSIONS.length + 1;

/** Drained panes as columns: `rows` rows of ids and counters, both row-major. Valid until the dictionaries are cleared. */
export interface PaneTable {
  readonly rows: number;
  /** PANE_KEY_LENGTH ids a row: minute (epoch ms / 60,000), dimension ids, price version index. */
  readonly keys: Int32Array;
  /** COUNTERS.length doubles a row. */
  readonly counters: Float64Array;
  readonly dictionaries: Dictionaries;
  /** Names behind the price version indexes. */
  readonly priceVersions: readonly string[];
  /** Names of label1…label4, as many as the pipeline names. */
  readonly labelNames: readonly string[];
  /** Absent: no event names a session. */
  readonly topSessions?: TopSessions;
}

/** What happened to the records of one partition in one batch. records ≥ 0; one record may hold many events. */
export interface IngestCounts {
  records: number;
  accepted: number;
  rejected: number;
  duplicates: number;
  ignored: number;
}

/** One partition's step in a PaneBatch: what ClickHouse must hold before, and what it holds after. */
export interface CheckpointStep extends Partition {
  /** Raised by an operator when a topic was recreated or a file is counted anew. */
  readonly incarnation: number;
  /** The end ClickHouse must hold for the batch to be stored; null where it must hold nothing yet. */
  readonly expectedEnd: number | null;
  /** First offset this batch covers; equals expectedEnd unless a gap was recorded or nothing was stored yet. */
  readonly firstOffset: number;
  readonly endOffset: number;
  /** Event-time progress in ms: no event before it is expected any more. -1 where nothing was seen yet. */
  readonly watermarkMs: number;
  /** Largest accepted event time in ms up to endOffset, -1 where none. */
  readonly maxEventMs: number;
  /** Where re-reading must begin to rebuild the window of seen ids, and the progress (ms) at that point. */
  readonly tailOffset: number;
  readonly tailProgressMs: number;
  /** RecordBatch.fingerprint at endOffset. */
  readonly fingerprint: string;
  readonly counts: Readonly<IngestCounts>;
}

/** One worker's deltas over its partitions and one checkpoint step per partition: stored all or not at all. */
export interface PaneBatch {
  /** Empty when the flush only moves checkpoints. */
  readonly panes: PaneTable;
  readonly steps: readonly CheckpointStep[];
}

/**
 * The words of one use, as `schemas/usage-event.schema.json` and ClickHouse's columns spell them. The order of DIMENSIONS is
 * the order of the columns in an `EventBatch`, a `PaneTable` and the `usage` table.
 */
export const DIMENSIONS = [
  "department",
  "team",
  "user",
  "key",
  "agent",
  "provider",
  "model",
  "tool",
  "service_tier",
  "label1",
  "label2",
  "label3",
  "label4",
] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** Position of each dimension in a row of ids. */
export const DIM = Object.freeze(
  Object.fromEntries(DIMENSIONS.map((name, index) => [name, index])),
) as Readonly<Record<Dimension, number>>;

/** How many labels a pipeline may name as dimensions. */
export const MAX_LABELS = 4;

/** Disjoint token buckets: the prompt is the sum of the first four. Reasoning is a part of output and priced with it. */
export const TOKEN_BUCKETS = [
  "uncached_input_tokens",
  "cache_read_input_tokens",
  "cache_write_5m_input_tokens",
  "cache_write_1h_input_tokens",
  "output_tokens",
] as const;
export type TokenBucket = (typeof TOKEN_BUCKETS)[number];

export const UNKNOWN = "unknown";
export const OTHER = "__other__";

/** Limits of design.md §5. */
export const LIMITS = {
  dimensionCodePoints: 128,
  promptHashCodePoints: 64,
  labels: 16,
  /** More in one record of 4 MiB is no usage: each rejected one would cost more memory than its bytes. */
  recordEvents: 100_000,
  requests: 1_000_000,
  tokensPerRequest: 1_000_000_000,
  jsonDepth: 20,
  keptRawBytes: 65_536,
  maxFutureMs: 5 * 60_000,
} as const;

/** Why an event was not counted. A closed set: it is a metric label, a column of `rejected` and a heading of the runbook. */
export const REJECT_REASONS = [
  "record_too_large",
  "invalid_json",
  "too_deep",
  "not_an_object",
  "missing_time",
  "invalid_time",
  "time_out_of_range", // before 1970 or after what a timestamp can hold
  "time_in_future", // later than the append time (or the wall clock) + 5 min
  "invalid_string", // not a string, or with control characters
  "string_too_long",
  "invalid_requests",
  "invalid_errors",
  "invalid_tokens", // not an integer, negative, not a number
  "tokens_out_of_range",
  "reasoning_exceeds_output",
  "invalid_cost",
  "cost_out_of_range", // one event of 2^52 nano-dollars or more (4.5 million USD)
  "invalid_labels",
  "shape_mismatch", // the record is not what the pipeline's format says
] as const;
export type RejectReason = (typeof REJECT_REASONS)[number];

/** One event that was not counted, kept whole. One record may hold several. */
export interface RejectedEvent {
  /** Index of the record in its RecordBatch. */
  readonly record: number;
  /** Index of the event within its record. */
  readonly event: number;
  readonly reason: RejectReason;
  /** What exactly, for a person: the field and the value, cut to a few hundred characters. */
  readonly detail: string;
  /** The event's own bytes, cut to LIMITS.keptRawBytes. */
  readonly raw: Uint8Array;
  /** Its full size before the cut. */
  readonly rawBytes: number;
}

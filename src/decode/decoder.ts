import type { RecordBatch } from "../source/source.ts";
import type { EventBatch } from "./event-batch.ts";
import type { RejectedEvent } from "./usage-event.ts";

/** Counts of one `decode` call that neither the events nor the rejections show. */
export interface DecodeTally {
  /** Events that are well-formed but no usage: a span that is not a model call. Neither counted nor rejected. */
  ignored: number;
  /** Values that contradict each other and were mended by a rule of input-formats.md 0.2 (clamped, read as disjoint). */
  mended: number;
}

/** Bytes → events. Pure: no I/O, the time is an argument, never throws on data. */
export interface Decoder {
  /**
   * Decodes records `from` (inclusive) to `to` (exclusive) of `records`, appending to `events` and `rejected`.
   * `nowMs` stands in for a record's append time where the source has none: later + 5 min is rejected.
   */
  decode(
    records: RecordBatch,
    range: { readonly from: number; readonly to: number; readonly nowMs: number },
    events: EventBatch,
    rejected: RejectedEvent[],
  ): DecodeTally;
}

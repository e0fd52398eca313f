import type { EventBatch } from "../decode/event-batch.ts";
import { EventTexts } from "../decode/event-texts.ts";
import { LIMITS, type RejectedEvent } from "../decode/usage-event.ts";
import type { RecordBatch } from "../source/source.ts";

const DETAIL =
  "costs 2^52 nano-dollars (4.5 million USD) or more: check its tokens and the price book";

/**
 * Events (rows of `events`, ascending) whose price is beyond what a ledger cell can hold, each with a copy of its own: the rest of its record is counted, so
 * a replay must not find it there.
 */
export function overpricedEvents(
  records: RecordBatch,
  events: EventBatch,
  rows: Iterable<number>,
): RejectedEvent[] {
  const rejected: RejectedEvent[] = [];
  let texts: EventTexts | null = null;
  let read = -1;
  for (const row of rows) {
    const record = events.record[row] as number;
    const event = events.event[row] as number;
    if (texts === null || read !== record) {
      texts = new EventTexts(records.values[record] ?? new Uint8Array());
      read = record;
    }
    const own = texts.at(event);
    const raw = own.slice(0, LIMITS.keptRawBytes);
    const rawBytes = own.byteLength;
    rejected.push({ record, event, reason: "cost_out_of_range", detail: DETAIL, raw, rawBytes });
  }
  return rejected;
}

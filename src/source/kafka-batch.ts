import { crc32 } from "node:zlib";
import type { Partition, RecordBatch } from "./source.ts";

/** One record as the Kafka library gives it. */
export interface FetchedRecord {
  readonly offset: string;
  readonly timestamp: string;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
}

/** What one fetch gave of one partition. Offsets as doubles: exact below 2^53. */
export interface FetchedBatch extends Partition {
  readonly records: readonly FetchedRecord[];
  /** Where the fetch was asked to begin. */
  readonly fetchedOffset: number;
  /** The last offset covered, which may be that of a control marker or of an aborted record. */
  readonly lastOffset: number;
  readonly highWatermark: number;
}

export interface SliceLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
}

/**
 * Cuts what was fetched, from offset `next` on, into batches small enough to be flushed one by one. The ends join without a hole; the last
 * end is behind everything fetched. Nothing left from `next` on gives one empty batch. A record over `maxBytes` stands alone.
 */
export function* slicesOf(
  batch: FetchedBatch,
  next: number,
  limits: SliceLimits,
): Generator<RecordBatch, void, undefined> {
  const { records } = batch;
  const total = records.length;
  let from = 0;
  while (from < total && offsetAt(records, from) < next) from++;
  do {
    let bytes = 0;
    let to = from;
    while (to < total && to - from < limits.maxRecords) {
      bytes += records[to]?.value?.length ?? 0;
      if (to > from && bytes > limits.maxBytes) break;
      to++;
    }
    const endOffset = to < total ? offsetAt(records, to) : batch.lastOffset + 1;
    yield toRecordBatch(batch, records.slice(from, to), endOffset);
    from = to;
  } while (from < total);
}

function offsetAt(records: readonly FetchedRecord[], index: number): number {
  return Number(records[index]?.offset);
}

function toRecordBatch(
  { topic, partition, highWatermark }: FetchedBatch,
  records: readonly FetchedRecord[],
  endOffset: number,
): RecordBatch {
  const last = records.at(-1);
  return {
    topic,
    partition,
    values: records.map(({ value }) => value),
    offsets: Float64Array.from(records, ({ offset }) => Number(offset)),
    appendTimesMs: Float64Array.from(records, ({ timestamp }) => Number(timestamp)),
    headers: records.some(hasHeaders) ? records.map(({ headers }) => headers) : null,
    endOffset,
    fingerprint: last === undefined ? "" : kafkaFingerprint(last),
    highWatermark,
  };
}

function hasHeaders({ headers }: FetchedRecord): boolean {
  return headers !== undefined && Object.keys(headers).length > 0;
}

/** Tells a record from another that has the same offset in a topic of the same name, created anew. */
export function kafkaFingerprint({ offset, timestamp, value }: FetchedRecord): string {
  const content = value === null ? "null" : `${value.length}-${crc32(value).toString(16)}`;
  return `${offset}:${timestamp}:${content}`;
}

import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { RecordBatch } from "../../src/source/source.ts";

const BATCH_RECORDS = 1_000;

/** The lines of a file, as a source hands them over. */
export async function readBatches(path: string): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = [];
  let values: Uint8Array[] = [];
  let offset = 0;
  const cut = (): void => {
    if (values.length === 0) return;
    batches.push(batchOf(values, offset));
    offset += values.length;
    values = [];
  };
  for await (const line of createInterface({ input: createReadStream(path) })) {
    values.push(Buffer.from(line));
    if (values.length === BATCH_RECORDS) cut();
  }
  cut();
  return batches;
}

function batchOf(values: readonly Uint8Array[], offset: number): RecordBatch {
  return {
    topic: "bench",
    partition: 0,
    values,
    offsets: Float64Array.from(values, (_, index) => offset + index),
    appendTimesMs: new Float64Array(values.length).fill(NaN),
    headers: null,
    endOffset: offset + values.length,
    fingerprint: "",
    highWatermark: -1,
  };
}

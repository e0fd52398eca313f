import { pipelineFrom } from "../../src/config/load.ts";
import { createDecoder } from "../../src/decode/create-decoder.ts";
import type { DecodeTally } from "../../src/decode/decoder.ts";
import { Dictionaries, EventBatch } from "../../src/decode/event-batch.ts";
import { DIMENSIONS, type RejectedEvent } from "../../src/decode/usage-event.ts";
import type { RecordBatch } from "../../src/source/source.ts";

export type PipelineInput = Partial<Parameters<typeof pipelineFrom>[0]>;

/** A decoded row as an object: dimensions by name, `labelN` for labels, counts by their short names. */
export type Row = Record<string, unknown>;

export interface Decoded {
  readonly rows: readonly Row[];
  readonly rejected: readonly RejectedEvent[];
  readonly tally: DecodeTally;
  readonly batch: EventBatch;
}

export const NOW_MS = Date.parse("2026-11-21T12:00:00Z");

export interface DecodeOptions {
  readonly pipeline?: PipelineInput;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly appendMs?: number;
  /** True length of each record, where the source cut some. */
  readonly sizes?: readonly number[];
}

/** Sends values through a fresh decoder. A string or bytes go as they are, null is a tombstone, anything else goes as JSON. */
export function decode(values: readonly unknown[], options: DecodeOptions = {}): Decoded {
  const dictionaries = new Dictionaries();
  const pipeline = pipelineFrom({ name: "test", format: "canonical-json", ...options.pipeline });
  const batch = new EventBatch(dictionaries, 2);
  const rejected: RejectedEvent[] = [];
  const decoder = createDecoder(pipeline, dictionaries);
  const records = recordsOf(values, options);
  const range = { from: 0, to: values.length, nowMs: NOW_MS };
  const tally = decoder.decode(records, range, batch, rejected);
  const rows = Array.from({ length: batch.length }, (_, row) => rowOf(batch, row));
  return { rows, rejected, tally, batch };
}

export function recordsOf(
  values: readonly unknown[],
  { headers, appendMs, sizes }: DecodeOptions = {},
): RecordBatch {
  return {
    topic: "t",
    partition: 0,
    values: values.map(bytesOf),
    offsets: Float64Array.from(values, (_, index) => index),
    appendTimesMs: new Float64Array(values.length).fill(appendMs ?? NaN),
    headers: headers === undefined ? null : values.map(() => headers),
    endOffset: values.length,
    fingerprint: "",
    highWatermark: -1,
    ...(sizes === undefined ? {} : { sizes: Float64Array.from(sizes) }),
  };
}

function bytesOf(value: unknown): Uint8Array | null {
  if (value === null || value instanceof Uint8Array) return value;
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
}

function rowOf(batch: EventBatch, row: number): Row {
  const { dictionaries } = batch;
  const dimensions = DIMENSIONS.map((name, dim): [string, string] => {
    const id = batch.dims[row * DIMENSIONS.length + dim]!;
    return [name, dictionaries.dimensions[dim]!.value(id)];
  });
  const session = batch.session[row]!;
  return {
    ...Object.fromEntries(dimensions),
    session: session < 0 ? null : dictionaries.session.value(session),
    timeMs: batch.timeMs[row],
    requests: batch.requests[row],
    errors: batch.errors[row],
    input: batch.uncachedInput[row],
    read: batch.cacheRead[row],
    write5m: batch.cacheWrite5m[row],
    write1h: batch.cacheWrite1h[row],
    output: batch.output[row],
    reasoning: batch.reasoning[row],
    reportedNanos: batch.reportedNanos[row],
    id: batch.hasId[row] === 1 ? `${batch.idHigh[row]}:${batch.idLow[row]}` : null,
    record: batch.record[row],
    event: batch.event[row],
  };
}

import type { Dictionaries } from "../decode/event-batch.ts";
import { DIMENSIONS, MAX_LABELS } from "../decode/usage-event.ts";
import { COUNTERS, PANE_KEY_LENGTH, type CheckpointStep, type PaneTable } from "../reduce/pane.ts";
import { REJECTED_COLUMNS, rejectedRows } from "./rejected-rows.ts";
import { RowBinaryWriter, encodeString, encodeUuid } from "./row-binary.ts";
import { FRONT, KIND, type Column, type StagedRows } from "./staged-rows.ts";
import type { CommitBatch } from "./store.ts";

const MAX_ROWS = 100_000;
const MAX_BYTES = 64 << 20;
/** DateTime ends in the year 2106. */
const LAST_MINUTE = Math.floor((2 ** 32 - 1) / 60);
const PLAIN_DIMENSIONS = DIMENSIONS.length - MAX_LABELS;
const MONEY = new Set<string>(["cost_nanos", "max_event_cost_nanos"]);

const DELTA_COLUMNS: readonly Column[] = [
  ...FRONT,
  ["minute", "DateTime('UTC')"],
  ...DIMENSIONS.slice(0, PLAIN_DIMENSIONS).map((name): Column => [name, "LowCardinality(String)"]),
  ["labels", "Map(LowCardinality(String), String)"],
  ["price_version", "LowCardinality(String)"],
  ...COUNTERS.map((name): Column => {
    if (MONEY.has(name)) return [name.replace("_nanos", "_usd"), "Decimal(18, 9)"];
    return [name, name === "cost_usd_squared" ? "Float64" : "UInt64"];
  }),
  ["top_session", "String"],
  ["top_session_cost_usd", "Decimal(18, 9)"],
];
const IS_DOUBLE = COUNTERS.map((name) => name === "cost_usd_squared");
const STEP_COLUMNS: readonly Column[] = [
  ...FRONT,
  ["topic", "LowCardinality(String)"],
  ["part", "UInt32"],
  ["incarnation", "UInt32"],
  ["first_offset", "Int64"],
  ["end_offset", "Int64"],
  ["watermark_ms", "Int64"],
  ["max_event_ms", "Int64"],
  ["tail_offset", "Int64"],
  ["tail_progress_ms", "Int64"],
  ["fingerprint", "String"],
  ["records", "UInt64"],
  ["accepted", "UInt64"],
  ["rejected", "UInt64"],
  ["duplicates", "UInt64"],
  ["ignored", "UInt64"],
];

/** Columns that `usage` takes over from its stage, in one order. */
export const STAGED_COLUMNS = [
  "kind",
  ...DELTA_COLUMNS.slice(FRONT.length).map(([name]) => name),
  ...STEP_COLUMNS.slice(FRONT.length).map(([name]) => name),
  ...REJECTED_COLUMNS.map(([name]) => name),
] as const;

/** Encodes batches for the stage. Keeps each dictionary string in its encoded form for as long as its id lives. */
export class PaneRowEncoder {
  #dictionaries: Dictionaries | null = null;
  #epoch = -1;
  #names: (Uint8Array | undefined)[][] = [];

  /** All rows of the batch under `attempt`. Throws RangeError on what ClickHouse would store as something else. */
  encode(batch: CommitBatch, attempt: string): StagedRows[] {
    const front = encodeUuid(attempt);
    const { steps, panes, rejected = [] } = batch;
    return [
      stepRows(steps, front),
      ...this.#paneRows(panes, front),
      ...rejectedRows(rejected, attempt),
    ];
  }

  *#paneRows(panes: PaneTable, front: Uint8Array): Iterable<StagedRows> {
    this.#forgetOldNames(panes.dictionaries);
    const versions = panes.priceVersions.map(encodeString);
    const labelNames = panes.labelNames.map(encodeString);
    for (let row = 0; row < panes.rows;) {
      const writer = new RowBinaryWriter();
      writer.header(DELTA_COLUMNS);
      const from = row;
      for (; row < panes.rows && row - from < MAX_ROWS && writer.size < MAX_BYTES; row++) {
        writer.raw(front);
        writer.u8(KIND.delta);
        this.#writeKey(writer, panes, row, labelNames);
        writer.raw(at(versions, panes.keys[(row + 1) * PANE_KEY_LENGTH - 1]));
        writeCounters(writer, panes.counters, row * COUNTERS.length);
        writeTopSession(writer, panes, row);
      }
      yield {
        columns: DELTA_COLUMNS.map(([name]) => name),
        data: writer.finish(),
        rows: row - from,
      };
    }
  }

  #writeKey(
    writer: RowBinaryWriter,
    panes: PaneTable,
    row: number,
    labelNames: readonly Uint8Array[],
  ): void {
    const { keys } = panes;
    const key = row * PANE_KEY_LENGTH;
    const minute = keys[key] ?? -1;
    if (minute < 0 || minute > LAST_MINUTE) {
      throw new RangeError(`minute ${minute} is outside of what ClickHouse's DateTime holds`);
    }
    writer.u32(minute * 60);
    for (let dimension = 0; dimension < PLAIN_DIMENSIONS; dimension++) {
      writer.raw(this.#name(dimension, keys[key + 1 + dimension] ?? -1));
    }
    writer.varint(labelNames.length);
    for (let label = 0; label < labelNames.length; label++) {
      const dimension = PLAIN_DIMENSIONS + label;
      writer.raw(at(labelNames, label));
      writer.raw(this.#name(dimension, keys[key + 1 + dimension] ?? -1));
    }
  }

  #name(dimension: number, id: number): Uint8Array {
    const names = at(this.#names, dimension);
    let name = names[id];
    if (name === undefined) {
      const dictionary = this.#dictionaries?.dimensions[dimension];
      if (dictionary === undefined) throw new RangeError(`no dictionary ${dimension}`);
      name = encodeString(dictionary.value(id));
      names[id] = name;
    }
    return name;
  }

  #forgetOldNames(dictionaries: Dictionaries): void {
    if (this.#dictionaries === dictionaries && this.#epoch === dictionaries.epoch) return;
    this.#dictionaries = dictionaries;
    this.#epoch = dictionaries.epoch;
    this.#names = DIMENSIONS.map(() => []);
  }
}

function writeCounters(writer: RowBinaryWriter, counters: Float64Array, from: number): void {
  for (let index = 0; index < COUNTERS.length; index++) {
    const value = counters[from + index] ?? Number.NaN;
    if (IS_DOUBLE[index] === true) writer.f64(value);
    else writer.u64(value);
  }
}

/** Sessions are many and short-lived: their encoded names are not kept. */
function writeTopSession(
  writer: RowBinaryWriter,
  { topSessions, dictionaries }: PaneTable,
  row: number,
): void {
  const id = topSessions?.ids[row] ?? -1;
  writer.string(id < 0 ? "" : dictionaries.session.value(id));
  writer.u64(topSessions?.costNanos[row] ?? 0);
}

function stepRows(steps: readonly CheckpointStep[], front: Uint8Array): StagedRows {
  const writer = new RowBinaryWriter();
  writer.header(STEP_COLUMNS);
  let rows = 0;
  for (const step of steps) {
    const { expectedEnd, firstOffset } = step;
    // Offsets that were lost before we could read them stay visible, and the chain of offsets stays whole.
    if (expectedEnd !== null && firstOffset > expectedEnd) {
      const counts = { records: 0, accepted: 0, rejected: 0, duplicates: 0, ignored: 0 };
      writeStep(writer, front, KIND.gap, {
        ...step,
        firstOffset: expectedEnd,
        endOffset: firstOffset,
        counts,
      });
      rows++;
    }
    writeStep(writer, front, KIND.ckpt, step);
    rows++;
  }
  return { columns: STEP_COLUMNS.map(([name]) => name), data: writer.finish(), rows };
}

function writeStep(
  writer: RowBinaryWriter,
  front: Uint8Array,
  kind: number,
  step: CheckpointStep,
): void {
  writer.raw(front);
  writer.u8(kind);
  writer.string(step.topic);
  writer.u32(step.partition);
  writer.u32(step.incarnation);
  writer.i64(step.firstOffset);
  writer.i64(step.endOffset);
  writer.i64(step.watermarkMs);
  writer.i64(step.maxEventMs);
  writer.i64(step.tailOffset);
  writer.i64(step.tailProgressMs);
  writer.string(step.fingerprint);
  writer.u64(step.counts.records);
  writer.u64(step.counts.accepted);
  writer.u64(step.counts.rejected);
  writer.u64(step.counts.duplicates);
  writer.u64(step.counts.ignored);
}

function at<T>(list: readonly T[], index: number | undefined): T {
  const value = index === undefined ? undefined : list[index];
  if (value === undefined) throw new RangeError(`no entry ${index ?? "?"}`);
  return value;
}

import fc from "fast-check";
import type { IngestWorker } from "../../src/workers/ingest-worker.ts";
import { Life } from "../support/life.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MemoryPaneStore, MemoryTables, type Fault } from "../support/memory-pane-store.ts";
import { ABORT, EOF, MemoryLog, REVOKE, type Item } from "../support/memory-log.ts";
import { MemorySource } from "../support/memory-source.ts";
import { anEvent, anIngestWorker, type PipelineInput } from "../support/pipeline-builder.ts";

/** New in each run and part of the tests' names: SPIKEWATCH_TEST_SEED draws the same again. */
export const SEED = Number(process.env["SPIKEWATCH_TEST_SEED"] ?? Date.now() & 0x7fffffff);

/** A run that finds something looks for the smallest example of it until then. */
export const WITHIN = { interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true };

/** How the work is cut: nothing of it may show in what is stored. */
export interface Cut {
  readonly batchRecords: number;
  readonly maxRows: number;
  /** Which partition is read next, as numbers taken modulo how many can be. */
  readonly order: readonly number[];
}

export interface Process {
  readonly worker: IngestWorker;
  readonly source: MemorySource;
  readonly clock: ManualClock;
  readonly life: Life;
}

export const STRAIGHT: Cut = { batchRecords: 1_000, maxRows: 1_000, order: [0] };

/** Starts a worker on the log and the tables that others may share. */
export async function startProcess(options: {
  readonly log: MemoryLog;
  readonly tables: MemoryTables;
  readonly writer: string;
  readonly cut: Cut;
  readonly partitions?: readonly number[];
  readonly faults?: readonly (Fault | null)[];
}): Promise<Process> {
  const { log, tables, writer, cut, partitions, faults = [] } = options;
  const life = new Life();
  const clock = new ManualClock();
  const store = new MemoryPaneStore({ tables, writer, life });
  store.faults.push(...faults);
  let turn = 0;
  const source = new MemorySource({
    log,
    life,
    clock,
    batchRecords: cut.batchRecords,
    choose: (count) => (cut.order[turn++ % cut.order.length] ?? 0) % Math.max(1, count),
    ...(partitions === undefined ? {} : { partitions }),
  });
  const pipeline: PipelineInput = { dedupe: { window: "10m" }, flush: { max_rows: cut.maxRows } };
  const { worker } = anIngestWorker({ source, store, clock, pipeline });
  await worker.start();
  return { worker, source, clock, life };
}

/** Reads a closed log to its end, with as many processes as it takes; gives how many died on the way. */
export async function readToEnd(
  log: MemoryLog,
  tables: MemoryTables,
  cut: Cut = STRAIGHT,
  faults: readonly (readonly (Fault | null)[])[] = [],
): Promise<number> {
  for (let deaths = 0; ; deaths++) {
    const { worker, life } = await startProcess({
      log,
      tables,
      cut,
      writer: `writer-${deaths}`,
      faults: faults[deaths] ?? [],
    });
    await Promise.race([worker.done, life.over]);
    if (life.isOver) continue;
    await worker.stop();
    return deaths;
  }
}

/** What one process stores that meets no trouble. */
export async function straightRun(items: readonly PlacedItem[]): Promise<MemoryTables> {
  const tables = new MemoryTables();
  await readToEnd(logOf(items), tables);
  return tables;
}

export const PARTITIONS = 3;

/** A record, where it is, and what happens right before it is read. */
export interface PlacedItem {
  readonly partition: number;
  readonly item: Item;
  readonly before: "abort" | "revoke" | null;
}

/** The records on a closed log; with the marks, where `marked`. */
export function logOf(items: readonly PlacedItem[], marked = false): MemoryLog {
  const log = new MemoryLog({ partitions: PARTITIONS });
  for (const { partition, item, before } of items) {
    if (marked && before === "abort") log.write([ABORT()], partition);
    if (marked && before === "revoke") log.write([REVOKE()], partition);
    log.write([item], partition);
  }
  for (let one = 0; one < PARTITIONS; one++) log.write([EOF()], one);
  return log;
}

const START = Date.UTC(2026, 9, 30, 12);

/** Everything a topic may hold. Ids repeat within a partition, as a producer's retries do, within the dedupe window and beyond it. */
export const anyItems = (maxLength: number): fc.Arbitrary<PlacedItem[]> =>
  fc.array(
    fc
      .record({
        partition: fc.nat({ max: PARTITIONS - 1 }),
        minutes: fc.integer({ min: 0, max: 40 }),
        id: fc.option(fc.nat({ max: 8 })),
        user: fc.nat({ max: 3 }),
        tokens: fc.nat({ max: 100_000 }),
        model: fc.constantFrom("small", "big", "unheard-of"),
        shape: fc.constantFrom("event", "event", "event", "event", "two", "bad", "dear", "nothing"),
        before: fc.constantFrom("abort", "revoke", null, null, null, null, null, null),
      })
      .map(({ partition, before, shape, ...spec }): PlacedItem => {
        const event = anEvent({
          time: START + spec.minutes * 60_000,
          user: `u${spec.user}`,
          model: spec.model,
          uncached_input_tokens: spec.tokens,
          ...(spec.id === null ? {} : { id: `p${partition}-${spec.id}` }),
        });
        const dear = { ...event, model: "absurd", uncached_input_tokens: 1e9 };
        const items: Readonly<Record<string, Item>> = {
          two: [event, { ...event, user: "other", id: undefined }],
          bad: `{"time": ${spec.tokens}, "output_tokens": -1}`,
          dear,
          nothing: null,
        };
        return { partition, before: before, item: items[shape] ?? event };
      }),
    { maxLength, size: "max" },
  );

export const anyCut: fc.Arbitrary<Cut> = fc.record({
  batchRecords: fc.integer({ min: 1, max: 5 }),
  maxRows: fc.integer({ min: 1, max: 6 }),
  order: fc.array(fc.nat({ max: 10 }), { minLength: 1, maxLength: 10 }),
});

import type { IngestWorker } from "../../src/workers/ingest-worker.ts";
import type { Metrics } from "../../src/telemetry/metrics.ts";
import { Life } from "../support/life.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MemoryPaneStore, type MemoryTables } from "../support/memory-pane-store.ts";
import { MemoryLog, type Item } from "../support/memory-log.ts";
import { MemorySource } from "../support/memory-source.ts";
import { anIngestWorker, type IngestParts } from "../support/pipeline-builder.ts";

export interface SceneOptions extends Pick<
  IngestParts,
  "pipeline" | "logger" | "deadLetters" | "onStored"
> {
  readonly log?: MemoryLog;
  /** What an earlier process stored. */
  readonly tables?: MemoryTables;
  readonly writer?: string;
  readonly clock?: ManualClock;
  readonly batchRecords?: number;
}

/** One process that ingests: everything real but the log, the store and the time. */
export interface Scene {
  readonly worker: IngestWorker;
  readonly metrics: Metrics;
  readonly clock: ManualClock;
  readonly log: MemoryLog;
  readonly source: MemorySource;
  readonly store: MemoryPaneStore;
  readonly tables: MemoryTables;
  /** Appends to the first partition and lets the worker read it. */
  readonly feed: (...items: readonly Item[]) => Promise<void>;
  /** Lets the flush interval pass. */
  readonly flush: () => Promise<void>;
}

/** The events of one test lie within a minute; the flush interval is 2 s. */
export async function anIngest(options: SceneOptions = {}): Promise<Scene> {
  const {
    log = new MemoryLog(),
    clock = new ManualClock(),
    tables,
    writer,
    batchRecords = 100,
    ...rest
  } = options;
  const life = new Life();
  const store = new MemoryPaneStore({
    life,
    ...(tables === undefined ? {} : { tables }),
    ...(writer === undefined ? {} : { writer }),
  });
  const source = new MemorySource({ log, life, batchRecords });
  const { worker, metrics } = anIngestWorker({ ...rest, source, store, clock });
  await worker.start();
  await source.idle();
  const feed = async (...items: readonly Item[]): Promise<void> => {
    log.write(items);
    await source.idle();
  };
  const flush = (): Promise<void> => clock.advance(2_500);
  return { worker, metrics, clock, log, source, store, tables: store.tables, feed, flush };
}

import type { Pipeline } from "../config/pipeline.ts";
import type { Decoder } from "../decode/decoder.ts";
import type { Dictionaries } from "../decode/event-batch.ts";
import type { Pricer } from "../price/pricer.ts";
import type { PaneTable } from "../reduce/pane.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Source } from "../source/source.ts";
import type { PaneStore, RejectedRow } from "../store/store.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";

/** The parts of one ingest loop, in the order an event meets them. */
export interface IngestWorkerOptions {
  readonly pipeline: Pipeline;
  readonly source: Source;
  readonly decoder: Decoder;
  readonly pricer: Pricer;
  readonly dictionaries: Dictionaries;
  readonly store: PaneStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Where rejected events go as well, before the commit that keeps them. */
  readonly deadLetters?: DeadLetters;
  /** Told what a commit stored, right after the read-back; the views live until it returns. */
  readonly onStored?: (
    panes: PaneTable,
    progress: { watermarkMs: number; maxEventMs: number },
  ) => void;
}

/** Who else is told of rejected events. */
export interface DeadLetters {
  /** Throws AppError where that cannot be. */
  start(signal: AbortSignal): Promise<void>;
  /** Resolves when all are written, in as many tries as it takes; rejects when `signal` aborts. The same events may come again after a crash. */
  publish(rows: readonly RejectedRow[], signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

/** Where ingest stands, from memory. Times are epoch ms. */
export interface IngestProgress {
  /** Partitions assigned to this worker. */
  readonly partitions: number;
  /** Records between what was read and the end of the log; null where the source has no end to know. */
  readonly lagRecords: number | null;
  readonly lastFetchMs: number | null;
  readonly lastStoredMs: number | null;
  /** A commit has been under way for ten seconds. */
  readonly storing: boolean;
}

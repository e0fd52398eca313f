import type { Clock } from "../runtime/clock.ts";
import { AppError } from "../runtime/errors.ts";
import { retry } from "../runtime/retry.ts";
import { partitionKey, type Partition } from "../source/source.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { requireWholeChain } from "./chain-check.ts";
import { Claims, checkpointOf, readHeads, type CheckpointRecord } from "./claims.ts";
import { commit } from "./commit.ts";
import type { Connection } from "./connect.ts";
import { PaneRowEncoder } from "./pane-rows.ts";
import { STORE } from "./queries.ts";
import type { Checkpoint, CommitBatch, CommitOutcome, PaneStore } from "./store.ts";

const RETRY_BASE_MS = 50;
const RETRY_MAX_MS = 1_000;

export interface ClickHouseStoreOptions {
  readonly connection: Connection;
  /** UUID of this worker, new each time the process starts. */
  readonly writer: string;
  /** Real time: it decides how long to wait, and when a row arrived. */
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: Metrics;
}

/**
 * Panes and checkpoints in ClickHouse, exactly once: claim, stage, compare-and-swap, read back. The read-back alone decides, since an answer can be
 * lost after the rows have landed, and a good answer can come from something that stored nothing.
 */
export class ClickHouseStore implements PaneStore {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #metrics: Metrics | undefined;
  readonly #writer: string;
  readonly #claims: Claims;
  readonly #encoder = new PaneRowEncoder();

  constructor(options: ClickHouseStoreOptions) {
    this.#connection = options.connection;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#metrics = options.metrics;
    this.#writer = options.writer;
    this.#claims = new Claims(options);
  }

  async claim(
    partitions: readonly Partition[],
    signal?: AbortSignal,
  ): Promise<(Checkpoint | null)[]> {
    if (partitions.length === 0) return [];
    return this.#persist(async () => {
      await this.#claims.take(partitions);
      await requireWholeChain(this.#connection, partitions);
      const heads = await readHeads(this.#connection, partitions);
      return partitions.map((one) => heads.get(partitionKey(one))?.checkpoint ?? null);
    }, signal);
  }

  async append(batch: CommitBatch, signal?: AbortSignal): Promise<CommitOutcome> {
    requireCommittable(batch);
    return commit({
      connection: this.#connection,
      clock: this.#clock,
      writer: this.#writer,
      encoder: this.#encoder,
      batch,
      persist: (work) => this.#persist(work, signal),
      onRetry: () => this.#metrics?.commitRetries.inc(),
    });
  }

  async knownSources(
    prefix: string,
    signal?: AbortSignal,
  ): Promise<(Checkpoint & { readonly storedAtMs: number })[]> {
    const rows = await this.#persist(
      () =>
        this.#connection.rows<CheckpointRecord & { storedAtMs: string }>(STORE.knownSources, {
          params: { prefix },
        }),
      signal,
    );
    return rows
      .map((row) => ({ ...checkpointOf(row), storedAtMs: Number(row.storedAtMs) }))
      .sort((one, other) => other.storedAtMs - one.storedAtMs);
  }

  /**
   * Repeats `work` while ClickHouse is in trouble, until `signal` aborts; an attempt that waits for an answer then is left alone, since what it does
   * is found out at the next claim. Says so once, not at each attempt.
   */
  async #persist<T>(work: (attempt: number) => Promise<T>, signal?: AbortSignal): Promise<T> {
    let said = "";
    const trying = retry(work, {
      clock: this.#clock,
      baseMs: RETRY_BASE_MS,
      maxMs: RETRY_MAX_MS,
      ...(signal === undefined ? {} : { signal }),
      onRetry: (error) => {
        if (error.message !== said)
          this.#logger.warn({ error: error.message }, "store in trouble; trying again");
        said = error.message;
      },
    });
    const result = await untilAborted(trying, signal);
    if (said !== "") this.#logger.info("store works again");
    return result;
  }
}

/** The outcome of `work`, or `store_unavailable` as soon as `signal` aborts. */
async function untilAborted<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return work;
  let giveUp: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    giveUp = (): void =>
      reject(
        new AppError("gave up waiting for the store", {
          code: "store_unavailable",
          retryable: true,
        }),
      );
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

/** Our own mistakes, which would break the chain of offsets if they were stored. */
function requireCommittable({ panes, steps, rejected = [] }: CommitBatch): void {
  const keys = new Set(steps.map(partitionKey));
  const wrong = steps.find(
    (step) =>
      step.endOffset < step.firstOffset ||
      (step.expectedEnd !== null && step.firstOffset < step.expectedEnd),
  );
  const stands = steps.every((step) => step.endOffset === (step.expectedEnd ?? step.firstOffset));
  if (steps.length === 0 || keys.size !== steps.length || wrong !== undefined) {
    throw new AppError(
      `a batch needs one step forward per partition, not ${JSON.stringify(wrong ?? [...keys])}`,
      { code: "internal" },
    );
  }
  if (panes.rows + rejected.length > 0 && stands) {
    throw new AppError("a batch with panes or rejected events must move a checkpoint", {
      code: "internal",
    });
  }
}

import type { Clock } from "../runtime/clock.ts";
import { messageOf } from "../runtime/errors.ts";
import type { Service } from "../runtime/service.ts";
import type { Folder } from "../store/folder.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";

const EVERY_MS = 3_600_000;

export interface FoldWorkerOptions {
  readonly folder: Pick<Folder, "due" | "fold" | "size">;
  /** A week is folded when it is over by this much. */
  readonly afterMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly everyMs?: number;
  /** Spreads the rounds of several processes, 0 to 1. */
  readonly random?: () => number;
}

/**
 * Looks every hour for weeks to fold and folds them one after the other, beside everything else and in nobody's way: what goes wrong is a warning, a
 * metric and another try in the next round.
 */
export class FoldWorker implements Service {
  readonly name = "folding";
  readonly #options: FoldWorkerOptions;
  readonly #stopping = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(options: FoldWorkerOptions) {
    this.#options = options;
  }

  start(): Promise<void> {
    this.#loop = this.#run();
    return Promise.resolve();
  }

  /** Breaks a fold off: it may be broken off anywhere. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { clock, everyMs = EVERY_MS, random = Math.random } = this.#options;
    const { signal } = this.#stopping;
    const stopping = (): boolean => signal.aborted;
    // Not while everything else starts, and not all processes at once.
    await clock.sleep(everyMs * 0.1 * random(), signal);
    while (!stopping()) {
      await this.#round().catch((error: unknown) => this.#failed(error));
      await clock.sleep(everyMs * (0.9 + 0.2 * random()), signal);
    }
  }

  async #round(): Promise<void> {
    const { folder, clock, metrics, afterMs } = this.#options;
    const { signal } = this.#stopping;
    for (const week of await folder.due(clock.now() - afterMs, signal)) {
      if (signal.aborted) return;
      await this.#fold(week);
    }
    const { parts, rows, bytes } = await folder.size();
    metrics.usageParts.set(parts);
    metrics.usageRows.set(rows);
    metrics.usageBytes.set(bytes);
    metrics.foldLastSeconds.set(clock.now() / 1000);
  }

  async #fold(week: string): Promise<void> {
    const { folder, clock, logger, metrics } = this.#options;
    const startedMs = clock.now();
    const outcome = await folder.fold(week, this.#stopping.signal);
    if (outcome.kind === "overtaken") {
      logger.info({ week }, "a week changed while it was folded; trying again later");
      return;
    }
    const { rowsBefore, rowsAfter } = outcome;
    metrics.foldRowsBefore.inc(rowsBefore);
    metrics.foldRowsAfter.inc(rowsAfter);
    logger.info({ week, rowsBefore, rowsAfter, ms: clock.now() - startedMs }, "folded a week");
  }

  #failed(error: unknown): void {
    if (this.#stopping.signal.aborted) return;
    const { logger, metrics } = this.#options;
    metrics.foldFailures.inc();
    logger.warn({ error: messageOf(error) }, "old panes are not folded; trying again later");
  }
}

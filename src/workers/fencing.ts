import type { Clock } from "../runtime/clock.ts";
import type { Checkpoint } from "../store/store.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";

const MAX_PAUSE_MS = 10_000;

export interface FencingOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Time between two flushes. */
  readonly everyMs: number;
  /** Nothing is resumed after this. */
  readonly signal: AbortSignal;
  /** Reads again from the stored checkpoints, after a pause. */
  readonly resume: () => void;
  readonly random?: () => number;
}

/**
 * What a worker does when its commit came second. Once is a takeover: it reads again at once. Several times in a row means that somebody else works on
 * the same partitions and both take them from one another before either has stored anything, for ever: so the one who loses waits, at random and each
 * time longer, and the other one gets on.
 */
export class Fencing {
  readonly #options: FencingOptions;
  #inARow = 0;

  constructor(options: FencingOptions) {
    this.#options = options;
  }

  stored(): void {
    this.#inARow = 0;
  }

  /** True: read again now. False: `resume` is called later. */
  superseded(by: readonly Checkpoint[]): boolean {
    const { logger, metrics, clock, signal, resume } = this.#options;
    metrics.commitSuperseded.inc();
    const pauseMs = this.#pauseMs();
    logger.warn(
      { by: by.map(({ writer }) => writer), pauseMs },
      "another writer moved the checkpoint; reading again from there",
    );
    if (pauseMs === 0) return true;
    void clock.sleep(pauseMs, signal).then(() => {
      if (!signal.aborted) resume();
    });
    return false;
  }

  #pauseMs(): number {
    const { everyMs, random = Math.random } = this.#options;
    const before = this.#inARow++;
    if (before === 0) return 0;
    const most = Math.min(MAX_PAUSE_MS, everyMs * 2 ** Math.min(before, 20));
    return Math.ceil(most * random());
  }
}

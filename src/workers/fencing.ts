import type { Clock } from "../runtime/clock.ts";
import type { Checkpoint } from "../store/store.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";

/** Who came second twice within this time, without a rebalance between, shares the partitions with somebody. */
const MEMORY_MS = 120_000;
/**
 * The shortest turn that the other one is left. To get from a claim to a stored commit takes seconds: the tail of the dedupe window is read again
 * first. Who claims again within that time undoes the other one's work, and then neither stores anything.
 */
const LEAST_TURN_MS = 10_000;
/** A turn of slow flushes holds several of them. */
const FLUSHES_A_TURN = 4;

export interface FencingOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Time between two flushes. */
  readonly everyMs: number;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

/**
 * What a worker does when its commit came second. Once is a takeover: it reads again at once, and a rebalance tells it soon what is still its own.
 * Again soon after means that somebody works on the same partitions who is not of its group, such as a second deployment: then each leaves the other
 * one a turn before it claims. So one of the two works at any time, and neither starves.
 */
export class Fencing {
  readonly #options: FencingOptions;
  #lastMs = -Infinity;

  constructor(options: FencingOptions) {
    this.#options = options;
  }

  /** The group shared out its partitions anew: what came before was among its members. */
  rebalanced(): void {
    this.#lastMs = -Infinity;
  }

  /** Our commit came second. How long to wait before the partitions are claimed again, in ms; at random from one to two turns, so that two who wait do not meet. */
  superseded(by: readonly Checkpoint[]): number {
    const { logger, metrics, clock, everyMs, random = Math.random } = this.#options;
    metrics.commitSuperseded.inc();
    const nowMs = clock.now();
    const isContended = nowMs - this.#lastMs < MEMORY_MS;
    this.#lastMs = nowMs;
    const turnMs = Math.max(LEAST_TURN_MS, FLUSHES_A_TURN * everyMs);
    const pauseMs = isContended ? Math.ceil(turnMs * (1 + random())) : 0;
    logger.warn(
      { by: by.map(({ writer }) => writer), pauseMs },
      "another writer moved the checkpoint; reading again from there",
    );
    return pauseMs;
  }
}

import type { Clock } from "../runtime/clock.ts";
import { messageOf } from "../runtime/errors.ts";
import { partitionKey } from "../source/source.ts";
import type { SeenPosition, Tail } from "../store/rows.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { LogEnds } from "./tail-watermark.ts";

const POLL_MS = 500;
/** A backlog that nobody has read any of for this long is not waited for: whoever reads it is down, and what others still store must be watched. */
const STALLED_MS = 60_000;

export interface BacklogOptions {
  readonly newTail: () => Tail;
  readonly logEnds: () => Promise<LogEnds>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * What the topics held when this process began, and of which part is not counted yet. Partitions of a backlog are read at different speeds, so who learns
 * meanwhile takes a part for the normal and the rest for a spike: the past is learnt when it is whole.
 */
export class Backlog {
  readonly #options: BacklogOptions;
  #ends: LogEnds | null = null;
  #records = 0;

  constructor(options: BacklogOptions) {
    this.#options = options;
  }

  /** Records not counted yet, as far as is known; 0: nothing is waited for. */
  get records(): number {
    return this.#records;
  }

  /** Resolves when it is counted, when it stands still, or when `signal` aborts. Throws what the store throws, and may be called again. */
  async counted(signal: AbortSignal): Promise<void> {
    const { clock, logger, newTail } = this.#options;
    const tail = newTail();
    let movedMs = clock.now();
    let before = -1;
    while (!signal.aborted) {
      await this.#ask();
      await tail.begin();
      const { records, partitions } = this.#behind(tail.positions);
      const waited = this.#records > 0;
      this.#records = records;
      if (records === 0) {
        if (waited) logger.info("the backlog is counted");
        this.#forget();
        return;
      }
      if (!waited) logger.info({ records, partitions }, "learns when the backlog is counted");
      if (records !== before) movedMs = clock.now();
      before = records;
      if (tail.positions.length > 0 && clock.now() - movedMs >= STALLED_MS) {
        logger.warn({ records, partitions }, "nobody reads the backlog; watches without it");
        this.#forget();
        return;
      }
      await clock.sleep(POLL_MS, signal);
    }
  }

  /** Who learns anew later has another backlog. */
  #forget(): void {
    this.#ends = null;
    this.#records = 0;
  }

  /** The ends count that the broker tells first: what comes later is no backlog. A broker that tells nothing is not waited for. */
  async #ask(): Promise<void> {
    if (this.#ends !== null) return;
    const { logEnds, logger } = this.#options;
    try {
      this.#ends = await logEnds();
    } catch (error) {
      logger.warn({ reason: messageOf(error) }, "the broker does not tell how far the logs go");
      this.#ends = new Map();
    }
  }

  #behind(positions: readonly SeenPosition[]): { records: number; partitions: number } {
    const seen = new Map(positions.map((one) => [partitionKey(one), one.endOffset]));
    let records = 0;
    let partitions = 0;
    for (const [key, { low, high }] of this.#ends ?? []) {
      const left = high - Math.max(low, seen.get(key) ?? 0);
      if (left <= 0) continue;
      records += left;
      partitions++;
    }
    return { records, partitions };
  }
}

/**
 * Event-time progress of one worker. A partition's watermark is its largest accepted event time minus the allowed lateness; the worker's
 * is the smallest over its partitions that are not idle, so that one slow partition does not make the others' events late. It never
 * runs backwards. When every partition has been idle, it follows the wall clock at the same distance, so that windows
 * still close and incidents still resolve when a feed falls silent.
 */
export class Watermark {
  readonly #latenessMs: number;
  readonly #idleAfterMs: number;
  readonly #partitions = new Map<number, { maxEventMs: number; lastSeenMs: number }>();
  #currentMs = -1;

  constructor(options: { latenessMs: number; idleAfterMs: number }) {
    this.#latenessMs = options.latenessMs;
    this.#idleAfterMs = options.idleAfterMs;
  }

  /** A partition gave events up to `maxEventMs` (−1: records, but no event yet). `nowMs` is processing time. */
  observe(partition: number, maxEventMs: number, nowMs: number): void {
    const known = this.#partitions.get(partition);
    if (known === undefined) {
      this.#partitions.set(partition, { maxEventMs, lastSeenMs: nowMs });
      return;
    }
    known.maxEventMs = Math.max(known.maxEventMs, maxEventMs);
    known.lastSeenMs = nowMs;
  }

  /** The worker held the source back for `durationMs`: that silence is not idleness. Nor is any silence of `waiting` partitions, whose log holds more. */
  heldBack(durationMs: number, waiting: ReadonlySet<number> = new Set()): void {
    let newestMs = 0;
    for (const one of this.#partitions.values()) {
      one.lastSeenMs += durationMs;
      newestMs = Math.max(newestMs, one.lastSeenMs);
    }
    for (const [index, one] of this.#partitions) if (waiting.has(index)) one.lastSeenMs = newestMs;
  }

  forget(partition: number): void {
    this.#partitions.delete(partition);
  }

  /** Of one partition, -1 before its first event. */
  ofPartition(partition: number): number {
    const maxEventMs = this.#partitions.get(partition)?.maxEventMs ?? -1;
    return maxEventMs < 0 ? -1 : maxEventMs - this.#latenessMs;
  }

  /**
   * The worker's watermark at processing time `nowMs`, -1 before the first event. `caughtUp`: nothing waits to be read, so silence
   * means that time passes; while a backlog waits, it means only that reading has paused.
   */
  current(nowMs: number, caughtUp = true): number {
    let lowest = Infinity;
    let highest = -1;
    for (const { maxEventMs, lastSeenMs } of this.#partitions.values()) {
      if (maxEventMs < 0) continue;
      highest = Math.max(highest, maxEventMs);
      if (nowMs - lastSeenMs < this.#idleAfterMs) lowest = Math.min(lowest, maxEventMs);
    }
    if (highest < 0) return this.#currentMs;
    const silent = caughtUp ? Math.max(highest, nowMs - this.#idleAfterMs) : highest;
    const progress = lowest === Infinity ? silent : lowest;
    this.#currentMs = Math.max(this.#currentMs, progress - this.#latenessMs);
    return this.#currentMs;
  }
}

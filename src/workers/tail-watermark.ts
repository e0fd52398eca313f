import { Watermark } from "../reduce/watermark.ts";
import { partitionKey } from "../source/source.ts";
import type { SeenPosition } from "../store/rows.ts";

/** First and end offset of the partitions' logs, by partition key. */
export type LogEnds = ReadonlyMap<string, { readonly low: number; readonly high: number }>;

/** What the broker said counts for this long. Beyond, nobody knows whether records wait. */
const ENDS_COUNT_MS = 20_000;

/**
 * Event-time progress of what is stored, for a detector that follows it. A partition that has stored nothing for a while is idle only where the broker
 * holds nothing beyond its checkpoint: records that wait mean that its worker is down or behind, and then time has not passed.
 */
export class TailWatermark {
  readonly #watermark: Watermark;
  /** By partition key: the watermark's number for it, and where it stands. */
  readonly #partitions = new Map<string, { readonly index: number; position: SeenPosition }>();
  #ends: LogEnds = new Map();
  #endsAtMs: number;

  /** `nowMs`: the broker is expected to be asked from now on. */
  constructor(options: { latenessMs: number; idleAfterMs: number; nowMs: number }) {
    this.#watermark = new Watermark(options);
    this.#endsAtMs = options.nowMs;
  }

  /** Where the tail stands at processing time `nowMs`. What stood still before we looked has been idle since it was stored. */
  saw(positions: readonly SeenPosition[], nowMs: number): void {
    for (const position of positions) {
      const key = partitionKey(position);
      const known = this.#partitions.get(key);
      if (known === undefined) {
        const index = this.#partitions.size;
        this.#partitions.set(key, { index, position });
        const lastMs = Math.min(nowMs, position.arrivedMs);
        this.#watermark.observe(index, position.maxEventMs, lastMs);
      } else if (!isSame(known.position, position)) {
        known.position = position;
        this.#watermark.observe(known.index, position.maxEventMs, nowMs);
      }
    }
  }

  /** What the broker holds, as it said at processing time `nowMs`. */
  heard(ends: LogEnds, nowMs: number): void {
    this.#ends = ends;
    this.#endsAtMs = nowMs;
  }

  /** -1 before the first event. */
  current(nowMs: number): number {
    const known = nowMs - this.#endsAtMs < ENDS_COUNT_MS;
    let caughtUp = known;
    for (const [key, { low, high }] of this.#ends) {
      const partition = this.#partitions.get(key);
      const behind = Math.max(low, partition?.position.endOffset ?? 0) < high;
      if (known && !behind) continue;
      caughtUp = false;
      if (partition === undefined) continue;
      this.#watermark.observe(partition.index, partition.position.maxEventMs, nowMs);
    }
    return this.#watermark.current(nowMs, caughtUp);
  }
}

function isSame(one: SeenPosition, other: SeenPosition): boolean {
  return one.endOffset === other.endOffset && one.incarnation === other.incarnation;
}

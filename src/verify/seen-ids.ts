/** What the sight of an id means for its event. */
export type Sight =
  /** It counts. */
  | "new"
  /** Its partition showed the id within the window: it does not count. */
  | "repeat"
  /** Another partition showed the id too: whether it counts depends on who reads the two, and when. */
  | "elsewhere";

interface LastSight {
  readonly partition: number;
  /** Progress of the partition then. */
  readonly stampMs: number;
  /** More than one partition showed it. */
  readonly shared: boolean;
  /** How often it was shown. */
  readonly times: number;
}

/**
 * Which ids were seen within the window: the rule of `reduce/dedupe-window.ts`, told once more in the plainest way, for ids of one partition. The clock is the
 * partition's progress in event time, and each sight counts anew.
 */
export class SeenIds {
  readonly #windowMs: number;
  readonly #maxIds: number;
  /** In the order of the last sight. */
  readonly #last = new Map<bigint, LastSight>();
  #sights = 0;
  #overflowed = false;

  constructor(options: { readonly windowMs: number; readonly maxIds: number }) {
    this.#windowMs = options.windowMs;
    this.#maxIds = options.maxIds;
  }

  /** True once more ids fell into a window than the pipeline keeps: from then on a worker may have forgotten some. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  get size(): number {
    return this.#last.size;
  }

  /** `progressMs`: of the partition, this event included. */
  see(id: bigint, partition: number, progressMs: number): Sight {
    if (this.#windowMs === 0) return "new";
    const last = this.#last.get(id);
    const near = last !== undefined && Math.abs(progressMs - last.stampMs) <= this.#windowMs;
    const shared = last !== undefined && (last.shared || last.partition !== partition);
    this.#last.delete(id);
    this.#last.set(id, { partition, stampMs: progressMs, shared, times: (last?.times ?? 0) + 1 });
    this.#sights++;
    this.#keepWithinLimit();
    if (shared && (near || last.shared)) return "elsewhere";
    return near && !shared ? "repeat" : "new";
  }

  /** Forgets what no partition can meet any more: `slowestMs` is the progress of the slowest. */
  forgetBefore(slowestMs: number): void {
    for (const [id, { stampMs, times }] of this.#last) {
      if (stampMs >= slowestMs - this.#windowMs) return;
      this.#last.delete(id);
      this.#sights -= times;
    }
  }

  #keepWithinLimit(): void {
    if (this.#sights <= this.#maxIds) return;
    this.#overflowed = true;
    for (const [id, { times }] of this.#last) {
      if (this.#sights <= this.#maxIds) return;
      this.#last.delete(id);
      this.#sights -= times;
    }
  }
}

/**
 * Ids seen lately, so that what a producer sends twice counts once.
 *
 * The clock is event time: each partition's progress is the largest event time accepted so far. An id is stamped with the progress
 * at each sight and is known while the progress is within `windowMs` of the last stamp, whatever partition asks. So the answer
 * depends on the log alone, not on how fast it is read, and a restart that re-reads from `tail` comes to the same state. (Were only the first
 * sight stamped, a copy before the tail could not be known, and a later copy would be judged otherwise.)
 * Capped: beyond `maxIds` the oldest sights are forgotten, and `coveredMs` tells how far the window truly reaches.
 */
export class DedupeWindow {
  readonly #windowMs: number;
  readonly #maxIds: number;
  #capacity: number;
  /** Ring of sights, oldest first; of an id seen again the slot points at the newest. */
  #high: Uint32Array;
  #low: Uint32Array;
  #partition: Int32Array;
  #offset: Float64Array;
  #stampMs: Float64Array;
  #slots: Int32Array;
  /** Sequence numbers: entries [first, next) are held; entry n lives at n mod capacity. */
  #first = 0;
  #next = 0;
  /** State at the last commit, see `dropUncommitted`: what was held then, [kept, committed), stays in the ring though it may be evicted. */
  #kept = 0;
  #committed = 0;
  #committedProgressMs: number[] = [];
  #progressMs: number[] = [];
  /** Ids that the cap evicted within the window, since `takeForgotten`. */
  #forgotten = 0;
  /** Ids held per partition, and where the search for its oldest one may begin. */
  readonly #held: number[] = [];
  readonly #tailHint: number[] = [];

  constructor(options: { windowMs: number; maxIds: number }) {
    this.#windowMs = options.windowMs;
    this.#maxIds = Math.max(1, options.maxIds);
    this.#capacity = 1024;
    this.#high = new Uint32Array(this.#capacity);
    this.#low = new Uint32Array(this.#capacity);
    this.#partition = new Int32Array(this.#capacity);
    this.#offset = new Float64Array(this.#capacity);
    this.#stampMs = new Float64Array(this.#capacity);
    this.#slots = new Int32Array(this.#capacity * 2);
  }

  get size(): number {
    return this.#next - this.#first;
  }

  /** Span of event time between the oldest id held and the progress of its partition. */
  get coveredMs(): number {
    if (this.size === 0) return 0;
    const head = this.#first & (this.#capacity - 1);
    return this.progressMs(this.#partition[head] as number) - (this.#stampMs[head] as number);
  }

  /** How many ids were forgotten since the last call although the window still holds them: repeats of those count. */
  takeForgotten(): number {
    const forgotten = this.#forgotten;
    this.#forgotten = 0;
    return forgotten;
  }

  /** Largest event time seen in a partition, -1 before the first. */
  progressMs(partition: number): number {
    return this.#progressMs[partition] ?? -1;
  }

  setProgress(partition: number, progressMs: number): void {
    this.#progressMs[partition] = progressMs;
  }

  /** Moves a partition's clock; it never runs backwards. */
  advance(partition: number, eventMs: number): void {
    if (eventMs > this.progressMs(partition)) this.#progressMs[partition] = eventMs;
  }

  /** Whether the id was seen within the window; remembers that it was seen now. `advance` comes first. */
  seen(
    high: number,
    low: number,
    at: { readonly partition: number; readonly offset: number },
  ): boolean {
    if (this.#windowMs === 0) return false;
    const progress = this.progressMs(at.partition);
    const known = this.#lookup(high, low);
    const lastMs = known < 0 ? -Infinity : (this.#stampMs[known] as number);
    this.#remember(high, low, at, progress);
    return Math.abs(progress - lastMs) <= this.#windowMs;
  }

  /** Where re-reading a partition must begin, and its progress there; null when none of its ids is held. */
  tail(partition: number): { offset: number; progressMs: number } | null {
    if ((this.#held[partition] ?? 0) === 0) return null;
    const from = Math.max(this.#first, this.#tailHint[partition] ?? 0);
    for (let entry = from; entry < this.#next; entry++) {
      const at = entry & (this.#capacity - 1);
      if (this.#partition[at] === partition) {
        this.#tailHint[partition] = entry;
        return { offset: this.#offset[at] as number, progressMs: this.#stampMs[at] as number };
      }
    }
    return null;
  }

  /** Everything seen so far is stored in ClickHouse. */
  markCommitted(): void {
    this.#kept = this.#first;
    this.#committed = this.#next;
    this.#committedProgressMs = [...this.#progressMs];
  }

  /**
   * Goes back to the last `markCommitted`: the events since then were dropped and will be read again, and must be judged as they were. So ids
   * seen first are forgotten, ids evicted come back, and each partition's clock is set back.
   */
  dropUncommitted(): void {
    this.#progressMs = [...this.#committedProgressMs];
    if (this.#next === this.#committed) return;
    this.#first = this.#kept;
    this.#next = this.#committed;
    this.#reindex();
  }

  /** Forgets everything about a partition that is not ours any more. */
  forget(partition: number): void {
    const mask = this.#capacity - 1;
    let write = this.#kept;
    let first = write;
    let committed = write;
    for (let read = this.#kept; read < this.#next; read++) {
      if (this.#partition[read & mask] === partition) continue;
      if (write !== read) this.#copy(read & mask, write & mask);
      write++;
      if (read < this.#first) first = write;
      if (read < this.#committed) committed = write;
    }
    this.#first = first;
    this.#committed = committed;
    this.#next = write;
    this.#progressMs[partition] = -1;
    this.#committedProgressMs[partition] = -1;
    this.#reindex();
  }

  #copy(from: number, to: number): void {
    this.#high[to] = this.#high[from] as number;
    this.#low[to] = this.#low[from] as number;
    this.#partition[to] = this.#partition[from] as number;
    this.#offset[to] = this.#offset[from] as number;
    this.#stampMs[to] = this.#stampMs[from] as number;
  }

  #remember(
    high: number,
    low: number,
    at: { readonly partition: number; readonly offset: number },
    stampMs: number,
  ): void {
    this.#evict();
    if (this.#next - this.#kept === this.#capacity) this.#grow();
    const index = this.#next & (this.#capacity - 1);
    this.#high[index] = high;
    this.#low[index] = low;
    this.#partition[index] = at.partition;
    this.#offset[index] = at.offset;
    this.#stampMs[index] = stampMs;
    this.#insert(this.#next);
    this.#next++;
    this.#held[at.partition] = (this.#held[at.partition] ?? 0) + 1;
  }

  /** Drops from the old end what its own partition has left behind by more than the window, and what passes the cap. */
  #evict(): void {
    const mask = this.#capacity - 1;
    while (this.size > 0) {
      const head = this.#first & mask;
      const age =
        this.progressMs(this.#partition[head] as number) - (this.#stampMs[head] as number);
      if (age <= this.#windowMs) {
        if (this.size < this.#maxIds) return;
        this.#forgotten++;
      }
      this.#remove(this.#first);
      const partition = this.#partition[head] as number;
      this.#held[partition] = (this.#held[partition] ?? 1) - 1;
      this.#first++;
    }
  }

  /** Ring index of the newest entry with this id, -1 where there is none. */
  #lookup(high: number, low: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = this.#home(high, low); ; slot = (slot + 1) & mask) {
      const index = (this.#slots[slot] as number) - 1;
      if (index < 0) return -1;
      if (this.#high[index] === high && this.#low[index] === low) return index;
    }
  }

  #home(high: number, low: number): number {
    return (Math.imul(high, 0x9e3779b1) ^ low) & (this.#slots.length - 1);
  }

  /** Points the id's slot at this entry; the newest entry of an id has it. */
  #insert(entry: number): void {
    const index = entry & (this.#capacity - 1);
    const high = this.#high[index] as number;
    const low = this.#low[index] as number;
    const mask = this.#slots.length - 1;
    let slot = this.#home(high, low);
    for (;;) {
      const other = (this.#slots[slot] as number) - 1;
      if (other < 0 || (this.#high[other] === high && this.#low[other] === low)) break;
      slot = (slot + 1) & mask;
    }
    this.#slots[slot] = index + 1;
  }

  /** Deletion by backward shift, so that no tombstones pile up. */
  #remove(entry: number): void {
    const index = entry & (this.#capacity - 1);
    const mask = this.#slots.length - 1;
    let hole = this.#home(this.#high[index] as number, this.#low[index] as number);
    for (; this.#slots[hole] !== index + 1; hole = (hole + 1) & mask) {
      if (this.#slots[hole] === 0) return; // a newer entry of the same id holds the slot
    }
    for (let slot = (hole + 1) & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const other = (this.#slots[slot] as number) - 1;
      const home = this.#home(this.#high[other] as number, this.#low[other] as number);
      if (((slot - home) & mask) >= ((slot - hole) & mask)) {
        this.#slots[hole] = this.#slots[slot] as number;
        hole = slot;
      }
    }
    this.#slots[hole] = 0;
  }

  #grow(): void {
    const old = {
      high: this.#high,
      low: this.#low,
      partition: this.#partition,
      offset: this.#offset,
      stampMs: this.#stampMs,
      mask: this.#capacity - 1,
    };
    this.#capacity *= 2;
    this.#high = new Uint32Array(this.#capacity);
    this.#low = new Uint32Array(this.#capacity);
    this.#partition = new Int32Array(this.#capacity);
    this.#offset = new Float64Array(this.#capacity);
    this.#stampMs = new Float64Array(this.#capacity);
    this.#slots = new Int32Array(this.#capacity * 2);
    for (let entry = this.#kept; entry < this.#next; entry++) {
      const from = entry & old.mask;
      const to = entry & (this.#capacity - 1);
      this.#high[to] = old.high[from] as number;
      this.#low[to] = old.low[from] as number;
      this.#partition[to] = old.partition[from] as number;
      this.#offset[to] = old.offset[from] as number;
      this.#stampMs[to] = old.stampMs[from] as number;
    }
    this.#reindex();
  }

  #reindex(): void {
    this.#slots.fill(0);
    this.#held.fill(0);
    this.#tailHint.length = 0;
    for (let entry = this.#first; entry < this.#next; entry++) {
      this.#insert(entry);
      const partition = this.#partition[entry & (this.#capacity - 1)] as number;
      this.#held[partition] = (this.#held[partition] ?? 0) + 1;
    }
  }
}

import { doubles } from "./doubles.ts";

const INITIAL = 4;
/** A difference of running totals below this part of them is nothing. */
const ROUNDING = 1e-14;

/**
 * Sums per time bucket over the last `slots` buckets, a few columns each. Buckets are whole numbers (epoch minutes, say). Adding to a newer
 * bucket forgets the ones that fall out; what is older than the ring is ignored. Only buckets that were added to take memory: most series are
 * people, and most of their minutes are silent. Whoever keeps a ring for long calls `forget` now and then. Rows hold running totals, so that the sum of
 * any window is one subtraction.
 */
export class TimeRing {
  readonly #slots: number;
  readonly #width: number;
  /** A circle of rows in order of time: a bucket, and what had been added to it and to all before it. The last one is the newest bucket's. */
  #held: number[] = [];
  /** What had been added to the buckets that fell out. */
  #gone: number[];
  #size = 0;
  #oldest = 0;
  #length = 0;
  #newest = -1;

  constructor(slots: number, columns: number) {
    this.#slots = slots;
    this.#width = columns + 1;
    this.#gone = doubles(columns);
  }

  /** The newest bucket added to, -1 before the first. */
  get newest(): number {
    return this.#newest;
  }

  add(bucket: number, column: number, value: number): void {
    if (bucket <= this.#newest - this.#slots) return;
    for (let index = this.#place(bucket); index < this.#length; index++) {
      const at = this.#row(index) + 1 + column;
      this.#held[at] = (this.#held[at] as number) + value;
    }
  }

  /** Adds to all columns at once: `values` begins with as many. */
  addRow(bucket: number, values: Float64Array): void {
    if (bucket <= this.#newest - this.#slots) return;
    for (let index = this.#place(bucket); index < this.#length; index++) {
      const at = this.#row(index) + 1;
      for (let column = 0; column < this.#width - 1; column++) {
        this.#held[at + column] = (this.#held[at + column] as number) + (values[column] as number);
      }
    }
  }

  /** As if something had been added to `bucket`: what falls out by that is gone, and takes no memory when it was all there was. */
  forget(bucket: number): void {
    if (this.#length === 0 || this.#bucket(0) > bucket - this.#slots) return;
    this.#dropUntil(bucket - this.#slots);
    if (this.#length > 0) return;
    this.#held = [];
    this.#size = 0;
    this.#gone = doubles(this.#width - 1);
  }

  /** Makes room for as many buckets more as the last `lately` brought: rings that fill alike would otherwise all grow in the same minute. */
  reserve(lately: number): void {
    const size = 2 * this.#length - this.#indexAfter(this.#newest - lately);
    if (size > this.#size) this.#resize(Math.min(this.#slots, size));
  }

  /** Sum of one column over buckets (after, to]. */
  sum(column: number, after: number, to: number): number {
    if (this.#newest <= after || this.#length === 0) return 0;
    const from = this.#indexAfter(Math.max(after, this.#newest - this.#slots));
    const until = to >= this.#newest ? this.#length : this.#indexAfter(to);
    return until <= from ? 0 : this.#between(from, until, column);
  }

  /** Sums of as many columns as `into` has room for, over buckets (after, to]: looked up once for all. */
  sums(after: number, to: number, into: Float64Array): void {
    into.fill(0);
    if (this.#newest <= after || this.#length === 0) return;
    const from = this.#indexAfter(Math.max(after, this.#newest - this.#slots));
    const until = to >= this.#newest ? this.#length : this.#indexAfter(to);
    if (until <= from) return;
    const columns = Math.min(into.length, this.#width - 1);
    for (let column = 0; column < columns; column++) {
      into[column] = this.#between(from, until, column);
    }
  }

  /** Of the rows from one index to before another. */
  #between(from: number, until: number, column: number): number {
    const end = this.#total(until - 1, column);
    const sum = end - this.#total(from - 1, column);
    return Math.abs(sum) > ROUNDING * Math.abs(end) ? sum : 0;
  }

  /** What had been added to a column up to an index, -1: before all that is held. */
  #total(index: number, column: number): number {
    return (index < 0 ? this.#gone[column] : this.#held[this.#row(index) + 1 + column]) as number;
  }

  /** Where the row of an index begins, 0 for the oldest. */
  #row(index: number): number {
    const slot = this.#oldest + index;
    return (slot < this.#size ? slot : slot - this.#size) * this.#width;
  }

  #bucket(index: number): number {
    return this.#held[this.#row(index)] as number;
  }

  /** Index of the first bucket after one. No more than one bucket a step lies between it and the newest: where none is missing, the first look finds it. */
  #indexAfter(bucket: number): number {
    let high = this.#length;
    let low = Math.max(0, high - Math.max(0, this.#newest - bucket));
    if (low < high && this.#bucket(low) > bucket) return low;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#bucket(middle) > bucket) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The index of the bucket, from now on if it had none. */
  #place(bucket: number): number {
    if (bucket === this.#newest && this.#length > 0) return this.#length - 1;
    const isNewest = bucket > this.#newest;
    if (isNewest) this.#newest = bucket;
    else {
      const known = this.#indexAfter(bucket - 1);
      if (known < this.#length && this.#bucket(known) === bucket) return known;
    }
    if (this.#length === this.#size) this.#makeRoom();
    let index = this.#length++;
    if (!isNewest) {
      for (; index > 0 && this.#bucket(index - 1) > bucket; index--) this.#shift(index);
    }
    const row = this.#row(index);
    this.#held[row] = bucket;
    for (let column = 0; column < this.#width - 1; column++) {
      this.#held[row + 1 + column] = this.#total(index - 1, column);
    }
    return index;
  }

  /** The row before an index becomes its row. */
  #shift(index: number): void {
    const from = this.#row(index - 1);
    const to = this.#row(index);
    for (let at = 0; at < this.#width; at++) this.#held[to + at] = this.#held[from + at] as number;
  }

  #dropUntil(bucket: number): void {
    this.#drop(this.#indexAfter(bucket));
  }

  #drop(count: number): void {
    if (count === 0) return;
    for (let column = 0; column < this.#width - 1; column++) {
      this.#gone[column] = this.#total(count - 1, column);
    }
    this.#oldest += count;
    if (this.#oldest >= this.#size) this.#oldest -= this.#size;
    this.#length -= count;
  }

  /** Never more than `slots` buckets: of a circle that is full with them the oldest has fallen out, whichever it is. */
  #makeRoom(): void {
    if (this.#size === this.#slots) {
      this.#drop(1);
      return;
    }
    this.#dropUntil(this.#newest - this.#slots);
    if (this.#length < this.#size) return;
    const size = Math.max(INITIAL, this.#size + (this.#size >> 1));
    this.#resize(Math.min(this.#slots, size));
  }

  #resize(size: number): void {
    const held = doubles(size * this.#width);
    for (let index = 0; index < this.#length; index++) {
      const from = this.#row(index);
      const to = index * this.#width;
      for (let at = 0; at < this.#width; at++) held[to + at] = this.#held[from + at] as number;
    }
    this.#held = held;
    this.#size = size;
    this.#oldest = 0;
  }
}

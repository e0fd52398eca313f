export interface NearestShapeOptions {
  /** Points of a shape. */
  readonly length: number;
  /** How many past shapes are compared. */
  readonly keep: number;
  /** The distance to the n-th nearest counts: with more than one, a single earlier accident does not make the next one ordinary. */
  readonly rank: number;
}

/** How far the last few values are from the most similar stretches of the past: the root mean square difference to the `rank`-th nearest. */
export class NearestShape {
  readonly #options: NearestShapeOptions;
  /** The past, oldest first; when it is full the newest half moves to the front. */
  readonly #values: Float64Array;
  #size = 0;
  readonly #nearest: Float64Array;

  constructor(options: NearestShapeOptions) {
    this.#options = options;
    this.#values = new Float64Array(2 * (options.keep + 2 * options.length));
    this.#nearest = new Float64Array(options.rank);
  }

  /** 0 until there is a past to compare with. */
  next(value: number): number {
    const { length, keep, rank } = this.#options;
    if (this.#size === this.#values.length) this.#shift();
    this.#values[this.#size++] = value;
    const last = this.#size - length;
    // A stretch that overlaps the newest one is like it for no reason.
    const first = Math.max(0, last - length - keep + 1);
    const end = last - length + 1;
    if (end - first < 4 * rank) return 0;
    this.#nearest.fill(Infinity);
    for (let from = end - 1; from >= first; from--) this.#compare(from, last);
    return Math.sqrt((this.#nearest[rank - 1] ?? 0) / length);
  }

  #compare(from: number, last: number): void {
    const values = this.#values;
    const { length, rank } = this.#options;
    const nearest = this.#nearest;
    const worst = nearest[rank - 1] as number;
    let sum = 0;
    for (let at = length - 1; at >= 0; at--) {
      const difference = (values[from + at] as number) - (values[last + at] as number);
      sum += difference * difference;
      if (sum >= worst) return;
    }
    let place = rank - 1;
    while (place > 0 && (nearest[place - 1] as number) > sum) {
      nearest[place] = nearest[place - 1] as number;
      place--;
    }
    nearest[place] = sum;
  }

  #shift(): void {
    const keep = this.#options.keep + 2 * this.#options.length;
    this.#values.copyWithin(0, this.#size - keep, this.#size);
    this.#size = keep;
  }
}

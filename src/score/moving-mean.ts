/** The mean of the last `size` values. */
export class MovingMean {
  readonly #values: Float64Array;
  #seen = 0;

  constructor(size: number) {
    this.#values = new Float64Array(size);
  }

  next(value: number): number {
    this.#values[this.#seen++ % this.#values.length] = value;
    const count = Math.min(this.#seen, this.#values.length);
    let sum = 0;
    for (let at = 0; at < count; at++) sum += this.#values[at] as number;
    return sum / count;
  }
}

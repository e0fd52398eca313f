import { MovingMean } from "./moving-mean.ts";

/** How far the mean of the newest `over` values is from the level of the last `slow` or so. */
export class LevelResidual {
  readonly #slow: number;
  readonly #recent: MovingMean;
  #level = 0;
  #seen = 0;

  constructor({ over, slow }: { readonly over: number; readonly slow: number }) {
    this.#slow = slow;
    this.#recent = new MovingMean(over);
  }

  next(value: number): number {
    const recent = this.#recent.next(value);
    const residual = this.#seen === 0 ? 0 : Math.abs(recent - this.#level);
    this.#seen++;
    this.#level += (value - this.#level) / Math.min(this.#slow, this.#seen);
    return residual;
  }
}

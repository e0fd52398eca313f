import { MovingMean } from "./moving-mean.ts";

const SLOW_ROWS = 500;
/** Of the scale of the series: smaller steps are none. */
const NOTHING = 0.01;

/** By how much the variance of the newest `over` steps from value to value, up or down, is another than it usually is; 1 where it is the same. */
export class SpreadChange {
  readonly #over: number;
  readonly #recent: MovingMean;
  #last: number | null = null;
  #usual = 0;
  #seen = 0;

  constructor({ over }: { readonly over: number }) {
    this.#over = over;
    this.#recent = new MovingMean(over);
  }

  next(value: number, scale: number): number {
    const step = this.#last === null ? 0 : Math.abs(value - this.#last);
    this.#last = value;
    const spread = Math.log(this.#recent.next(step) / scale + NOTHING);
    this.#seen++;
    const change = Math.abs(spread - this.#usual);
    const isNew = this.#seen <= this.#over;
    this.#usual = isNew
      ? spread
      : this.#usual + (spread - this.#usual) / Math.min(SLOW_ROWS, this.#seen);
    return Math.exp(2 * change);
  }
}

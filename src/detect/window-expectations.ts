import type { HourColumn } from "./hour-log.ts";

interface Whole {
  version: number;
  first: number;
  last: number;
  sum: number;
}

/** What is expected of windows: the hours they span by their overlap. The whole hours in the middle of a long window stay the same for an hour. */
export class WindowExpectations {
  readonly #whole = new Map<number, Whole>();

  /**
   * Of (minute − window, minute]. `version` changes with what is expected of any hour.
   */
  of(
    at: { readonly column: HourColumn; readonly minute: number; readonly window: number },
    version: number,
    expected: (hour: number) => number,
  ): number {
    const { column, minute, window } = at;
    const end = minute + 1;
    const begin = end - window;
    const first = Math.ceil(begin / 60);
    const last = Math.floor(end / 60);
    if (first > last) return (expected(last) * window) / 60;
    const head = first * 60 - begin;
    const tail = end - last * 60;
    let sum = 0;
    if (head > 0) sum += (expected(first - 1) * head) / 60;
    if (tail > 0) sum += (expected(last) * tail) / 60;
    if (first === last) return sum;
    const key = column * KEYS + window;
    let whole = this.#whole.get(key);
    if (whole?.first !== first || whole.last !== last || whole.version !== version) {
      whole = { version, first, last, sum: 0 };
      for (let hour = first; hour < last; hour++) whole.sum += expected(hour);
      this.#whole.set(key, whole);
    }
    return sum + whole.sum;
  }
}

const KEYS = 100_000;

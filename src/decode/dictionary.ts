import { OTHER } from "./usage-event.ts";

/**
 * Strings of one dimension and their dense ids. A `Map`, so `__proto__` is a name like any other. Holds at most `limit` values:
 * what comes later is `__other__`, so that a flood of names costs neither memory nor a flood of panes, and totals stay right.
 */
export class Dictionary {
  readonly #ids = new Map<string, number>();
  readonly #values: string[] = [];
  readonly #limit: number;
  /** Values folded into `__other__` since the last `takeOverflow`. */
  #overflow = 0;

  constructor(limit = 100_000) {
    this.#limit = limit;
  }

  /** The id of `value`, given on first sight. */
  intern(value: string): number {
    const known = this.#ids.get(value);
    if (known !== undefined) return known;
    if (this.#values.length >= this.#limit && value !== OTHER) {
      this.#overflow++;
      return this.intern(OTHER);
    }
    const id = this.#values.length;
    this.#ids.set(value, id);
    this.#values.push(value);
    return id;
  }

  /** The id of `value` if it was interned before: a decoder then need not check it again. */
  find(value: string): number | undefined {
    return this.#ids.get(value);
  }

  /** The string behind an id handed out since the last `clear`. */
  value(id: number): string {
    const value = this.#values[id];
    if (value === undefined) throw new RangeError(`dictionary has no id ${id}`);
    return value;
  }

  get size(): number {
    return this.#values.length;
  }

  takeOverflow(): number {
    const count = this.#overflow;
    this.#overflow = 0;
    return count;
  }

  clear(): void {
    this.#ids.clear();
    this.#values.length = 0;
  }
}

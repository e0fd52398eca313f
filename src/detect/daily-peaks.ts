const PEAK_DAYS = 35;
/** Behind the days: today, and what the past days say. */
const TODAY = PEAK_DAYS;
const LARGEST = PEAK_DAYS + 1;
const WIDTH = PEAK_DAYS + 2;
/** One day so many times above all others is an incident nobody marked. */
const OUTLIER = 3;

/** The largest window sums of each of the past five weeks' days, for one window after the other. Today's count from tomorrow on. */
export class DailyPeaks {
  readonly #values: Float32Array;
  #day = -1;

  constructor(windows: number) {
    this.#values = new Float32Array(windows * WIDTH);
  }

  /** Window sums as they stand at a minute: one for each window, in `sums` from `from` on. */
  observe(minute: number, sums: ArrayLike<number>, from: number): void {
    this.#rollDay(minute);
    const values = this.#values;
    for (let today = TODAY, at = from; today < values.length; today += WIDTH, at++) {
      const sum = sums[at] as number;
      if (sum > (values[today] as number)) values[today] = sum;
    }
  }

  /** Largest of today so far. */
  today(minute: number, window: number): number {
    this.#rollDay(minute);
    return this.#values[window * WIDTH + TODAY] as number;
  }

  /** Largest of the past days, without a single day far above all others. */
  largest(minute: number, window: number): number {
    this.#rollDay(minute);
    return this.#values[window * WIDTH + LARGEST] as number;
  }

  #rollDay(minute: number): void {
    const day = Math.floor(minute / 1440);
    if (day <= this.#day) return;
    for (let start = 0; start < this.#values.length; start += WIDTH) {
      if (this.#day >= 0) this.#storeToday(start, day);
      this.#values[start + TODAY] = 0;
      this.#values[start + LARGEST] = this.#largestOf(start);
    }
    this.#day = day;
  }

  #storeToday(start: number, nextDay: number): void {
    const days = Math.min(nextDay - this.#day, PEAK_DAYS);
    for (let skipped = 1; skipped < days; skipped++) {
      this.#values[start + ((this.#day + skipped) % PEAK_DAYS)] = 0;
    }
    this.#values[start + (this.#day % PEAK_DAYS)] = this.#values[start + TODAY] as number;
  }

  #largestOf(start: number): number {
    let first = 0;
    let second = 0;
    for (let day = start; day < start + PEAK_DAYS; day++) {
      const value = this.#values[day] as number;
      if (value > first) [first, second] = [value, first];
      else if (value > second) second = value;
    }
    return first > OUTLIER * second && second > 0 ? second : first;
  }
}

/** What one hour of a series held. */
export interface HourSample {
  readonly usd: number;
  readonly requests: number;
  readonly tokens: number;
  readonly activeUsers: number;
  /** Five-minute steps of users' activity, and how often a user began after a silence. */
  readonly cells: number;
  readonly starts: number;
  /** Requests counted in steps of their users' usual pace: somebody who runs five times as much at once makes five steps of one. */
  readonly loads: number;
}

/** Columns of the log. Of most series only the first few are kept. */
export const HOUR = {
  usd: 0,
  requests: 1,
  tokens: 2,
  cells: 3,
  activeUsers: 4,
  starts: 5,
  loads: 6,
} as const;
export const HOUR_COLUMNS = 7;
export type HourColumn = (typeof HOUR)[keyof typeof HOUR];

export const HOURS_PER_WEEK = 168;
/** How far back the baseline looks: five weeks give five samples of each hour of the week. */
export const HISTORY_HOURS = 5 * HOURS_PER_WEEK;
/** A chart asks for the hours of its day, and each asks for its neighbours of five weeks ago. */
const KEPT_HOURS = HISTORY_HOURS + 48;
const WIDTH = HOUR_COLUMNS;
const INITIAL = 4;

/**
 * The past hours of one series that held anything, oldest first; the hours between are zeros. Sparse, so that 100,000 quiet users cost little.
 * What is held is named by its index, 0 for the oldest; an index stands until the next hour is appended.
 */
export class HourLog {
  #hours = new Int32Array(INITIAL);
  #values = new Float32Array(INITIAL * WIDTH);
  /** A circle: where the oldest lies, and how many there are. Dropping the oldest moves nothing. */
  #oldest = 0;
  #length = 0;
  /** First hour ever seen, -1 before. */
  firstHour = -1;

  get length(): number {
    return this.#length;
  }

  /** Appends a closed hour; hours come in order. After a silence longer than the history the log begins anew. */
  append(hour: number, sample: HourSample): void {
    const last = this.#length === 0 ? hour : this.hour(this.#length - 1);
    if (this.firstHour < 0 || hour - last > HISTORY_HOURS) {
      this.firstHour = hour;
      this.#length = 0;
    }
    while (this.#length > 0 && this.hour(0) < hour - KEPT_HOURS) this.#dropOldest();
    if (this.#length === this.#hours.length) this.#grow();
    const at = this.#slot(this.#length++);
    this.#hours[at] = hour;
    this.#values[at * WIDTH + HOUR.usd] = sample.usd;
    this.#values[at * WIDTH + HOUR.requests] = sample.requests;
    this.#values[at * WIDTH + HOUR.tokens] = sample.tokens;
    this.#values[at * WIDTH + HOUR.activeUsers] = sample.activeUsers;
    this.#values[at * WIDTH + HOUR.cells] = sample.cells;
    this.#values[at * WIDTH + HOUR.starts] = sample.starts;
    this.#values[at * WIDTH + HOUR.loads] = sample.loads;
  }

  /** The hour held at an index. */
  hour(index: number): number {
    return this.#hours[this.#slot(index)] as number;
  }

  /** One column of the hour held at an index; 0 for -1, an hour that held nothing. */
  value(index: number, column: HourColumn): number {
    return index < 0 ? 0 : (this.#values[this.#slot(index) * WIDTH + column] as number);
  }

  /** Sum of one column over the hours from `first`, before `until`. */
  sum(column: HourColumn, first: number, until: number): number {
    const end = this.indexFrom(until);
    let sum = 0;
    for (let index = this.indexFrom(first); index < end; index++) sum += this.value(index, column);
    return sum;
  }

  /** Index of an hour, -1 where it held nothing. */
  find(hour: number): number {
    const index = this.indexFrom(hour);
    return index < this.#length && this.hour(index) === hour ? index : -1;
  }

  /** Index of the first hour held that is not before `hour`; `length` where there is none. */
  indexFrom(hour: number): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.hour(middle) < hour) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Indices of the same hour of the week as `hour`, before it, -1 for those that held nothing; newest first, at most `weeks`, none from before the log began. */
  sameHourOfWeek(hour: number, weeks: number): number[] {
    const indices: number[] = [];
    for (let week = 1; week <= weeks; week++) {
      const past = hour - week * HOURS_PER_WEEK;
      if (this.firstHour < 0 || past < this.firstHour) break;
      indices.push(this.find(past));
    }
    return indices;
  }

  #slot(index: number): number {
    const slot = this.#oldest + index;
    return slot < this.#hours.length ? slot : slot - this.#hours.length;
  }

  #dropOldest(): void {
    this.#oldest = this.#slot(1);
    this.#length--;
  }

  /** By a quarter: twice as much would stand half empty for most series, and they are many. */
  #grow(): void {
    const size = this.#hours.length + Math.max(INITIAL, this.#hours.length >> 2);
    const hours = new Int32Array(Math.min(size, KEPT_HOURS + 1));
    const values = new Float32Array(hours.length * WIDTH);
    const end = this.#hours.length - this.#oldest;
    hours.set(this.#hours.subarray(this.#oldest));
    hours.set(this.#hours.subarray(0, this.#oldest), end);
    values.set(this.#values.subarray(this.#oldest * WIDTH));
    values.set(this.#values.subarray(0, this.#oldest * WIDTH), end * WIDTH);
    this.#hours = hours;
    this.#values = values;
    this.#oldest = 0;
  }
}

export const EMPTY_HOUR: HourSample = {
  usd: 0,
  requests: 0,
  tokens: 0,
  activeUsers: 0,
  cells: 0,
  starts: 0,
  loads: 0,
};

import { HOUR, HOUR_COLUMNS, type HourColumn, type HourSample } from "./hour-log.ts";
import { BINS, type LocalHours } from "./local-hours.ts";

/** Weekdays come five times a week, weekends twice: how much of a new hour goes into its bin at least. */
const WEEKDAY_RATE = 0.04;
const WEEKEND_RATE = 0.1;
/** An hour counts up to so many times its bin, plus half a mean hour: a past incident must not become the profile. */
const CLIP = 3;
const CLIP_MEAN = 0.5;
/** The level follows an hour's surprise by this part of its logarithm. */
const LEVEL_RATE = 0.005;
const LEVEL_CLIP = Math.LN2;
/** Only hours that hold a good part of a mean hour tell of the level. */
const LEVEL_FROM = 0.3;
/** After a silence of five weeks nothing is filled in any more. */
const MAX_SILENT_HOURS = 840;
/** Where the levels begin, how far counts go, what numbers of rows are multiplied by beside them, and how many rows more there is room for. */
const LEVELS = BINS;
const SEEN = 100;
const ROW = 256;
const MORE_ROWS = 4;

/**
 * What a series is expected to hold in an hour: level × profile over 48 bins (24 hours of working days, 24 of weekends and holidays, in local time). The
 * bins know the shape of the week, the level follows growth by a few per cent a day and jumps by none (detection.md 7.3).
 */
export class Profile {
  /** Columns of HOUR that are kept: people and what works for them have the first few. */
  readonly #width: number;
  /**
   * One block, since most series are people: for each bin how often it was seen and which row it has, then the levels, the means over the bins seen so
   * far, and the rows, a value a column. A bin that never held anything has none: most people sleep.
   */
  #state: Float32Array;
  #rows = 0;
  #known = 0;
  #closed = -1;

  constructor(width: number = HOUR_COLUMNS) {
    this.#width = width;
    this.#state = new Float32Array(this.#firstRow);
    this.#state.fill(1, LEVELS, this.#means);
  }

  get #means(): number {
    return LEVELS + this.#width;
  }

  get #firstRow(): number {
    return LEVELS + 2 * this.#width;
  }

  /** Hours that were closed so far, silent ones among them. */
  get hours(): number {
    return this.#known;
  }

  has(column: HourColumn): boolean {
    return column < this.#width;
  }

  /** Expected of one hour: a column of HOUR. 0 where nothing is known. */
  expected(hour: number, column: HourColumn, hours: LocalHours): number {
    if (this.#known === 0 || !this.has(column)) return 0;
    const bin = hours.bin(hour);
    const value = this.#count(bin) === 0 ? this.#at(this.#means + column) : this.#held(bin, column);
    return this.#at(LEVELS + column) * value * hours.planned(hour);
  }

  /** Mean of an hour over all bins. */
  mean(column: HourColumn): number {
    return this.has(column) ? this.#at(LEVELS + column) * this.#at(this.#means + column) : 0;
  }

  #at(index: number): number {
    return this.#state[index] as number;
  }

  /** How often a bin was seen; beyond SEEN it does not matter. */
  #count(bin: number): number {
    return this.#at(bin) & (ROW - 1);
  }

  /** Where the row of a bin begins, -1 where it has none. */
  #row(bin: number): number {
    const row = (this.#at(bin) / ROW) | 0;
    return row === 0 ? -1 : this.#firstRow + (row - 1) * this.#width;
  }

  #held(bin: number, column: number): number {
    const row = this.#row(bin);
    return row < 0 ? 0 : this.#at(row + column);
  }

  /** Learns an hour that is over; hours come in order, and those between were silent. `first`: the first hour of the series. */
  close(hour: number, sample: ArrayLike<number>, hours: LocalHours): void {
    const from = this.#closed < 0 ? hour : Math.max(this.#closed + 1, hour - MAX_SILENT_HOURS);
    for (let silent = from; silent < hour; silent++) this.#learn(silent, SILENCE, hours);
    this.#learn(hour, sample, hours);
    this.#closed = hour;
    this.#average();
  }

  /** Passes over an hour: an incident or a planned event says nothing of the normal. */
  skip(hour: number): void {
    this.#closed = Math.max(this.#closed, hour);
  }

  #learn(hour: number, sample: ArrayLike<number>, hours: LocalHours): void {
    if (hours.isSpecial(hour)) return;
    const bin = hours.bin(hour);
    const count = this.#count(bin) + 1;
    if (count <= SEEN) this.#state[bin] = this.#at(bin) + 1;
    this.#known++;
    const row = this.#rowFor(bin, sample);
    if (row < 0) return;
    const rate = Math.max(bin < 24 ? WEEKDAY_RATE : WEEKEND_RATE, 1 / count);
    for (let column = 0; column < this.#width; column++) {
      const at = row + column;
      const usual = this.#at(at);
      const value = this.#follow(column, sample[column] as number, count === 1 ? -1 : usual);
      const most = CLIP * usual + CLIP_MEAN * this.#at(this.#means + column);
      const clipped = count <= 2 ? value : Math.min(value, most);
      this.#state[at] = usual + rate * (clipped - usual);
    }
  }

  /** The row of a bin, from now on if it had none; -1 as long as it has held nothing. */
  #rowFor(bin: number, sample: ArrayLike<number>): number {
    const known = this.#row(bin);
    if (known >= 0 || !this.#holds(sample)) return known;
    const at = this.#firstRow + this.#rows * this.#width;
    if (at === this.#state.length) {
      const more = Math.min(BINS - this.#rows, MORE_ROWS);
      const state = new Float32Array(at + more * this.#width);
      state.set(this.#state);
      this.#state = state;
    }
    this.#rows++;
    this.#state[bin] = this.#at(bin) + ROW * this.#rows;
    return at;
  }

  #holds(sample: ArrayLike<number>): boolean {
    for (let column = 0; column < this.#width; column++) if (sample[column] !== 0) return true;
    return false;
  }

  /** Moves the level by an hour's surprise, and gives the hour as the bins count it: without the level. */
  #follow(column: number, value: number, usual: number): number {
    const level = this.#at(LEVELS + column);
    const mean = this.#at(this.#means + column);
    if (usual > LEVEL_FROM * mean && mean > 0 && value > 0) {
      const surprise = Math.log(value / (level * usual));
      const clipped = Math.max(-LEVEL_CLIP, Math.min(LEVEL_CLIP, surprise));
      this.#state[LEVELS + column] = level * Math.exp(LEVEL_RATE * clipped);
    }
    return value / this.#at(LEVELS + column);
  }

  /** Bin by bin, so that each is looked up once: this is asked of every series when its hour is over. */
  #average(): void {
    sums.fill(0);
    let weight = 0;
    for (let bin = 0; bin < BINS; bin++) {
      if (this.#count(bin) === 0) continue;
      const share = bin < 24 ? 5 : 2;
      weight += share;
      const row = this.#row(bin);
      if (row < 0) continue;
      for (let column = 0; column < this.#width; column++) {
        sums[column] = (sums[column] as number) + share * this.#at(row + column);
      }
    }
    for (let column = 0; column < this.#width; column++) {
      this.#state[this.#means + column] = weight === 0 ? 0 : (sums[column] as number) / weight;
    }
  }
}

const SILENCE = new Float64Array(HOUR_COLUMNS);

const columns = new Float64Array(HOUR_COLUMNS);

/** A sample as the profile takes it. Used anew by each call. */
export function hourOf(sample: HourSample): Float64Array {
  columns[HOUR.usd] = sample.usd;
  columns[HOUR.requests] = sample.requests;
  columns[HOUR.tokens] = sample.tokens;
  columns[HOUR.activeUsers] = sample.activeUsers;
  columns[HOUR.cells] = sample.cells;
  columns[HOUR.starts] = sample.starts;
  columns[HOUR.loads] = sample.loads;
  return columns;
}

/** Of one profile at a time. */
const sums = new Float64Array(HOUR_COLUMNS);

import type { Peers } from "./peer-averages.ts";
import { REGIMES } from "./regimes.ts";
import { FAMILIES } from "./families.ts";

/** Fields of one statistic's state. */
const USUAL = 0;
const VARIANCE = 1;
const DAYS = 2;
const TODAY = 3;
/** The value from which on a day is surprising, and how much more makes it ten times rarer; NaN: not worked out today. */
const FROM = 4;
const DECADE = 5;
const FIELDS = 6;
/** A usual day is an average over about so many days. */
const MEMORY_DAYS = 25;
/** A young series' spread is that of its peers; so many of its own days weigh as much. */
const SPREAD_DAYS = 8;
/** So many own days weigh as much as what peers say of a usual day. */
const USUAL_DAYS = 1.5;
/** No day moves what is usual further than this, in standard deviations. */
const CLIP = 3.5;

/**
 * The usual day of one series, for each of its statistics and in each regime (`regimes.ts`): an average of its daily maxima and their variance,
 * shrunk towards its peers while it is young.
 */
export class NodeTails {
  /**
   * One block, since most series are people: the day's most surprising of each family (−1 before any), of each statistic how surprising it was when it
   * was looked at last and in which regime, of each slot its row, then the rows. A slot that never held anything has none: most people sleep.
   */
  #state: Float32Array;
  readonly #slots: number;
  readonly #places: number;
  readonly #firstRow: number;
  #rows = 0;
  #day = -1;
  #total = -1;
  /** What the evidence must pass today; NaN: not worked out yet. */
  bar = NaN;

  constructor(slots: number) {
    this.#slots = slots;
    this.#places = FAMILIES + 2 * Math.ceil(slots / REGIMES);
    this.#firstRow = this.#places + slots;
    this.#state = new Float32Array(this.#firstRow);
    this.#state.fill(-1, 0, FAMILIES);
  }

  get day(): number {
    return this.#day;
  }

  /** The day's most surprising of each family; −1 before any. */
  get families(): Float32Array {
    return this.#state.slice(0, FAMILIES);
  }

  /** Today's largest value; −Infinity before the first. */
  today(slot: number): number {
    return this.#at(slot, TODAY, -Infinity);
  }

  /** Whether `surprise` can tell today. */
  isScaled(slot: number): boolean {
    return !Number.isNaN(this.#at(slot, FROM, NaN));
  }

  /** From `from` on a value is in the tail; `decade` more makes it ten times rarer. */
  setScale(slot: number, from: number, decade: number): void {
    const row = this.#rowFor(slot);
    this.#state[row + FROM] = from;
    this.#state[row + DECADE] = decade;
  }

  /** −log10 of the chance of such a value, in a tail that begins at one day in ten: below 1 it is no more than a rank. */
  surprise(slot: number, value: number): number {
    return 1 + (value - this.#at(slot, FROM, NaN)) / this.#at(slot, DECADE, NaN);
  }

  /** How surprising a statistic was when it was looked at last. */
  last(index: number): number {
    return this.#state[FAMILIES + 2 * index] as number;
  }

  /** The regime that it was looked at in. */
  lastRegime(index: number): number {
    return this.#state[FAMILIES + 2 * index + 1] as number;
  }

  setLast(index: number, surprise: number, regime: number): void {
    this.#state[FAMILIES + 2 * index] = surprise;
    this.#state[FAMILIES + 2 * index + 1] = regime;
  }

  /** The day's most evidence of all statistics together; −1 before any. */
  get total(): number {
    return this.#total;
  }

  noteTotal(total: number): void {
    if (total > this.#total) this.#total = total;
  }

  noteFamily(family: number, surprise: number): void {
    if (surprise > (this.#state[family] as number)) this.#state[family] = surprise;
  }

  /** Notes a value of today. */
  note(slot: number, value: number): void {
    if (value <= this.today(slot)) return;
    const row = this.#rowFor(slot);
    this.#state[row + TODAY] = value;
  }

  /** Days that were learnt. */
  days(slot: number): number {
    return this.#at(slot, DAYS, 0);
  }

  /** The usual day: its mean, as far as it is known. */
  usual(slot: number): number {
    return this.#at(slot, USUAL, 0);
  }

  variance(slot: number): number {
    return this.#at(slot, VARIANCE, 0);
  }

  /** How far a value lies beyond a usual day, in standard deviations of a forecast. */
  residual(slot: number, value: number, peers: Peers): number {
    return (value - this.centre(slot, peers)) / this.#spread(slot, peers);
  }

  /** The value that lies so far beyond a usual day. */
  valueAt(slot: number, residual: number, peers: Peers): number {
    return this.centre(slot, peers) + residual * this.#spread(slot, peers);
  }

  /** What a day of the series usually comes to, as far as it is known. */
  centre(slot: number, peers: Peers): number {
    const days = this.days(slot);
    return (days * this.usual(slot) + USUAL_DAYS * peers.usual) / (days + USUAL_DAYS);
  }

  #spread(slot: number, peers: Peers): number {
    const days = this.days(slot);
    const within =
      (Math.max(0, days - 1) * this.variance(slot) + SPREAD_DAYS * peers.within) /
      (Math.max(0, days - 1) + SPREAD_DAYS);
    const unsure = within / (Math.min(days, MEMORY_DAYS) + USUAL_DAYS);
    const stranger = peers.between * (USUAL_DAYS / (days + USUAL_DAYS)) ** 2;
    return Math.sqrt(Math.max(MIN_VARIANCE, within + unsure + stranger));
  }

  /**
   * A new day: the one that is over is learnt, and told to `learnt` with its residual. `peersOf` gives what peers say of a statistic. Where `counts` is
   * false (an incident, a planned event) it is forgotten instead.
   */
  turn(
    day: number,
    counts: boolean,
    peersOf: (slot: number) => Peers,
    learnt: (slot: number, residual: number, value: number) => void,
  ): void {
    if (day === this.#day) return;
    if (this.#day >= 0 && counts) {
      for (let slot = 0; slot < this.#slots; slot++) {
        const value = this.today(slot);
        if (value === -Infinity) continue;
        const peers = peersOf(slot);
        const residual = this.residual(slot, value, peers);
        learnt(slot, residual, value);
        this.#learn(slot, value, residual, peers);
      }
    }
    this.#day = day;
    this.#forgetScales();
    this.#clearToday();
  }

  #learn(slot: number, value: number, residual: number, peers: Peers): void {
    const at = this.#rowFor(slot);
    const days = (this.#state[at + DAYS] as number) + 1;
    const rate = Math.max(1 / days, 1 / MEMORY_DAYS);
    const clipped =
      residual > CLIP
        ? this.valueAt(slot, CLIP, peers)
        : residual < -CLIP
          ? this.valueAt(slot, -CLIP, peers)
          : value;
    const usual = this.#state[at + USUAL] as number;
    const off = clipped - usual;
    this.#state[at + USUAL] = usual + rate * off;
    if (days > 1) {
      const variance = this.#state[at + VARIANCE] as number;
      const spreadRate = Math.max(1 / (days - 1), 1 / MEMORY_DAYS);
      this.#state[at + VARIANCE] = variance + spreadRate * ((1 - rate) * off * off - variance);
    }
    this.#state[at + DAYS] = Math.min(days, 60_000);
  }

  /** Where the row of a slot begins, -1 where it has none. */
  #row(slot: number): number {
    const row = this.#state[this.#places + slot] as number;
    return row === 0 ? -1 : this.#firstRow + (row - 1) * FIELDS;
  }

  #at(slot: number, field: number, absent: number): number {
    const row = this.#row(slot);
    return row < 0 ? absent : (this.#state[row + field] as number);
  }

  /** The row of a slot, from now on if it had none. */
  #rowFor(slot: number): number {
    const known = this.#row(slot);
    if (known >= 0) return known;
    const row = this.#firstRow + this.#rows * FIELDS;
    if (row === this.#state.length) {
      const more = this.#rows === 0 ? Math.ceil(this.#slots / REGIMES) : MORE_ROWS;
      const rows = Math.min(this.#slots - this.#rows, more);
      const state = new Float32Array(row + rows * FIELDS);
      state.set(this.#state);
      this.#state = state;
    }
    this.#state[this.#places + slot] = ++this.#rows;
    this.#state[row + TODAY] = -Infinity;
    this.#state[row + FROM] = NaN;
    return row;
  }

  #forgetScales(): void {
    for (let at = this.#firstRow + FROM; at < this.#state.length; at += FIELDS)
      this.#state[at] = NaN;
    this.bar = NaN;
  }

  #clearToday(): void {
    this.#total = -1;
    this.#state.fill(-1, 0, FAMILIES);
    for (let at = this.#firstRow + TODAY; at < this.#state.length; at += FIELDS)
      this.#state[at] = -Infinity;
  }
}

/** Rows are made as they are needed: first one a statistic, for the regime in which somebody works, then so many more. */
const MORE_ROWS = 4;
/** A standard deviation of 5 %: nothing is more regular. */
const MIN_VARIANCE = 0.0025;

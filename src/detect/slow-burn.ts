import type { LocalHours } from "./local-hours.ts";

/** A day must be so much over its usual self, in standard deviations, to add to what has come together. */
const SLACK = 0.7;
/** No single day counts for more, and none takes more away. */
const MOST = 2.5;
const LEAST = -1.5;
/** What a team has come to by then is its day; hours of weekends and holidays are counted from `WEEKEND` on. */
const NOON = 12;
const WEEKEND = 24;

/**
 * Days that are each a little over what is usual, added up: a cumulative sum (Page, 1954) over working days. One day of +60 % is an ordinary Tuesday of a
 * small team, three of them are not.
 */
export class SlowBurn {
  /** The sum up to the day before yesterday, and up to yesterday. */
  #before = 0;
  #until = 0;
  /** The day that is not over, in standard deviations over usual; NaN: not known, or no working day. */
  #today = NaN;
  #sum = 0;
  #count = 0;
  /** What has come together with the last 24 hours, in standard deviations over usual; NaN: not known. */
  value = NaN;

  /** One measure of how far the last 24 hours are over usual, in standard deviations. */
  add(deviations: number): void {
    this.#sum += deviations;
    this.#count++;
  }

  /** Takes what was added as the last 24 hours, and as the day where no incident is in it (`isNormal`). On days off nobody is expected to work. */
  seeAt(minute: number, hours: LocalHours, isNormal: boolean): void {
    if (this.#count === 0) return;
    const now = this.#sum / this.#count;
    const bin = hours.bin(Math.floor(minute / 60));
    const isAtWork = bin < WEEKEND;
    this.#today = isNormal && isAtWork && bin >= NOON ? now : NaN;
    this.value = isAtWork ? this.#with(now, bin / WEEKEND) : NaN;
    this.#sum = 0;
    this.#count = 0;
  }

  /** The last 24 hours hold a part of yesterday: so much of yesterday counts once. */
  #with(now: number, part: number): number {
    const past = this.#before + part * (this.#until - this.#before);
    return added(past, now);
  }

  /** A day is over. One that says nothing changes nothing. */
  turn(): void {
    const until = Number.isNaN(this.#today) ? this.#until : added(this.#until, this.#today);
    this.#before = this.#until;
    this.#until = until;
    this.#today = NaN;
  }
}

function added(sum: number, deviations: number): number {
  return Math.max(0, sum + Math.max(LEAST, Math.min(MOST, deviations)) - SLACK);
}

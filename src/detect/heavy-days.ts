import { excessOf } from "./attribution.ts";
import type { SeriesNode, WindowMinutes } from "./series-node.ts";

/** A day (local, counted from 1970) on which a series went far beyond its usual, and by how many dollars at most in each of `WINDOWS`. */
interface HeavyDay {
  readonly day: number;
  readonly excessUsd: number[];
}

/** Minutes. A quarter of an hour is compared with the worst quarter of then, not with what the whole day came to. */
const WINDOWS: readonly WindowMinutes[] = [15, 60, 360, 1440];

/** Two months, and what a month's end may move. */
const KEPT_DAYS = 70;
/** A month's job is never quite as large as the last. */
const LIKE = 1.5;
/** One in thirty days goes so far (−log10 of a chance): below, what comes again by chance would pass for a custom. */
export const HEAVY_FROM = 1.5;

/** The heavy days of a series, so that what comes once a month is known from its second time on: one precedent is enough (detection.md 8). */
export class HeavyDays {
  #days: HeavyDay[] = [];

  /** Notes what the series is beyond its expectation now. */
  note(node: SeriesNode, minute: number): void {
    const day = node.hours.day(minute);
    let last = this.#days.at(-1);
    if (last?.day !== day) {
      last = { day, excessUsd: WINDOWS.map(() => 0) };
      this.#days = [...this.#days.filter((one) => day - one.day <= KEPT_DAYS), last];
    }
    for (const [at, window] of WINDOWS.entries()) {
      last.excessUsd[at] = Math.max(last.excessUsd[at] ?? 0, excessOf(node, { minute, window }));
    }
  }

  /** Whether a day at the same place of an earlier month was about as heavy. Windows beyond a day have no precedents. */
  hasLike(day: number, window: WindowMinutes, excessUsd: number): boolean {
    const at = WINDOWS.findIndex((one) => one >= window);
    return this.#days.some(
      (one) => excessUsd <= LIKE * (one.excessUsd[at] ?? 0) && isSamePlace(one.day, day),
    );
  }
}

/** Whether two days of different months lie at the same place in them: on about the same date, or among the first or last working days. */
export function isSamePlace(earlier: number, later: number): boolean {
  const [a, b] = [placeOf(earlier), placeOf(later)];
  if (later <= earlier || a.month === b.month) return false;
  return (
    Math.abs(a.date - b.date) <= 1 ||
    (a.toEnd === b.toEnd && b.toEnd < LAST_WORKDAYS) ||
    (a.fromStart === b.fromStart && b.fromStart === 0)
  );
}
const LAST_WORKDAYS = 2;

interface Place {
  readonly month: number;
  readonly date: number;
  /** Working days before it in its month, and after it; NaN on a weekend. */
  readonly fromStart: number;
  readonly toEnd: number;
}

function placeOf(day: number): Place {
  const at = new Date(day * 86_400_000);
  const month = at.getUTCMonth();
  const date = at.getUTCDate();
  const length = new Date(Date.UTC(at.getUTCFullYear(), month + 1, 0)).getUTCDate();
  if (!isWorkday(day)) return { month, date, fromStart: NaN, toEnd: NaN };
  return {
    month,
    date,
    fromStart: workdays(day - date + 1, day),
    toEnd: workdays(day + 1, day + length - date + 1),
  };
}

/** Working days from one day up to another, which does not count. */
function workdays(from: number, until: number): number {
  let count = 0;
  for (let day = from; day < until; day++) if (isWorkday(day)) count++;
  return count;
}

/** 1 January 1970 was a Thursday. */
function isWorkday(day: number): boolean {
  return (day + 3) % 7 < 5;
}

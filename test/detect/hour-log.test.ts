import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import {
  EMPTY_HOUR,
  HISTORY_HOURS,
  HOUR,
  HourLog,
  HOURS_PER_WEEK,
  type HourSample,
} from "../../src/detect/hour-log.ts";

const FIRST = 480_000;

function aSample(usd: number): HourSample {
  return {
    usd,
    requests: 10 * usd,
    tokens: 1_000 * usd,
    activeUsers: 1,
    cells: 2,
    starts: 1,
    loads: 3,
  };
}

/** Hours of the given dollars, one after the other from `FIRST`; null: an hour that held nothing. */
function aLog(...hours: readonly (number | null)[]): HourLog {
  const log = new HourLog();
  hours.forEach((usd, index) => {
    if (usd !== null) log.append(FIRST + index, aSample(usd));
  });
  return log;
}

function sampleAt(log: HourLog, hour: number): HourSample {
  const index = log.find(hour);
  return {
    usd: log.value(index, HOUR.usd),
    requests: log.value(index, HOUR.requests),
    tokens: log.value(index, HOUR.tokens),
    activeUsers: log.value(index, HOUR.activeUsers),
    loads: log.value(index, HOUR.loads),
    cells: log.value(index, HOUR.cells),
    starts: log.value(index, HOUR.starts),
  };
}

/** Dollars held from one hour to before another, in order. */
function dollars(log: HourLog, from: number, to: number): number[] {
  const values: number[] = [];
  const end = log.indexFrom(to);
  for (let index = log.indexFrom(from); index < end; index++) {
    values.push(log.value(index, HOUR.usd));
  }
  return values;
}

const weekly = (log: HourLog, hour: number, weeks: number): number[] =>
  log.sameHourOfWeek(hour, weeks).map((index) => log.value(index, HOUR.usd));

describe("HourLog", () => {
  it("gives each hour back as it was, and zeros for those that held nothing", () => {
    const log = aLog(1, null, 3);

    expect(sampleAt(log, FIRST)).toEqual(aSample(1));
    expect(sampleAt(log, FIRST + 2)).toEqual(aSample(3));
    expect(log.find(FIRST + 1)).toBe(-1);
    expect(sampleAt(log, FIRST + 1)).toEqual(EMPTY_HOUR);
    expect(log.find(FIRST + 3)).toBe(-1);
    expect(log.firstHour).toBe(FIRST);
    expect(log.length).toBe(2);
    expect(log.hour(1)).toBe(FIRST + 2);
  });

  it("tells which of the hours held lie between two others", () => {
    const log = aLog(1, 2, null, 4, 5);

    expect(dollars(log, FIRST + 1, FIRST + 4)).toEqual([2, 4]);
    expect(dollars(log, 0, FIRST)).toEqual([]);
    expect(dollars(log, FIRST + 4, FIRST + 99)).toEqual([5]);
  });

  it("gives the same hour of past weeks, newest first, with zeros, but none from before it began", () => {
    const log = new HourLog();
    for (const week of [0, 1, 3]) log.append(FIRST + week * HOURS_PER_WEEK, aSample(week + 1));
    const now = FIRST + 4 * HOURS_PER_WEEK;

    expect(weekly(log, now, 5)).toEqual([4, 0, 2, 1]);
    expect(weekly(log, now, 2)).toEqual([4, 0]);
    expect(weekly(log, FIRST, 5)).toEqual([]);
    expect(weekly(new HourLog(), now, 5)).toEqual([]);
  });

  it("keeps five weeks and two days and no more, however long it runs and wherever its silences lie", () => {
    const gaps = fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 200 })), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 40 }), (pattern, repeats) => {
        const log = new HourLog();
        const all = new Map<number, number>();
        let hour = FIRST;
        for (let one = 0; one < repeats * pattern.length; one++) {
          hour += pattern[one % pattern.length]!;
          log.append(hour, aSample(one + 1));
          all.set(hour, one + 1);
        }

        const from = hour - HISTORY_HOURS - 48;
        const kept = [...all].filter(([one]) => one >= from).map(([, usd]) => usd);
        expect(dollars(log, 0, Infinity)).toEqual(kept);
        expect(dollars(log, from + 100, hour)).toEqual(
          [...all].filter(([one]) => one >= from + 100 && one < hour).map(([, usd]) => usd),
        );
      }),
      { numRuns: 100 },
    );
  });

  it("begins anew after a silence longer than its history", () => {
    const log = aLog(7);

    log.append(FIRST + HISTORY_HOURS + 1, aSample(1));

    expect(log.firstHour).toBe(FIRST + HISTORY_HOURS + 1);
    expect(dollars(log, 0, Infinity)).toEqual([1]);
    expect(log.sameHourOfWeek(FIRST + HISTORY_HOURS + 10, 5)).toEqual([]);
  });
});

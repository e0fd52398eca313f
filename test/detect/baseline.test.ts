import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { median, medianAbsoluteDeviation } from "simple-statistics";
import { busyHour, centreOf, expectHour, expectUsd } from "../../src/detect/baseline.ts";
import { HISTORY_HOURS, HourLog, HOURS_PER_WEEK } from "../../src/detect/hour-log.ts";
import { MONDAY_MINUTE } from "../support/spend-stream.ts";

/** A Monday, 10 o'clock. */
const TEN = MONDAY_MINUTE / 60 + 10;

/** Dollars by hour; the rest follows. */
function aLog(hours: ReadonlyMap<number, number>): HourLog {
  const log = new HourLog();
  for (const [hour, usd] of [...hours].sort(([a], [b]) => a - b)) {
    log.append(hour, { usd, requests: usd * 2, tokens: usd * 100, activeUsers: 3 });
  }
  return log;
}

/** The Mondays before `TEN`, oldest first. */
function mondays(...usd: readonly number[]): Map<number, number> {
  return new Map(usd.map((value, index) => [TEN - (usd.length - index) * HOURS_PER_WEEK, value]));
}

describe("expectHour", () => {
  it("is the median of the same hour of past weeks, which no single incident moves", () => {
    const expected = expectHour(aLog(mondays(10, 11, 500, 9, 10)), TEN);

    expect(expected).toMatchObject({ usd: 10, requests: 20, tokens: 1_000, activeUsers: 3 });
    expect(expected.samples).toBe(5);
  });

  it("tells how much the hour varies, robustly", () => {
    const calm = expectHour(aLog(mondays(100, 101, 99, 100, 100)), TEN);
    const wildHours = mondays(20, 180, 100, 60, 140);
    for (const [hour, usd] of [...wildHours]) wildHours.set(hour - 1, usd).set(hour + 1, usd);
    const wild = expectHour(aLog(wildHours), TEN);

    expect(wild.usd).toBe(100);
    expect(wild.spreadUsd).toBeCloseTo(1.4826 * 40, 6);
    // never below a tenth of the centre: five samples agree by chance
    expect(calm.spreadUsd).toBe(10);
  });

  it("takes the neighbour hours into the spread", () => {
    const hours = mondays(100, 100, 100, 100, 100);
    [30, 170, 100, 40, 160].forEach((usd, index) => {
      const monday = TEN - (5 - index) * HOURS_PER_WEEK;
      hours.set(monday - 1, usd).set(monday + 1, usd);
    });

    expect(expectHour(aLog(hours), TEN).spreadUsd).toBeGreaterThan(40);
    expect(expectHour(aLog(mondays(100, 100, 100, 100, 100)), TEN).spreadUsd).toBe(10);
  });

  it("asks other days of the same kind where it knows too few weeks", () => {
    const hours = new Map([
      [TEN - 7 * 24, 4],
      [TEN - 6 * 24, 7],
      [TEN - 5 * 24, 1],
      [TEN - 4 * 24, 5],
      [TEN - 3 * 24, 6],
      // Saturday and Sunday
      [TEN - 2 * 24, 900],
      [TEN - 24, 900],
    ]);

    expect(expectHour(aLog(hours), TEN).usd).toBe(5);
  });

  it("asks any hour where it knows no such day", () => {
    const sunday = TEN - 24;

    expect(expectHour(aLog(new Map([[sunday + 3, 8]])), TEN)).toMatchObject({ usd: 8, samples: 1 });
  });

  it("knows that it knows nothing", () => {
    expect(expectHour(new HourLog(), TEN)).toEqual({
      usd: 0,
      requests: 0,
      tokens: 0,
      activeUsers: 0,
      spreadUsd: 0,
      dailyUsd: 0,
      samples: 0,
    });
  });

  it("tells the mean dollars of a day, silent hours included", () => {
    const hours = new Map(Array.from({ length: 10 }, (_, day) => [TEN - (10 - day) * 24, 30]));

    expect(expectHour(aLog(hours), TEN).dailyUsd).toBeCloseTo(30, 6);
  });
});

describe("busyHour", () => {
  it("is the mean of the hours that held anything, before the one asked for", () => {
    const log = aLog(
      new Map([
        [TEN - 30, 10],
        [TEN - 2, 20],
        [TEN, 1_000],
      ]),
    );

    expect(busyHour(log, TEN)).toEqual({ usd: 15, requests: 30, tokens: 1_500, activeUsers: 3 });
  });
});

/** The same by its definition, over a plain map of dollars by hour. */
function byDefinition(
  hours: ReadonlyMap<number, number>,
  hour: number,
): { usd: number; spreadUsd: number; dailyUsd: number } {
  const first = Math.min(...hours.keys());
  const past = [...hours.keys()].filter((one) => one >= hour - HISTORY_HOURS && one < hour);
  const at = (one: number): number => hours.get(one) ?? 0;
  const weeks = (of: number): number[] =>
    [1, 2, 3, 4, 5].map((week) => of - week * HOURS_PER_WEEK).filter((one) => one >= first);
  const isWeekend = (of: number): boolean => new Date(of * 3_600_000).getUTCDay() % 6 === 0;
  const sameKind = Array.from({ length: 60 }, (_, day) => hour - (day + 1) * 24)
    .filter((one) => one >= first && isWeekend(one) === isWeekend(hour))
    .slice(0, 10);
  const lastWeek = past.filter((one) => one >= hour - HOURS_PER_WEEK);
  const days = sameKind.length > 0 ? sameKind : lastWeek;
  const values = (weeks(hour).length >= 3 ? weeks(hour) : days).map(at);
  if (values.length === 0) return { usd: 0, spreadUsd: 0, dailyUsd: 0 };
  const usd = median(values);
  const deviations = [hour - 1, hour + 1].flatMap((of) => {
    const beside = weeks(of).map(at);
    return beside.length < 3 ? [] : beside.map((value) => value - median(beside));
  });
  const mad = medianAbsoluteDeviation([0, ...values.map((value) => value - usd), ...deviations]);
  const sum = past.reduce((total, one) => total + at(one), 0);
  const busy = past.length === 0 ? 0 : sum / past.length;
  return {
    usd,
    spreadUsd: Math.max(1.4826 * mad, 0.1 * usd, 0.05 * busy),
    dailyUsd: (sum / Math.min(HISTORY_HOURS, hour - first)) * 24,
  };
}

describe("expectHour, over any history", () => {
  const history = fc.record({
    hours: fc.integer({ min: 1, max: 1_300 }),
    busy: fc.integer({ min: 1, max: 100 }),
    seed: fc.integer({ min: 1, max: 1_000 }),
  });

  it("is what its definition says, for the hour that runs, the one before and the next", () => {
    fc.assert(
      fc.property(history, ({ hours, busy, seed }) => {
        const log = new HourLog();
        const all = new Map<number, number>();
        for (let one = 0; one < hours; one++) {
          const chance = (one * 7_919 * seed) % 100;
          if (chance >= busy && one > 0) continue;
          const usd = ((one * seed * 31) % 400) / 4;
          all.set(TEN + one, usd);
          log.append(TEN + one, { usd, requests: usd * 2, tokens: usd * 100, activeUsers: 3 });
        }
        for (const hour of [TEN + hours - 1, TEN + hours, TEN + hours + 1]) {
          const expected = expectHour(log, hour);
          const definition = byDefinition(all, hour);
          if (hour <= TEN) continue;
          expect(expected.usd).toBe(definition.usd);
          expect(expected.requests).toBe(2 * definition.usd);
          expect(expected.spreadUsd).toBeCloseTo(definition.spreadUsd, 9);
          if (expected.samples > 0) expect(expected.dailyUsd).toBeCloseTo(definition.dailyUsd, 9);
          expect(expectUsd(log, hour)).toBe(expected.usd);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("has a centre that stands once it rests on other days, and one that does not while it rests on the hours before it", () => {
    expect(centreOf(aLog(mondays(1, 2, 3)), TEN).settled).toBe(true);
    expect(centreOf(aLog(new Map([[TEN - 3 * 24, 1]])), TEN)).toMatchObject({ settled: true });
    expect(centreOf(aLog(new Map([[TEN - 3, 8]])), TEN)).toMatchObject({ usd: 8, settled: false });
    expect(centreOf(new HourLog(), TEN)).toMatchObject({ samples: 0, settled: false });
  });
});

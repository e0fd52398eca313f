import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { ALERT_SCORE, SeriesScorer } from "../../src/score/series-scorer.ts";
import { dailySeries, randomOf } from "./series.ts";

type Row = readonly [timeMs: number, value: number | null];

function scores(rows: readonly Row[]): number[] {
  const scorer = new SeriesScorer();
  return rows.map(([timeMs, value]) => scorer.next(timeMs, value));
}

const daily = (rows: number, seed?: number): Row[] =>
  dailySeries(rows, seed).map(({ timeMs, value }) => [timeMs, value]);
const alerts = (all: readonly number[]): number[] =>
  all.flatMap((score, row) => (score >= ALERT_SCORE ? [row] : []));

const anyRows = fc
  .array(
    fc.tuple(
      fc.integer({ min: -1_000, max: 100_000 }),
      fc.option(fc.oneof(fc.double({ noNaN: true }), fc.integer({ min: 0, max: 3 })), { freq: 10 }),
    ),
    { maxLength: 400 },
  )
  .map((steps) => {
    let timeMs = 1.7e12;
    return steps.map(([step, value]) => [(timeMs += step), value] as const);
  });

describe("SeriesScorer", () => {
  it("scores a row by the rows up to it alone: a prefix has the same scores", () => {
    fc.assert(
      fc.property(anyRows, fc.nat(400), (rows, cut) => {
        expect(scores(rows.slice(0, cut))).toEqual(scores(rows).slice(0, cut));
      }),
      { numRuns: 60 },
    );
  });

  it("does so also on a long series, whatever comes after", () => {
    const rows = daily(2_500);
    const past = rows.slice(0, 1_800);
    const strange = rows.slice(1_800).map(([timeMs], row): Row => [timeMs, 1e6 * (row % 7)]);

    const whole = scores(rows);

    expect(scores(past)).toEqual(whole.slice(0, 1_800));
    expect(scores([...past, ...strange]).slice(0, 1_800)).toEqual(whole.slice(0, 1_800));
  });

  it("gives numbers from 0 to 1, also for the largest and smallest doubles", () => {
    const huge: Row[] = daily(600).map(([timeMs], row) => [
      timeMs,
      [Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324, 0][row % 4] ?? 0,
    ]);
    fc.assert(
      fc.property(anyRows, (rows) => scores(rows).every((score) => score >= 0 && score <= 1)),
      { numRuns: 60 },
    );

    expect(scores(huge).every((score) => score >= 0 && score <= 1)).toBe(true);
  });

  it("alerts once, and at once, when a daily curve breaks", () => {
    const rows = daily(3_000).map(([timeMs, value], row): Row => {
      const broken = row >= 2_700 && row < 2_760;
      return [timeMs, broken ? 200 : value];
    });

    const found = alerts(scores(rows)).filter((row) => row >= 600);

    expect(found.filter((row) => row >= 2_700 && row < 2_705)).toHaveLength(1);
    expect(found.filter((row) => row >= 2_705 && row < 2_760)).toHaveLength(0);
  });

  it("sees a value that is ordinary in itself at the wrong time of the period", () => {
    const rows = daily(3_000).map(([timeMs, value], row): Row => {
      const isTrough = row >= 2_808 && row < 2_832;
      return [timeMs, isTrough ? 130 : value];
    });

    expect(alerts(scores(rows)).some((row) => row >= 2_808 && row < 2_832)).toBe(true);
  });

  it("says little of a series that goes on as before", () => {
    for (const seed of [1, 2, 3]) {
      expect(alerts(scores(daily(4_000, seed))).length).toBeLessThanOrEqual(6);
    }
  });

  it("is the same whatever the unit of the values", () => {
    const rows = daily(2_000);
    const scaled = rows.map(([timeMs, value]): Row => [timeMs, (value ?? 0) * 1024]);

    const [first, second] = [scores(rows), scores(scaled)];

    const apart = first.map((score, row) => Math.abs(score - (second[row] ?? 0)));
    expect(Math.max(...apart.slice(1))).toBeLessThan(1e-6);
  });

  it("scores a missing value 0 and learns nothing of it", () => {
    const rows = daily(900);
    const holed = rows.flatMap((row, at): Row[] =>
      at === 500 ? [row, [row[0] + 1, null]] : [row],
    );

    const found = scores(holed);

    expect(found[501]).toBe(0);
    expect([...found.slice(0, 501), ...found.slice(502)]).toEqual(scores(rows));
  });

  it("never alerts on a constant, and does on the first value that differs", () => {
    const constant = daily(800).map(([timeMs]): Row => [timeMs, 7]);

    expect(alerts(scores(constant))).toEqual([]);
    expect(alerts(scores([...constant, [constant.at(-1)![0] + 300_000, 8]]))).toEqual([800]);
  });

  it("takes time that stands still, goes back or leaps", () => {
    const random = randomOf(5);
    const rows = daily(1_500).map(([timeMs, value]): Row => {
      const leap = [0, 0, -7_200_000, 31_536_000_000][Math.floor(random() * 4)] ?? 0;
      return [timeMs + leap, value];
    });
    const still = daily(500).map(([, value]): Row => [0, value]);

    for (const score of [...scores(rows), ...scores(still)]) expect(score).toBeLessThanOrEqual(1);
  });
});

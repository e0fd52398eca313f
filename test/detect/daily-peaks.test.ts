import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { DailyPeaks } from "../../src/detect/daily-peaks.ts";

const DAY = 20_000;

/** Peaks after `sums` were seen, one a day. */
function seen(...sums: readonly number[]): DailyPeaks {
  const peaks = new DailyPeaks(2);
  sums.forEach((sum, day) => peaks.observe((DAY + day) * 1440, [sum, 2 * sum], 0));
  return peaks;
}

describe("DailyPeaks", () => {
  it("tells the largest of the past days, of each window its own; today does not count yet", () => {
    const peaks = seen(4, 6, 5, 99);
    const now = (DAY + 3) * 1440 + 100;

    expect(peaks.largest(now, 0)).toBe(6);
    expect(peaks.largest(now, 1)).toBe(12);
    expect(peaks.today(now, 0)).toBe(99);
    expect(peaks.today(now, 1)).toBe(198);
  });

  it("leaves out a single day three times above all others, but not two", () => {
    expect(seen(4, 50, 5, 0).largest((DAY + 3) * 1440, 0)).toBe(5);
    expect(seen(4, 50, 45, 0).largest((DAY + 3) * 1440, 0)).toBe(50);
  });

  it("is what a list of all days says of the past 35, over silences too, read from any place in the sums", () => {
    const visits = fc.array(
      fc.record({
        days: fc.oneof(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 35 })),
        sum: fc.integer({ min: 0, max: 100 }),
      }),
      { minLength: 1, maxLength: 80 },
    );
    fc.assert(
      fc.property(visits, fc.integer({ min: 0, max: 3 }), (all, from) => {
        const peaks = new DailyPeaks(1);
        const days = new Map<number, number>();
        let day = DAY;
        for (const { days: later, sum } of all) {
          day += later;
          const sums = new Array<number>(from).fill(999);
          peaks.observe(day * 1440 + 7, [...sums, sum], from);
          days.set(day, Math.max(sum, days.get(day) ?? 0));
        }

        const past = [...days].filter(([one]) => one < day && one >= day - 35);
        const [first = 0, second = 0] = past.map(([, sum]) => sum).sort((a, b) => b - a);
        const largest = first > 3 * second && second > 0 ? second : first;
        expect(peaks.largest(day * 1440 + 9, 0)).toBe(largest);
        expect(peaks.today(day * 1440 + 9, 0)).toBe(days.get(day));
      }),
    );
  });
});

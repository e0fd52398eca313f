import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { LocalHours } from "../../src/detect/local-hours.ts";
import { SlowBurn } from "../../src/detect/slow-burn.ts";
import { MONDAY_MINUTE } from "../support/spend-stream.ts";

const hours = new LocalHours({ calendar: [], timezone: "UTC" });
const EVENING = 23 * 60 + 55;

/** One day seen at its end. */
function live(slow: SlowBurn, day: number, deviations: number, isNormal = true): number {
  slow.add(deviations);
  slow.seeAt(MONDAY_MINUTE + day * 1440 + EVENING, hours, isNormal);
  const { value } = slow;
  slow.turn();
  return value;
}

describe("SlowBurn", () => {
  it("adds up days that are each a little over the usual", () => {
    const slow = new SlowBurn();
    const sums = [0, 1, 2].map((day) => live(slow, day, 1.5));

    expect(sums[1]).toBeGreaterThan(1.5 * (sums[0] as number));
    expect(sums[2]).toBeGreaterThan(sums[1] as number);
  });

  it("forgets a day over the usual by ordinary ones after it", () => {
    const slow = new SlowBurn();
    live(slow, 0, 2);
    live(slow, 1, 0);

    expect(live(slow, 2, 0)).toBe(0);
  });

  it("is silent at weekends, and goes on after them", () => {
    const slow = new SlowBurn();
    const friday = live(slow, 4, 2);
    expect(live(slow, 5, 2)).toBeNaN();
    expect(live(slow, 6, 2)).toBeNaN();

    expect(live(slow, 7, 0.7)).toBeCloseTo(friday, 1);
  });

  it("counts no day with an incident in it", () => {
    const slow = new SlowBurn();
    live(slow, 0, 2.5, false);

    expect(live(slow, 1, 0.7)).toBe(0);
  });

  it("counts yesterday once in the morning, when the last 24 hours are yesterday", () => {
    const slow = new SlowBurn();
    const evening = live(slow, 0, 2);
    slow.add(2);
    slow.seeAt(MONDAY_MINUTE + 1440 + 5, hours, true);

    expect(slow.value).toBeCloseTo(evening, 9);
  });

  it("no single day takes it beyond what a large one may, and it never falls below nothing", () => {
    const days = fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { maxLength: 30 });
    fc.assert(
      fc.property(days, (deviations) => {
        const slow = new SlowBurn();
        deviations.forEach((one, index) => {
          const day = index + 2 * Math.floor(index / 5);
          const value = live(slow, day, one);
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1.8 * (index + 1) + 1e-9);
        });
      }),
    );
  });
});

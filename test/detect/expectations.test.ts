import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { expectHour } from "../../src/detect/baseline.ts";
import { Expectations } from "../../src/detect/expectations.ts";
import { HISTORY_HOURS, type HourSample } from "../../src/detect/hour-log.ts";

const FIRST = 490_000;

function aSample(usd: number): HourSample {
  return { usd, requests: 2 * usd, tokens: 100 * usd, activeUsers: 1 };
}

/** A series that held something in each of its hours so far; the next to close is `FIRST + hours`. */
function after(hours: number): Expectations {
  const expectations = new Expectations();
  for (let one = 0; one < hours; one++) {
    expectations.close(FIRST + one, aSample(1 + (one % 24)));
  }
  return expectations;
}

describe("Expectations", () => {
  it("keeps a centre over the closing of an hour, also one worked out ahead", () => {
    const expectations = after(4 * 168);
    const now = FIRST + 4 * 168;
    const centres = [now - 1, now, now + 1].map((hour) => expectations.centre(hour));

    expectations.close(now, aSample(900));

    expect(expectations.centre(now + 1)).toBe(centres[2]);
    expect(expectations.centre(now)).toBe(centres[1]);
  });

  it("takes what the closed hour adds into the spread and the mean of a day", () => {
    const expectations = after(4 * 168);
    const now = FIRST + 4 * 168;
    const before = expectations.of(now + 1);

    expectations.close(now, aSample(90_000));

    expect(expectations.of(now + 1).dailyUsd).toBeGreaterThan(2 * before.dailyUsd);
    expect(expectations.of(now + 1).spreadUsd).toBeGreaterThan(before.spreadUsd);
    expect(expectations.of(now + 1).usd).toBe(before.usd);
  });

  it("forgets a centre of a young series that the closed hour changes", () => {
    const expectations = after(3);
    const before = expectations.centre(FIRST + 4);

    expectations.close(FIRST + 3, aSample(50));

    expect(expectations.centre(FIRST + 4)).not.toBe(before);
    expect(expectations.centre(FIRST + 4).samples).toBe(4);
  });

  it("forgets everything when the log begins anew", () => {
    const expectations = after(4 * 168);
    const later = FIRST + 4 * 168 + HISTORY_HOURS + 5;
    expectations.centre(later + 1);

    expectations.close(later, aSample(7));

    expect(expectations.of(later + 1)).toMatchObject({ usd: 7, samples: 1 });
  });

  it("says at any time what the log says, in whatever order it is asked", () => {
    const step = fc.record({
      gap: fc.oneof(
        fc.constant(1),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 800, max: 900 }),
      ),
      usd: fc.integer({ min: 0, max: 50 }),
      asks: fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 5 }),
    });
    const start = fc.constantFrom(0, 3, 30, 200, 505, 900);
    fc.assert(
      fc.property(start, fc.array(step, { maxLength: 30 }), (hours, steps) => {
        const expectations = after(hours);
        let hour = FIRST + hours;
        for (const { gap, usd, asks } of steps) {
          // The hour before is not closed yet, or is; the next is asked for ahead.
          for (const ask of asks) expectations.of(hour + ask);
          for (const ask of asks) {
            const { log } = expectations;
            expect(expectations.of(hour + ask)).toEqual(expectHour(log, hour + ask));
            expect(expectations.centre(hour + ask).usd).toBe(expectHour(log, hour + ask).usd);
          }
          expectations.close(hour, aSample(usd));
          hour += gap;
        }
      }),
      { numRuns: 150 },
    );
  });

  it("tells the hours of a chart as they were when first asked for", () => {
    const expectations = after(3);
    const usd = expectations.chartUsd(FIRST + 4);

    expectations.close(FIRST + 3, aSample(500));

    expect(usd).toBe(2);
    expect(expectations.chartUsd(FIRST + 4)).toBe(2);
    for (let hour = 0; hour < 60; hour++) expectations.chartUsd(FIRST + hour);
    expect(expectations.chartUsd(FIRST + 4)).toBe(2.5);
  });
});

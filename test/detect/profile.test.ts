import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { CalendarEntry } from "../../src/config/calendar-file.ts";
import { HOUR, HOUR_COLUMNS } from "../../src/detect/hour-log.ts";
import { LocalHours } from "../../src/detect/local-hours.ts";
import { Profile } from "../../src/detect/profile.ts";
import { MONDAY_MINUTE, seeded } from "../support/spend-stream.ts";

const MONDAY = MONDAY_MINUTE / 60;
const UTC = new LocalHours({ timezone: "UTC", calendar: [] });

function dollars(usd: number): Float64Array {
  const sample = new Float64Array(HOUR_COLUMNS);
  sample[HOUR.usd] = usd;
  return sample;
}

/** Days of office work: dollars from nine to seventeen on weekdays, a tenth on weekends. */
function work(hour: number, usd: number): number {
  const day = Math.floor((hour - MONDAY) / 24) % 7;
  const isWork = hour % 24 >= 9 && hour % 24 < 17;
  return isWork ? (day < 5 ? usd : usd / 10) : 0;
}

function learn(
  profile: Profile,
  from: number,
  days: number,
  usdAt: (hour: number, day: number) => number,
  hours = UTC,
): void {
  for (let hour = from; hour < from + days * 24; hour++) {
    const usd = usdAt(hour, Math.floor((hour - from) / 24));
    if (usd > 0) profile.close(hour, dollars(usd), hours);
  }
}

const expected = (profile: Profile, hour: number, hours = UTC): number =>
  profile.expected(hour, HOUR.usd, hours);

describe("Profile", () => {
  it("expects nothing before it has seen an hour", () => {
    const profile = new Profile();

    expect(expected(profile, MONDAY)).toBe(0);
    expect(profile.mean(HOUR.usd)).toBe(0);
    expect(profile.hours).toBe(0);
  });

  it("learns the shape of a week, silent hours too", () => {
    const profile = new Profile();
    learn(profile, MONDAY, 28, (hour) => work(hour, 10));
    const next = MONDAY + 28 * 24;

    expect(expected(profile, next + 10)).toBeCloseTo(10, 1);
    expect(expected(profile, next + 3)).toBe(0);
    expect(expected(profile, next + 5 * 24 + 10)).toBeCloseTo(1, 1);
    expect(expected(profile, next + 5 * 24 + 3)).toBe(0);
    // eight hours of ten dollars on five days, of one dollar on two
    expect(profile.mean(HOUR.usd)).toBeCloseTo((5 * 80 + 2 * 8) / 168, 1);
    // until the last hour that held something
    expect(profile.hours).toBe(27 * 24 + 17 - 9);
  });

  it("expects the mean where an hour of the week was never seen", () => {
    const profile = new Profile();
    learn(profile, MONDAY, 2, () => 6);

    expect(expected(profile, MONDAY + 5 * 24 + 12)).toBeCloseTo(6, 4);
  });

  it("comes to what is usual whatever the size, within the noise", () => {
    const size = fc.double({ min: 0.01, max: 10_000, noNaN: true });
    fc.assert(
      fc.property(size, fc.integer({ min: 1, max: 1_000 }), (usd, seed) => {
        const random = seeded(seed);
        const profile = new Profile();
        learn(profile, MONDAY, 28, (hour) => work(hour, usd) * (0.7 + 0.6 * random()));
        const ratio = expected(profile, MONDAY + 28 * 24 + 11) / usd;

        expect(ratio).toBeGreaterThan(0.8);
        expect(ratio).toBeLessThan(1.2);
      }),
      { numRuns: 20 },
    );
  });

  it("follows growth of one per cent a day, and a level that was left", () => {
    const profile = new Profile();
    learn(profile, MONDAY, 56, (hour, day) => work(hour, 10 * 1.01 ** day));
    const now = 10 * 1.01 ** 56;

    expect(expected(profile, MONDAY + 56 * 24 + 10) / now).toBeGreaterThan(0.8);
    expect(expected(profile, MONDAY + 56 * 24 + 10) / now).toBeLessThan(1.15);

    learn(profile, MONDAY + 56 * 24, 28, (hour) => work(hour, now / 2));
    expect(expected(profile, MONDAY + 84 * 24 + 10) / (now / 2)).toBeLessThan(1.35);
  });

  it("does not take a lone outlier for the profile, however large", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 20, max: 1e6, noNaN: true }),
        fc.integer({ min: 0, max: 119 }),
        (outlier, at) => {
          const [plain, hit] = [new Profile(), new Profile()];
          const wild = MONDAY + 21 * 24 + at;
          learn(plain, MONDAY, 28, (hour) => work(hour, 10));
          learn(hit, MONDAY, 28, (hour) => (hour === wild ? outlier : work(hour, 10)));
          const next = MONDAY + 28 * 24;

          for (let hour = next; hour < next + 24; hour++) {
            expect(expected(hit, hour)).toBeLessThan(expected(plain, hour) * 1.2 + 1);
          }
          expect(hit.mean(HOUR.usd)).toBeLessThan(1.1 * plain.mean(HOUR.usd));
        },
      ),
      { numRuns: 25 },
    );
  });

  it("passes over a skipped hour: neither what it held nor its silence is learnt", () => {
    const [plain, skipping] = [new Profile(), new Profile()];
    learn(plain, MONDAY, 21, (hour) => work(hour, 10));
    learn(skipping, MONDAY, 21, (hour) => work(hour, 10));
    const monday = MONDAY + 21 * 24;

    for (let hour = MONDAY + 20 * 24 + 17; hour < monday + 12; hour++) skipping.skip(hour);
    skipping.close(monday + 12, dollars(10), UTC);

    expect(expected(skipping, monday + 34)).toBeCloseTo(expected(plain, monday + 34), 3);
    expect(skipping.hours).toBe(plain.hours + 1);
  });

  it("counts a silence of months as five weeks, not hour by hour for ever", () => {
    const profile = new Profile();
    profile.close(MONDAY, dollars(10), UTC);
    profile.close(MONDAY + 100_000, dollars(10), UTC);

    expect(profile.hours).toBe(1 + 840 + 1);
  });

  it("multiplies by what a planned event is expected to bring, and learns nothing from it", () => {
    const tuesday = MONDAY + 22 * 24;
    const launch: CalendarEntry = {
      kind: "event",
      name: "launch",
      departments: [],
      teams: [],
      expect: 4,
      when: { every: "once", fromMinute: tuesday * 60, toMinute: (tuesday + 48) * 60 },
    };
    const hours = new LocalHours({ timezone: "UTC", calendar: [launch] });
    const profile = new Profile();
    learn(profile, MONDAY, 22, (hour) => work(hour, 10), hours);
    expect(hours.planned(tuesday + 10)).toBe(4);

    expect(expected(profile, tuesday + 10, hours)).toBeCloseTo(40, 0);
    learn(profile, tuesday, 2, (hour) => work(hour, 40), hours);

    expect(expected(profile, tuesday + 48 + 10, hours)).toBeCloseTo(10, 0);
  });
});

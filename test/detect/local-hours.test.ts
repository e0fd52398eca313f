import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { CalendarEntry } from "../../src/config/calendar-file.ts";
import { factorAt, localHour } from "../../src/detect/calendar.ts";
import { BINS, LocalHours } from "../../src/detect/local-hours.ts";

const minute = (iso: string): number => Date.parse(iso) / 60_000;
const hour = (iso: string): number => minute(iso) / 60;

/** Local times, from the first to before the second. */
function entry(kind: CalendarEntry["kind"], from: string, to: string): CalendarEntry {
  return {
    name: kind,
    kind,
    departments: [],
    teams: [],
    when: { every: "once", fromMinute: minute(`${from}Z`), toMinute: minute(`${to}Z`) },
    expect: kind === "holiday" ? null : 3,
  };
}

describe("LocalHours", () => {
  it("tells working days from weekends by the local clock", () => {
    const tokyo = new LocalHours({ timezone: "Asia/Tokyo", calendar: [] });

    expect(tokyo.bin(hour("2026-03-13T14:00Z"))).toBe(23);
    expect(tokyo.bin(hour("2026-03-13T15:00Z"))).toBe(24);
    expect(tokyo.bin(hour("2026-03-15T14:00Z"))).toBe(24 + 23);
    expect(tokyo.bin(hour("2026-03-15T15:00Z"))).toBe(0);
  });

  it("moves with summer time", () => {
    const berlin = new LocalHours({ timezone: "Europe/Berlin", calendar: [] });

    expect(berlin.bin(hour("2026-03-27T08:00Z"))).toBe(9);
    expect(berlin.bin(hour("2026-03-30T07:00Z"))).toBe(9);
    expect(berlin.bin(hour("2026-03-30T08:00Z"))).toBe(10);
    // The last Sunday of March has no hour from two to three, that of October two of them.
    expect([0, 1, 2].map((later) => berlin.bin(hour("2026-03-29T00:00Z") + later))).toEqual([
      25, 27, 28,
    ]);
    expect([0, 1, 2].map((later) => berlin.bin(hour("2026-10-25T00:00Z") + later))).toEqual([
      26, 26, 27,
    ]);
  });

  it("counts days by the local midnight, on the days when the clock changes too", () => {
    const berlin = new LocalHours({ timezone: "Europe/Berlin", calendar: [] });
    const lengths = [
      ["2026-03-28T23:00Z", "2026-03-29T22:00Z"],
      ["2026-10-24T22:00Z", "2026-10-25T23:00Z"],
      ["2026-06-01T22:00Z", "2026-06-02T22:00Z"],
    ] as const;
    for (const [from, to] of lengths) {
      const day = berlin.day(minute(from));
      expect(berlin.day(minute(from) - 1)).toBe(day - 1);
      expect(berlin.day(minute(to) - 1)).toBe(day);
      expect(berlin.day(minute(to))).toBe(day + 1);
    }
  });

  it("has a holiday like a weekend, and nothing special about it", () => {
    const calendar = [entry("holiday", "2026-03-10T00:00", "2026-03-11T00:00")];
    const hours = new LocalHours({ timezone: "UTC", calendar });

    expect(hours.bin(hour("2026-03-09T12:00Z"))).toBe(12);
    expect(hours.bin(hour("2026-03-10T12:00Z"))).toBe(24 + 12);
    expect(hours.bin(hour("2026-03-11T12:00Z"))).toBe(12);
    expect(hours.planned(hour("2026-03-10T12:00Z"))).toBe(1);
    expect(hours.isSpecial(hour("2026-03-10T12:00Z"))).toBe(false);
  });

  it("expects a planned event by the local clock, on days that stay working days", () => {
    const calendar = [entry("event", "2026-03-10T09:00", "2026-03-10T17:00")];
    const hours = new LocalHours({ timezone: "America/New_York", calendar });
    const planned = (iso: string): number => hours.planned(hour(iso));

    // Nine in New York is one in the afternoon, UTC.
    expect([planned("2026-03-10T12:00Z"), planned("2026-03-10T13:00Z")]).toEqual([1, 3]);
    expect([planned("2026-03-10T20:00Z"), planned("2026-03-10T21:00Z")]).toEqual([3, 1]);
    expect(hours.isSpecial(hour("2026-03-10T13:00Z"))).toBe(true);
    expect(hours.bin(hour("2026-03-10T13:00Z"))).toBe(9);
  });

  it("answers the same whatever was asked before", () => {
    const calendar = [
      entry("holiday", "2026-03-10T00:00", "2026-03-11T00:00"),
      entry("event", "2026-04-01T00:00", "2026-04-03T00:00"),
    ];
    const settings = { timezone: "Europe/Berlin", calendar };
    const hours = new LocalHours(settings);
    const first = hour("2026-03-01T00:00Z");
    fc.assert(
      fc.property(fc.array(fc.integer({ min: first, max: first + 3_000 })), (asked) => {
        for (const one of asked) {
          const { isWeekend, hour: ofDay } = localHour(settings.timezone, one * 60);
          const factor = factorAt(settings, one * 60);
          const isOff = isWeekend || factor.kind === "holiday";
          expect(hours.bin(one)).toBe(ofDay + (isOff ? 24 : 0));
          expect(hours.bin(one)).toBeLessThan(BINS);
          expect(hours.planned(one)).toBe(factor.kind === "event" ? 3 : 1);
        }
      }),
    );
  });

  it("takes hours before 1970 too", () => {
    const hours = new LocalHours({ timezone: "UTC", calendar: [] });

    expect(hours.bin(-1)).toBe(23);
    expect(hours.day(-1)).toBe(-1);
  });
});

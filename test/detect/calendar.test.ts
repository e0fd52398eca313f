import { describe, expect, it } from "@jest/globals";
import { calendarFactor, factorAt, localHour } from "../../src/detect/calendar.ts";
import { localMinute } from "../../src/detect/local-time.ts";
import { DEFAULT_DETECTION } from "../../src/detect/settings.ts";
import { pipelineFrom } from "../../src/config/load.ts";
import type { CalendarEntry } from "../../src/config/calendar-file.ts";

const DAY = 1440;
const at = (iso: string): number => Date.parse(iso) / 60_000;

const entry = (given: Partial<CalendarEntry>): CalendarEntry => ({
  name: "x",
  kind: "event",
  when: { every: "once", fromMinute: at("2026-03-10T00:00Z"), toMinute: at("2026-03-11T00:00Z") },
  departments: [],
  teams: [],
  expect: 2,
  ...given,
});

/** What Intl says of the same minute, asked directly. */
function wallClock(timezone: string, minute: number): string {
  return new Intl.DateTimeFormat("sv-SE", {
    timeZone: timezone,
    dateStyle: "short",
    timeStyle: "short",
  }).format(minute * 60_000);
}

describe("localHour", () => {
  it("tells hour, day of the week and weekend", () => {
    expect(localHour("UTC", at("2026-03-09T00:59Z"))).toEqual({
      hour: 0,
      weekday: 0,
      isWeekend: false,
    });
    expect(localHour("Asia/Tokyo", at("2026-03-13T15:00Z"))).toEqual({
      hour: 0,
      weekday: 5,
      isWeekend: true,
    });
    expect(localHour("America/Los_Angeles", at("2026-03-09T03:00Z"))).toEqual({
      hour: 20,
      weekday: 6,
      isWeekend: true,
    });
    expect(localHour("UTC", at("1969-12-31T23:59Z"))).toMatchObject({ hour: 23, weekday: 2 });
  });

  it.each([
    ["Europe/Berlin", "2026-03-29T00:59Z", 1],
    ["Europe/Berlin", "2026-03-29T01:00Z", 3],
    ["Europe/Berlin", "2026-10-25T00:59Z", 2],
    ["Europe/Berlin", "2026-10-25T01:00Z", 2],
    ["Europe/Berlin", "2026-10-25T02:00Z", 3],
    ["America/New_York", "2026-03-08T06:59Z", 1],
    ["America/New_York", "2026-03-08T07:00Z", 3],
    ["America/New_York", "2026-11-01T05:59Z", 1],
    ["America/New_York", "2026-11-01T06:00Z", 1],
    ["America/New_York", "2026-11-01T07:00Z", 2],
    ["Asia/Kolkata", "2026-03-09T18:29Z", 23],
    ["Asia/Kolkata", "2026-03-09T18:30Z", 0],
    ["Asia/Kathmandu", "2026-03-09T18:14Z", 23],
    ["Asia/Kathmandu", "2026-03-09T18:15Z", 0],
    // Half an hour of summer time, at half past an hour of UTC.
    ["Australia/Lord_Howe", "2026-10-03T15:29Z", 1],
    ["Australia/Lord_Howe", "2026-10-03T15:30Z", 2],
  ])("is right in %s at %s: %i o'clock", (zone, iso, hour) => {
    expect(localHour(zone, at(iso)).hour).toBe(hour);
  });

  it.each(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Chatham"])(
    "agrees with the runtime's calendar in %s, every quarter of an hour of the days that change",
    (zone) => {
      for (const day of ["2026-03-08", "2026-03-29", "2026-04-04", "2026-09-26", "2026-10-25"]) {
        for (let minute = at(`${day}T00:00Z`) - 60; minute < at(`${day}T00:00Z`) + DAY; minute++) {
          if (minute % 15 !== 0 && minute % 15 !== 14) continue;
          const local = new Date(localMinute(zone, minute) * 60_000).toISOString();
          expect(local.slice(0, 16).replace("T", " ")).toBe(wallClock(zone, minute));
        }
      }
    },
  );

  it("refuses a zone that does not exist", () => {
    expect(() => localHour("Mars/Olympus", 0)).toThrow(RangeError);
  });
});

describe("calendarFactor", () => {
  it("knows a day off by the scope's own clock", () => {
    const { detection } = pipelineFrom({
      name: "p",
      format: "canonical-json",
      detection: {
        timezone: "Europe/Berlin",
        overrides: [{ team: "ny", timezone: "America/New_York" }],
      },
    });
    const settings = { ...detection, calendar: [entry({ kind: "holiday", expect: null })] };
    const berlin = (iso: string) => calendarFactor(settings, { team: "b" }, at(iso)).kind;
    const newYork = (iso: string) => calendarFactor(settings, { team: "ny" }, at(iso)).kind;

    expect(berlin("2026-03-09T22:59Z")).toBe("none");
    expect(berlin("2026-03-09T23:00Z")).toBe("holiday");
    expect(berlin("2026-03-10T22:59Z")).toBe("holiday");
    expect(berlin("2026-03-10T23:00Z")).toBe("none");
    expect(newYork("2026-03-10T03:59Z")).toBe("none");
    expect(newYork("2026-03-10T04:00Z")).toBe("holiday");
    expect(newYork("2026-03-11T03:59Z")).toBe("holiday");
  });

  it("lets an event go before a holiday, and the largest before the others", () => {
    const calendar = [
      entry({ expect: 3 }),
      entry({ kind: "holiday", expect: null }),
      entry({ expect: 4 }),
      entry({ expect: 0.5 }),
    ];
    const settings = { ...DEFAULT_DETECTION, calendar };

    expect(calendarFactor(settings, {}, at("2026-03-10T12:00Z"))).toEqual({
      kind: "event",
      expect: 4,
    });
    expect(calendarFactor(settings, {}, at("2026-03-12T12:00Z"))).toEqual({ kind: "none" });
  });

  it("holds an event to the minute, also of a day that it shares", () => {
    const when = {
      every: "once",
      fromMinute: at("2026-03-10T18:00Z"),
      toMinute: at("2026-03-11T06:00Z"),
    } as const;
    const calendar = [entry({ when }), entry({ kind: "holiday", expect: null })];
    const kind = (iso: string) => factorAt({ calendar, timezone: "UTC" }, at(iso)).kind;

    expect(kind("2026-03-10T17:59Z")).toBe("holiday");
    expect(kind("2026-03-10T18:00Z")).toBe("event");
    expect(kind("2026-03-11T05:59Z")).toBe("event");
    expect(kind("2026-03-11T06:00Z")).toBe("none");
  });

  it.each([
    ["2026-01-29T12:00Z", "event"],
    ["2026-01-28T23:59Z", "none"],
    ["2026-01-31T23:59Z", "event"],
    ["2026-02-01T00:00Z", "none"],
    ["2026-02-26T00:00Z", "event"],
    ["2028-02-27T00:00Z", "event"],
    ["2028-02-26T23:59Z", "none"],
  ])("finds the last three days of a month: %s is %s", (iso, kind) => {
    const calendar = [entry({ kind: "month_end", when: { every: "month_end", days: 3 } })];

    expect(factorAt({ calendar, timezone: "UTC" }, at(iso)).kind).toBe(kind);
  });
});

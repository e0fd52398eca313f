import { describe, expect, it } from "@jest/globals";
import { HeavyDays, isSamePlace } from "../../src/detect/heavy-days.ts";
import type { Incident } from "../../src/detect/incident.ts";
import type { PaneUse } from "../../src/detect/series-tree.ts";
import { DEFAULT_DETECTION } from "../../src/detect/settings.ts";
import { SpendDetector } from "../../src/detect/spend-detector.ts";
import { aUse, MONDAY_MINUTE, officeDays } from "../support/spend-stream.ts";
import { learnt, nodeOf, NOON, personal } from "./small-office.ts";

function dayOf(year: number, month: number, date: number): number {
  return Date.UTC(year, month - 1, date) / 86_400_000;
}

describe("isSamePlace", () => {
  it.each([
    ["the same date", dayOf(2026, 1, 14), dayOf(2026, 2, 14), true],
    ["a day beside it", dayOf(2026, 1, 14), dayOf(2026, 2, 13), true],
    ["two days beside it", dayOf(2026, 1, 14), dayOf(2026, 2, 12), false],
    ["the last working day", dayOf(2026, 1, 30), dayOf(2026, 2, 27), true],
    ["the last working day but one", dayOf(2026, 3, 30), dayOf(2026, 4, 29), true],
    ["the first working day", dayOf(2026, 7, 1), dayOf(2026, 8, 3), true],
    ["the first and the second", dayOf(2026, 7, 1), dayOf(2026, 8, 4), false],
    [
      "a Sunday that ends a month and the Monday after",
      dayOf(2026, 5, 31),
      dayOf(2026, 6, 1),
      false,
    ],
    ["another year", dayOf(2026, 12, 31), dayOf(2027, 1, 29), true],
    ["the same month", dayOf(2026, 1, 14), dayOf(2026, 1, 15), false],
    ["the wrong way round", dayOf(2026, 2, 14), dayOf(2026, 1, 14), false],
  ])("%s", (_, earlier, later, is) => {
    expect(isSamePlace(earlier, later)).toBe(is);
  });
});

describe("HeavyDays", () => {
  /** 40 dollars within five minutes of a Tuesday, 13 January. */
  const heavy = new HeavyDays();
  const detector = learnt(personal("ada", { minute: NOON + 2, usd: 40 }));
  heavy.note(nodeOf(detector, "user", "ada"), NOON + 4);
  const FEBRUARY = dayOf(2026, 2, 13);

  it("knows what was about as heavy a month ago, window by window", () => {
    expect(heavy.hasLike(FEBRUARY, 15, 55)).toBe(true);
    expect(heavy.hasLike(FEBRUARY, 15, 65)).toBe(false);
    expect(heavy.hasLike(FEBRUARY, 360, 20)).toBe(true);
  });

  it("knows nothing of another day, nor of windows of several", () => {
    expect(heavy.hasLike(FEBRUARY + 3, 15, 20)).toBe(false);
    expect(heavy.hasLike(FEBRUARY, 2880, 1)).toBe(false);
  });

  it("forgets in time", () => {
    const days = new HeavyDays();
    const node = nodeOf(detector, "user", "ada");
    days.note(node, NOON + 4);
    days.note(node, NOON + 4 + 71 * 1440);

    expect(days.hasLike(FEBRUARY, 15, 20)).toBe(false);
  });
});

/** One account's dollars from 13:00 for two hours of a day of the office. */
function closing(day: number, usd: number): PaneUse[] {
  return Array.from({ length: 120 }, (_, index) =>
    aUse({
      minute: MONDAY_MINUTE + day * 1440 + 13 * 60 + index,
      team: "team-1",
      user: "svc-close",
      key: "key-close",
      tool: "month-close",
      usd: usd / 120,
      requests: 3,
    }),
  );
}

const FRIDAY_MS = Date.UTC(2026, 1, 13);

/** Who was paged on Friday, 13 February, after five weeks of an office. */
function pagedInFebruary(...jobs: readonly PaneUse[]): Incident[] {
  const detector = new SpendDetector({ ...DEFAULT_DETECTION, minimumUsd: 20 });
  const paged = new Map<string, Incident>();
  let day = 0;
  for (const office of officeDays({ seed: 31, days: 40, teams: 2, people: 5 })) {
    const uses = [...office, ...jobs.filter(isOn(day))].sort((a, b) => a.minute - b.minute);
    if (day++ < 36) {
      detector.learn(uses);
      continue;
    }
    const changes = detector.observe(uses, uses.at(-1)!.minute * 60_000);
    for (const { incident } of changes) paged.set(incident.id, incident);
  }
  return [...paged.values()].filter(
    ({ severity, openedAtMs }) => severity === "page" && openedAtMs >= FRIDAY_MS,
  );
}

function isOn(day: number): (use: PaneUse) => boolean {
  return ({ minute }) => Math.floor((minute - MONDAY_MINUTE) / 1440) === day;
}

describe("a monthly job", () => {
  const JANUARY = 9;
  const FEBRUARY = 39;
  /** It works a little on other days, so that it is nobody new. */
  const daily = Array.from({ length: 36 }, (_, day) => closing(day, 1)).flat();

  it("pages the first time", () => {
    const [incident, ...others] = pagedInFebruary(...daily, ...closing(FEBRUARY, 120));

    expect(others).toEqual([]);
    expect(incident!.scope).toMatchObject({ team: "team-1", user: "svc-close" });
  });

  it("pages nobody where the same day of the last month held as much", () => {
    expect(pagedInFebruary(...daily, ...closing(JANUARY, 120), ...closing(FEBRUARY, 130))).toEqual(
      [],
    );
  });

  it("pages where it is several times as large as then", () => {
    expect(
      pagedInFebruary(...daily, ...closing(JANUARY, 120), ...closing(FEBRUARY, 600)),
    ).not.toEqual([]);
  });
});

import { beforeAll, describe, expect, it } from "@jest/globals";
import type { Incident } from "../../src/detect/incident.ts";
import type { PaneUse } from "../../src/detect/series-tree.ts";
import { DEFAULT_DETECTION } from "../../src/detect/settings.ts";
import { SpendDetector } from "../../src/detect/spend-detector.ts";
import { MONDAY_MINUTE, officeDays } from "../support/spend-stream.ts";

const HISTORY_DAYS = 28;
const WATCHED_DAYS = 5;
const OFFICE = { teams: 4, people: 5 } as const;

/** Five weeks of an office, day by day. */
function office(): PaneUse[][] {
  return [...officeDays({ ...OFFICE, seed: 12, days: HISTORY_DAYS + WATCHED_DAYS })];
}

/** What was told in the last five days, when each went through `change`: the newest state of each incident. */
function told(days: readonly PaneUse[][], change: (uses: PaneUse[]) => PaneUse[]): Incident[] {
  const detector = new SpendDetector({ ...DEFAULT_DETECTION, minimumUsd: 20 });
  for (const uses of days.slice(0, HISTORY_DAYS)) detector.learn(uses);
  const incidents = new Map<string, Incident>();
  for (const uses of days.slice(HISTORY_DAYS)) {
    const changed = change(uses).sort((a, b) => a.minute - b.minute);
    for (let from = 0; from < changed.length;) {
      const minute = changed[from]!.minute;
      const to = changed.findIndex((use, index) => index > from && use.minute > minute);
      const held = changed.slice(from, to < 0 ? changed.length : to);
      for (const { incident } of detector.observe(held, minute * 60_000)) {
        incidents.set(incident.id, incident);
      }
      from += held.length;
    }
  }
  return [...incidents.values()];
}

describe("tickets", () => {
  let days: PaneUse[][] = [];
  beforeAll(() => {
    days = office();
  });

  it("tells of nothing in a week like others", () => {
    expect(told(days, (uses) => uses)).toEqual([]);
  });

  it("tells of a team whose people all do half as much again, day after day, and wakes nobody", () => {
    const from = MONDAY_MINUTE + HISTORY_DAYS * 1440;
    const further = [...officeDays({ ...OFFICE, seed: 17, days: WATCHED_DAYS, from })];
    const incidents = told(days, (uses) => {
      const day = Math.floor((uses[0]!.minute - from) / 1440);
      const more = further[day]!.filter(
        ({ team, minute }) => team === "team-1" && minute % 2 === 0,
      );
      return [...uses, ...more];
    });

    expect(incidents).toHaveLength(1);
    expect(incidents[0]).toMatchObject({
      kind: "shift",
      severity: "ticket",
      pagedAtMs: null,
      scope: { team: "team-1" },
    });
    const [{ score, bar, decision, ...now }] = incidents as [Incident];
    expect(score).toBeGreaterThan(bar);
    expect(decision).toMatchObject({ score, bar });
    // Its day began long before anything is kept by the minute: what it has cost only grows.
    expect(now.actualUsd).toBeGreaterThan(decision!.actualUsd);
    expect(now.excessUsd).toBeGreaterThan(0.8 * decision!.excessUsd);
    const window = now.windowMs / 3_600_000;
    expect(now.actualUsdPerHour).toBeCloseTo(decision!.actualUsd / window, 6);
  });
});

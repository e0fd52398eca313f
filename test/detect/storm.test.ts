import { describe, expect, it } from "@jest/globals";
import type { Incident, Level } from "../../src/detect/incident.ts";
import { SpendDetector } from "../../src/detect/spend-detector.ts";
import type { PaneUse, SeriesTree } from "../../src/detect/series-tree.ts";
import { isNoCoincidence } from "../../src/detect/storm.ts";
import { LIVE_DAY, play, settings, WEEKS } from "../support/office.ts";
import { aNode } from "../support/series-builders.ts";
import { officeDays } from "../support/spend-stream.ts";

const ELEVEN = LIVE_DAY + 11 * 60;

/** Six teams in two departments, taken in turn. */
function inDepartments(uses: readonly PaneUse[]): PaneUse[] {
  return uses.map((use) => ({
    ...use,
    department: Number(use.team.at(-1)) % 2 === 0 ? "engineering" : "operations",
  }));
}

/** What was paged on a Monday on which some teams do six times as much from eleven to one, as it stood at the end. */
function pagesOf(isHit: (use: PaneUse) => boolean): Incident[] {
  const detector = new SpendDetector(settings);
  let monday: PaneUse[] = [];
  let day = 0;
  for (const uses of officeDays({ seed: 41, days: WEEKS * 7 + 1, teams: 6, people: 5 })) {
    if (day++ < WEEKS * 7) detector.learn(inDepartments(uses));
    else monday = inDepartments(uses);
  }
  const changed = monday.map((use) =>
    use.minute >= ELEVEN && use.minute < ELEVEN + 120 && isHit(use)
      ? {
          ...use,
          usd: 6 * use.usd,
          usdSquared: 36 * use.usdSquared,
          requests: 6 * use.requests,
          tokens: 6 * use.tokens,
        }
      : use,
  );
  const pages = new Map<string, Incident>();
  for (const { incident } of play(detector, changed)) pages.set(incident.id, incident);
  return [...pages.values()].filter(({ severity }) => severity === "page");
}

describe("a storm", () => {
  it("over the teams of two departments is one incident, of the organisation", () => {
    const [storm, ...others] = pagesOf(() => true);

    expect(others).toEqual([]);
    expect(storm?.scope.team).toBeUndefined();
    expect(storm!.excessUsd).toBeGreaterThan(400);
  });

  it("is none where one team spends as much", () => {
    const pages = pagesOf(({ team }) => team === "team-1");

    expect(pages.length).toBeGreaterThan(0);
    expect(pages.every(({ scope }) => scope.team === "team-1")).toBe(true);
  });
});

describe("isNoCoincidence", () => {
  const at = (level: Level, teams: number, beside: number): boolean => {
    const tree = { teams: Array.from({ length: teams }, () => ({})) } as unknown as SeriesTree;
    return isNoCoincidence(tree, aNode(level, "one"), beside);
  };

  it.each([
    ["team", 6, 1],
    ["team", 70, 1],
    ["team", 700, 2],
    ["department", 700, 2],
    ["user", 6, 2],
    ["key", 700, 3],
  ] as const)("holds for a %s of %i teams from %i pages elsewhere on", (level, teams, beside) => {
    expect(at(level, teams, beside)).toBe(true);
    expect(at(level, teams, beside - 1)).toBe(false);
  });

  it("never holds without a page elsewhere", () => {
    expect(at("team", 0, 0)).toBe(false);
    expect(at("user", 1, 0)).toBe(false);
  });
});

import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { dropOf, noteSilence } from "../../src/detect/drops.ts";
import { isWidelyFailing, newcomer, retryStorm } from "../../src/detect/rules.ts";
import type { SeriesNode } from "../../src/detect/series-node.ts";
import { DEFAULT_DETECTION } from "../../src/detect/settings.ts";
import { aNode, parts } from "../support/series-builders.ts";
import { aUse, MONDAY_MINUTE } from "../support/spend-stream.ts";

const settings = { ...DEFAULT_DETECTION, minimumUsd: 10 };
const DAYS = 21;
/** A Monday, noon, after three weeks. */
const NOON = MONDAY_MINUTE + DAYS * 1440 + 12 * 60;

interface Habit {
  /** Of an hour between eight and eighteen, on any day. */
  readonly usd?: number;
  readonly requests?: number;
  readonly errors?: number;
  readonly cells?: number;
  readonly days?: number;
}

/** A team that has worked alike every day until eleven this morning. */
function aTeam(habit: Habit = {}): SeriesNode {
  const { usd = 24, requests = 120, errors = 0, cells = 50, days = DAYS } = habit;
  const team = aNode("team", "payments", null, settings);
  for (let minute = NOON - 720 - days * 1440; minute < NOON - 60; minute += 60) {
    const ofDay = (minute / 60) % 24;
    if (ofDay < 8 || ofDay >= 18) continue;
    team.add(aUse({ minute, usd, requests, errors }), parts({ cells }));
    noteSilence([team], minute / 60);
    const held = team.totals(minute + 59, 60);
    team.closeHour(minute / 60, held, held);
  }
  return team;
}

/** Calls in each of the last 15 minutes before noon. */
function calls(
  nodes: readonly SeriesNode[],
  each: { readonly requests: number; readonly errors: number; readonly usd: number },
): void {
  for (let ago = 14; ago >= 0; ago--) {
    for (const node of nodes) node.add(aUse({ minute: NOON - ago, ...each }), parts());
  }
}

const STORM = { requests: 20, errors: 16, usd: 1 };

describe("isWidelyFailing", () => {
  const few = { requests: 2, errors: 0.9, usd: 0.01 };

  it("is so where a few calls fail in each of two teams", () => {
    const teams = [aTeam(), aTeam()];
    calls(teams, few);

    expect(teams.map((team) => retryStorm(team, NOON))).toEqual([null, null]);
    expect(isWidelyFailing(teams, teams[0]!, NOON)).toBe(true);
    expect(isWidelyFailing(teams, aNode("user", "ada", teams[1]), NOON)).toBe(true);
    expect(isWidelyFailing(teams, aTeam(), NOON)).toBe(false);
    expect(isWidelyFailing(teams.slice(1), teams[1]!, NOON)).toBe(false);
  });

  it("is not where so many fail on any day, or calls are many more", () => {
    const used = [aTeam({ errors: 40 }), aTeam({ errors: 40 }), aTeam({ errors: 40 })];
    const well = [aTeam(), aTeam(), aTeam()];
    calls(used, few);
    calls(well, { ...few, requests: 20 });

    const all = [...used, ...well];
    expect(all.some((team) => isWidelyFailing(all, team, NOON))).toBe(false);
  });
});

describe("retryStorm", () => {
  it("finds many calls that fail, at the tool that they go through", () => {
    const team = aTeam();
    const [tool, other] = [aNode("tool", "search", team), aNode("tool", "edit", team)];
    calls([team, tool], STORM);
    calls([team, other], { requests: 2, errors: 0, usd: 0.1 });

    const finding = retryStorm(team, NOON);

    expect(finding?.node).toBe(tool);
    expect(finding?.verdict).toMatchObject({
      kind: "waste",
      severity: "page",
      statistic: "errors_15m",
      windowMinutes: 15,
      fires: true,
    });
    expect(finding!.verdict.score).toBeGreaterThan(finding!.verdict.bar);
    expect(finding!.verdict.actualUsd).toBeCloseTo(15, 6);
  });

  it("is about the team where the failing calls have nothing in common", () => {
    const team = aTeam();
    const people = ["ada", "ben"].map((name) => aNode("user", name, team));
    for (const one of people) calls([team, one], { requests: 10, errors: 8, usd: 0.5 });

    expect(retryStorm(team, NOON)?.node).toBe(team);
  });

  it.each([
    ["few calls fail", { ...STORM, errors: 1 }, {}],
    ["not a third of the calls fails", { ...STORM, errors: 5 }, {}],
    ["so many fail on any day", STORM, { errors: 40 }],
    ["there are no more calls than usual", STORM, { requests: 1_000 }],
    ["it costs next to nothing", { ...STORM, usd: 0.01 }, { usd: 0.1 }],
  ])("finds nothing where %s", (_, storm, habit) => {
    const team = aTeam(habit);
    calls([team], storm);

    expect(retryStorm(team, NOON)).toBeNull();
  });

  it("finds nothing in calls that do not fail, however many they are", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1_000, noNaN: true }),
        (requests, usd) => {
          const team = aTeam({ days: 2 });
          calls([team], { requests, errors: 0, usd });
          expect(retryStorm(team, NOON)).toBeNull();
        },
      ),
      { numRuns: 20 },
    );
  });

  it("lets a storm that is over be over", () => {
    const team = aTeam();
    calls([team], STORM);

    expect(retryStorm(team, NOON)).not.toBeNull();
    expect(retryStorm(team, NOON + 15)).toBeNull();
  });
});

interface Work {
  readonly from?: number;
  readonly pauses?: number;
  readonly usd?: number;
  readonly hours?: number;
}

/** Somebody who works in each step of the last two hours but some. */
function works(node: SeriesNode, { from = NOON, pauses = 0, usd = 1, hours = 2 }: Work = {}) {
  for (let step = pauses; step < 12 * hours; step++) {
    const minute = from - (60 * hours - 5) + step * 5;
    node.add(aUse({ minute, usd }), parts({ cells: 1 }));
  }
}

describe("newcomer", () => {
  it.each(["user", "key"] as const)("finds a new %s of an old team that never pauses", (level) => {
    const node = aNode(level, "new", aTeam());
    // A key of one person is told by that person.
    if (level === "key") node.add(aUse({ minute: NOON - 119, user: "another", usd: 0 }), parts());
    works(node);

    const finding = newcomer(node, NOON);

    expect(finding?.node).toBe(node);
    expect(finding?.verdict).toMatchObject({ kind: "new", severity: "page", fires: true });
    expect(finding?.verdict.excessUsd).toBeCloseTo(24, 6);
  });

  it.each([
    ["pauses", aTeamWithANewcomer({ pauses: 4 })],
    ["costs little", aTeamWithANewcomer({ usd: 0.05 })],
  ])("finds nobody who %s", (_, node) => {
    expect(newcomer(node, NOON)).toBeNull();
  });

  it("waits for four hours in a team so large that somebody is new every week", () => {
    const team = aTeam();
    for (let one = 0; one < 70; one++) aNode("user", `user-${one}`, team);
    const [morning, day] = [aNode("user", "ada", team), aNode("user", "grace", team)];
    works(morning);
    works(day, { hours: 4 });

    expect(newcomer(morning, NOON)).toBeNull();
    expect(newcomer(day, NOON)?.verdict).toMatchObject({ kind: "new", windowMinutes: 240 });
  });

  it("finds nobody in a team that is new itself", () => {
    const node = aNode("user", "new", aTeam({ days: 10 }));
    works(node);

    expect(newcomer(node, NOON)).toBeNull();
  });

  it("finds nobody who was seen the day before yesterday", () => {
    const node = aNode("user", "ada", aTeam());
    works(node, { from: NOON - 2 * 1440 });
    works(node);

    expect(newcomer(node, NOON)).toBeNull();
  });

  it.each(["agent", "model", "tool", "department"] as const)("is not about a new %s", (level) => {
    const node = aNode(level, "new", aTeam());
    works(node);

    expect(newcomer(node, NOON)).toBeNull();
  });
});

function aTeamWithANewcomer(options: Parameters<typeof works>[1]): SeriesNode {
  const node = aNode("user", "new", aTeam());
  works(node, options);
  return node;
}

describe("dropOf", () => {
  it("finds a team that has stopped while it should be at work, as a ticket", () => {
    const team = aTeam();
    // Until eleven it was there.
    const finding = dropOf(team, NOON - 1);

    expect(finding?.node).toBe(team);
    expect(finding?.verdict).toMatchObject({
      kind: "drop",
      severity: "ticket",
      statistic: "drop_60m",
      actualUsd: 0,
      fires: true,
    });
    expect(finding!.verdict.expectedUsd).toBeCloseTo(24, 1);
  });

  it("waits longer where an hour without anybody means little", () => {
    const team = aTeam({ cells: 24, days: 28 });

    expect(dropOf(team, NOON - 1)).toBeNull();
    expect(dropOf(team, NOON + 59)?.verdict.statistic).toBe("drop_120m");
  });

  it("waits longer in a team that often pauses for an hour, and never for two", () => {
    const team = aTeam();
    for (let hour = 0; hour < 6; hour += 2) team.teamDays?.silences.note(0, hour, true);

    expect(dropOf(team, NOON - 1)).toBeNull();
    expect(dropOf(team, NOON + 59)?.verdict.statistic).toBe("drop_120m");
  });

  it("waits longer in a team that paused once in a few weeks", () => {
    // In some 200 busy hours one pause is no bad luck, and in twice as many it is.
    const young = aTeam({ days: 39 });
    const old = aTeam({ days: 60 });
    for (const team of [young, old]) team.teamDays?.silences.note(0, 0, true);

    expect(dropOf(young, NOON - 1)).toBeNull();
    expect(dropOf(old, NOON - 1)?.verdict.statistic).toBe("drop_60m");
  });

  it("finds nothing where too little is expected to tell", () => {
    expect(dropOf(aTeam({ cells: 40, days: 28 }), NOON - 1)).toBeNull();
    expect(dropOf(aTeam({ cells: 46, days: 28 }), NOON - 1)).not.toBeNull();
  });

  it("finds nothing in a team that often falls silent", () => {
    const team = aTeam();
    [0, 1, 2].forEach((index) => {
      for (let hour = 0; hour < 6; hour += 2) team.teamDays?.silences.note(index, hour, true);
    });

    expect(dropOf(team, NOON - 1)).toBeNull();
  });

  it("finds nothing while somebody works", () => {
    const team = aTeam();
    team.add(aUse({ minute: NOON - 30, requests: 20 }), parts({ cells: 2 }));

    expect(dropOf(team, NOON - 1)).toBeNull();
  });

  it("finds nothing while many are there, however little they call", () => {
    const team = aTeam();
    for (let step = 1; step <= 9; step++) {
      team.add(aUse({ minute: NOON - 5 * step, requests: 1 }), parts({ cells: 3 }));
    }

    expect(dropOf(team, NOON - 1)).toBeNull();
  });

  it.each([
    ["in the night", aTeam(), NOON + 12 * 60],
    ["where the day begins", aTeam(), NOON + 21 * 60 - 1],
    ["in a team without much money", aTeam({ usd: 2 }), NOON - 1],
    ["in a team of one or two", aTeam({ cells: 3 }), NOON - 1],
    ["in a team that is new", aTeam({ days: 10 }), NOON - 1],
  ])("finds nothing %s", (_, team, minute) => {
    expect(dropOf(team, minute)).toBeNull();
  });
});

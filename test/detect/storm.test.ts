import { describe, expect, it } from "@jest/globals";
import { barOf } from "../../src/detect/evidence.ts";
import type { Incident, Level } from "../../src/detect/incident.ts";
import { SpendDetector } from "../../src/detect/spend-detector.ts";
import type { SeriesNode } from "../../src/detect/series-node.ts";
import type { PaneUse, SeriesTree } from "../../src/detect/series-tree.ts";
import { isNoCoincidence, isOfOne, stormAround } from "../../src/detect/storm.ts";
import { anOffice, LIVE_DAY, opened, play, settings, WEEKS } from "../support/office.ts";
import { aNode, parts } from "../support/series-builders.ts";
import { aUse, officeDays } from "../support/spend-stream.ts";

const ELEVEN = LIVE_DAY + 11 * 60;

/** Six teams in two departments, taken in turn. */
function inDepartments(uses: readonly PaneUse[]): PaneUse[] {
  return uses.map((use) => ({
    ...use,
    department: Number(use.team.at(-1)) % 2 === 0 ? "engineering" : "operations",
  }));
}

/** What was paged on a Monday on which some do so many times as much from eleven to one, as it stood at the end. */
function pagesOf(
  isHit: (use: PaneUse) => boolean,
  timesOf: (use: PaneUse) => number = () => 6,
): Incident[] {
  const detector = new SpendDetector(settings);
  let monday: PaneUse[] = [];
  let day = 0;
  for (const uses of officeDays({ seed: 41, days: WEEKS * 7 + 1, teams: 6, people: 5 })) {
    if (day++ < WEEKS * 7) detector.learn(inDepartments(uses));
    else monday = inDepartments(uses);
  }
  const changed = monday.map((use) => {
    if (use.minute < ELEVEN || use.minute >= ELEVEN + 120 || !isHit(use)) return use;
    const times = timesOf(use);
    return {
      ...use,
      usd: times * use.usd,
      usdSquared: times ** 2 * use.usdSquared,
      requests: times * use.requests,
      tokens: times * use.tokens,
    };
  });
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

  it("of calls that fail in several teams is the organisation's from its first page on", () => {
    const { detector, monday } = anOffice(3);
    const failing = monday.map((use) =>
      use.minute < ELEVEN ? use : { ...use, requests: 9, errors: 8, usd: 4 * use.usd },
    );

    const [first, ...others] = opened(play(detector, failing));

    expect(first?.severity).toBe("page");
    expect(first?.scope.department).toBeUndefined();
    expect(others).toEqual([]);
  });

  it("is none where one person of each of three teams runs away: each has to be stopped", () => {
    const runaways = ["user-1-1", "user-4-2", "user-5-3"];
    const pages = pagesOf(
      ({ user }) => runaways.includes(user),
      () => 150,
    );

    const paged = pages.map(({ scope }) => scope.user);
    expect(paged).toHaveLength(3);
    expect(paged).toEqual(expect.arrayContaining(runaways));
  });

  it("is none where the agents of three people run away minutes apart, however little the first call of each costs", () => {
    const detector = aCompany(0.2);
    const teams = TEAMS.slice(0, 3);
    const running = [0, 1, 2, 3, 4, 5].flatMap((after) =>
      teams.slice(0, after + 1).map((team, begin) => calls(team, after, after === begin ? 1 : 20)),
    );

    const changes = play(detector, running);

    const last = new Map(changes.map(({ incident }) => [incident.id, incident]));
    expect([...last.values()].map(({ scope }) => scope.user)).toEqual(
      teams.map((team) => `${team}-1`),
    );
  });

  it("of teams that are near each other takes over no page of one person's loop", () => {
    const isLoop = ({ user }: PaneUse): boolean => user === "user-1-1";
    const pages = pagesOf(
      (use) =>
        isLoop(use) || (use.minute >= ELEVEN + 25 && ["team-2", "team-5"].includes(use.team)),
      (use) => (isLoop(use) ? 150 : 8),
    );

    expect(pages.map(({ scope }) => scope.user ?? scope.team ?? "all")).toEqual([
      "user-1-1",
      "all",
    ]);
  });

  it("is none where one team spends as much", () => {
    const pages = pagesOf(({ team }) => team === "team-1");

    expect(pages.length).toBeGreaterThan(0);
    expect(pages.every(({ scope }) => scope.team === "team-1")).toBe(true);
  });
});

describe("a team's finding that is one person's", () => {
  it.each([
    ["waits for the person's money, at work", 0.2, []],
    ["does not wait for that of a bot which is most of its team", 0.01, ["payments-1"]],
  ])("%s", (_, othersUsd, users) => {
    const changes = play(aCompany(othersUsd), [calls("payments", 0, 1)]);

    expect(opened(changes).map(({ scope }) => scope.user)).toEqual(users);
  });
});

const TEAMS = ["payments", "search", "infra", "data", "mobile"] as const;

/** A company that works at any hour: of each team the first spends twenty cents every five minutes, and so much the other. */
function aCompany(othersUsd: number): SpendDetector {
  const uses: PaneUse[] = [];
  for (let minute = ELEVEN - 6 * 1440; minute < ELEVEN; minute += 5) {
    for (const team of TEAMS) {
      uses.push(aUse({ minute, team, user: `${team}-1`, key: team, usd: 0.2 }));
      uses.push(aUse({ minute, team, user: `${team}-2`, key: team, usd: othersUsd }));
    }
  }
  const detector = new SpendDetector(settings);
  detector.learn(uses);
  return detector;
}

/** Calls of a team's first, for 5.50 USD each: of a person they count from the second on. */
function calls(team: string, after: number, requests: number): PaneUse {
  const minute = ELEVEN + after;
  return aUse({ minute, team, user: `${team}-1`, key: team, requests, usd: 5.5 * requests });
}

describe("stormAround", () => {
  const MINUTE = 5_000;
  const USUAL = { usd: 60, requests: 1200, tokens: 6e5, activeUsers: 5, cells: 60, starts: 6 };

  /** A team that usually sends 20 requests a minute in steps of its people's pace, and lately so many times as much. */
  function aTeam(at: number, parent: SeriesNode | undefined, { heat = 0, times = 1 }: Lately) {
    const team = aNode("team", `team-${at}`, parent);
    const hour = Math.floor(MINUTE / 60);
    const held = { ...USUAL, loads: 60 };
    for (let one = hour - 100; one < hour; one++) team.closeHour(one, held, held);
    for (let minute = MINUTE - 15; minute <= MINUTE; minute++) {
      const more = minute > MINUTE - 5 ? times : 1;
      team.add(aUse({ minute, requests: 20 * more }), parts({ loads: more }));
    }
    team.heat = heat;
    return team;
  }
  interface Lately {
    readonly heat?: number;
    readonly times?: number;
  }

  /** What a finding in the first of some teams is about, all of them at work in departments of two. */
  function around(
    given: readonly Lately[],
    { isOfOne = false, explained = -1, of = "team" } = {},
  ): Level {
    const organisation = aNode("organisation", "acme");
    const departments = given.map((_, index) =>
      index % 2 === 0 ? aNode("department", `department-${index}`, organisation) : null,
    );
    const teams = given.map((lately, at) => aTeam(at, departments[at - (at % 2)]!, lately));
    const tree = { organisation, teams } as unknown as SeriesTree;
    const found = of === "team" ? teams[0]! : departments[0]!;
    const isExplained = (team: SeriesNode): boolean => team === teams[explained];
    return stormAround(tree, found, { minute: MINUTE, isOfOne }, isExplained).level;
  }
  const OWN = { times: 9 };
  const [UP, CALM] = [{ times: 8 }, [{}, {}, {}]];

  it("is the organisation where three teams are far beyond their hour", () => {
    const hot = { heat: 2.5 };
    expect(around([hot, hot, hot, ...CALM], { isOfOne: true })).toBe("organisation");
    expect(around([hot, hot, { heat: 2.4 }, ...CALM], { isOfOne: true })).toBe("team");
  });

  it("is the organisation where two others have risen, if a group was found", () => {
    expect(around([OWN, UP, UP, ...CALM])).toBe("organisation");
    expect(around([OWN, UP, {}, ...CALM])).toBe("team");
    expect(around([OWN, UP, UP, ...CALM], { isOfOne: true })).toBe("team");
    expect(around([OWN, UP, UP, ...CALM], { explained: 2 })).toBe("team");
  });

  it("takes no one team that has risen far, nor a little of all, for a storm", () => {
    expect(around([OWN, { times: 40 }, {}, ...CALM])).toBe("team");
    // Two are over their own bar, and all together are not.
    expect(around([OWN, { times: 1.9 }, { times: 1.9 }, ...CALM])).toBe("team");
    const little = { times: 1.7 };
    expect(around([OWN, little, little, little, little, little])).toBe("team");
  });

  it("says nothing of fewer than three others, and asks for three tenths of many", () => {
    expect(around([OWN, UP, UP])).toBe("team");
    const many = Array.from({ length: 8 }, () => ({}));
    expect(around([OWN, UP, UP, UP, ...many])).toBe("team");
    expect(around([OWN, UP, UP, UP, UP, ...many])).toBe("organisation");
  });

  it("takes no team for another than the department that it is in", () => {
    expect(around([OWN, UP, UP, ...CALM], { of: "department" })).toBe("department");
    expect(around([OWN, UP, UP, UP, ...CALM], { of: "department" })).toBe("organisation");
  });
});

describe("isNoCoincidence", () => {
  const at = (teams: number, beside: number): boolean => {
    const tree = { teams: Array.from({ length: teams }, () => ({})) } as unknown as SeriesTree;
    return isNoCoincidence(tree, beside);
  };

  it.each([
    [6, 1],
    [70, 1],
    [700, 2],
  ] as const)("holds in a company of %i teams from %i pages elsewhere on", (teams, beside) => {
    expect(at(teams, beside)).toBe(true);
    expect(at(teams, beside - 1)).toBe(false);
  });
});

describe("isOfOne", () => {
  const team = aNode("team", "payments");
  const ada = aNode("user", "ada", team);
  aNode("user", "ben", team);

  it("holds for somebody who went over a bar of their own, and not where the team's was passed", () => {
    expect(isOfOne(ada, { kind: "spike", bar: barOf(ada) })).toBe(true);
    expect(isOfOne(ada, { kind: "spike", bar: barOf(team) })).toBe(false);
    expect(isOfOne(team, { kind: "spike", bar: barOf(team) })).toBe(false);
  });

  it("holds for somebody new, whom a rule finds", () => {
    expect(isOfOne(ada, { kind: "new", bar: 0.5 })).toBe(true);
  });
});

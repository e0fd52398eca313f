import { describe, expect, it } from "@jest/globals";
import { aboutApart, apartness, spentApart } from "../../src/detect/apart.ts";
import { held, read } from "../../src/detect/readings.ts";
import type { SeriesNode } from "../../src/detect/series-node.ts";
import type { PaneUse } from "../../src/detect/series-tree.ts";
import { DEFAULT_DETECTION } from "../../src/detect/settings.ts";
import { SpendDetector } from "../../src/detect/spend-detector.ts";
import type { Heat, Statistic } from "../../src/detect/statistic.ts";
import { play } from "../support/office.ts";
import { aUse } from "../support/spend-stream.ts";
import { aNode, parts } from "../support/series-builders.ts";
import { learnt, nodeOf, NOON, personal, usualUses } from "./small-office.ts";

const LOOK = { minute: NOON, window: 240, of: "sessions" } as const;

/** A team with one person for each heat, all at work at noon. */
function teamOf(...heats: readonly number[]): SeriesNode {
  const team = aNode("team", "payments");
  heats.forEach((heat, one) => {
    const person = aNode("user", `user-${one}`, team);
    person.add(aUse({ minute: NOON, user: person.name }), parts());
    team.add(aUse({ minute: NOON, user: person.name }), parts());
    person.heats = { sessions: heat, mix: heat, cache: 0 };
  });
  return team;
}

function of(...heats: readonly number[]): number {
  return apartness(teamOf(...heats), LOOK);
}

const TWENTY = Array.from({ length: 20 }, (_, one) => Math.sin(one) - 0.5);

describe("apartness", () => {
  it("is nothing where nobody is further out than one in ten", () => {
    expect(of(...TWENTY)).toBe(0);
    expect(of(0.9, 0.2, -0.3, -1, -2)).toBe(0);
  });

  it("grows with how far one is out, and with how many are", () => {
    const [one, further] = [of(3, ...TWENTY), of(4.3, ...TWENTY)];
    const [three, seven] = [of(3, 3, 3, ...TWENTY), of(...Array<number>(7).fill(3), ...TWENTY)];

    // One in 24 or so of 21, and ten times rarer; some together are rarer than the one of them.
    expect(further - one).toBeCloseTo(1, 1);
    expect(one).toBeLessThan(three);
    expect(three).toBeLessThan(seven);
    expect(seven).toBeGreaterThan(4);
  });

  it("is the chance that so many of so many are so far out", () => {
    // Heat 2.5, no more than usual in common: each has a chance of a hundredth; two or more of ten.
    const quiet = Array<number>(8).fill(-1);
    const chance = 1 - 0.99 ** 10 - 10 * 0.01 * 0.99 ** 9;

    expect(of(2.5, 2.5, ...quiet)).toBeCloseTo(-Math.log10(chance), 9);
  });

  it("takes no offence at what the whole team has in common", () => {
    const rise = (heat: number): number => heat + 2;

    expect(of(...TWENTY.map(rise))).toBeLessThan(1);
    expect(of(3, ...TWENTY)).toBeGreaterThan(of(3, ...TWENTY.map(rise)));
  });

  it("takes what most of a team have in common for news where it is a price", () => {
    const risen = teamOf(...TWENTY.map((heat) => heat + 3));

    expect(apartness(risen, { ...LOOK, of: "mix" })).toBeGreaterThan(5);
    expect(apartness(risen, LOOK)).toBeLessThan(1);
    expect(apartness(risen, { ...LOOK, of: "cache" })).toBe(0);
  });

  it("says nothing of one or two people, nor of who has not worked for long", () => {
    expect(of(5, -1)).toBe(0);
    expect(apartness(teamOf(5, ...TWENTY), { ...LOOK, minute: NOON + 240 })).toBe(0);
  });

  it("neither overflows nor turns negative, however many there are", () => {
    const crowd = of(...Array<number>(3000).fill(9), ...Array<number>(4000).fill(-1));

    expect(crowd).toBeGreaterThan(0);
    expect(Number.isFinite(crowd)).toBe(true);
    expect(of(1.3, ...Array<number>(7000).fill(-1))).toBeGreaterThanOrEqual(0);
  });
});

/** The small office at noon: of each person dollars in the last minute, and how hot their sessions are. */
function officeWith(
  people: Readonly<Record<string, readonly [usd: number, heat: number]>>,
): SeriesNode {
  const detector = learnt(
    ...Object.entries(people).map(([user, [usd]]) => personal(user, { minute: NOON, usd })),
  );
  const team = nodeOf(detector, "team");
  for (const [user, [, heat]] of Object.entries(people)) {
    team.children("user").get(user)!.heats = { sessions: heat, mix: 0, cache: 0 };
  }
  return team;
}

describe("who is apart", () => {
  it("is the one who is furthest out, and the money is that of all who are", () => {
    const team = officeWith({ ada: [30, 4], ben: [1, 0], cem: [40, 1.4] });

    expect(aboutApart(team, LOOK).name).toBe("ada");
    const { actualUsd, expectedUsd } = spentApart(team, LOOK);
    expect(actualUsd - expectedUsd).toBeGreaterThan(25);
    expect(actualUsd - expectedUsd).toBeLessThan(35);
  });

  it("is the team where three are far out", () => {
    const four = teamOf(3, 2.2, 2.5, ...TWENTY);

    expect(aboutApart(four, LOOK)).toBe(four);
    expect(aboutApart(teamOf(3, 2.5, ...TWENTY), LOOK).name).toBe("user-0");
  });

  it("is the one who is furthest out where the others spend less than usual", () => {
    const later = NOON + 180;
    const uses = Array.from({ length: 36 }, (_, step) =>
      personal("ada", { minute: NOON + 5 * step, usd: 2 }),
    );
    const team = nodeOf(learnt(...uses), "team");
    for (const name of ["dee", "eve", "fay", "gil", "hal", "ivy"]) {
      aNode("user", name, team).add(aUse({ minute: later, user: name, usd: 0.1 }), parts());
    }
    const look = { minute: later, window: 240, of: "sessions" } as const;
    const heats = { ada: 4, dee: 3, eve: 3 };
    for (const [name, heat] of Object.entries(heats)) {
      team.children("user").get(name)!.heats = { sessions: heat, mix: 0, cache: 0 };
    }

    // 72 dollars more of hers, and two people who are not there.
    expect(aboutApart(team, look).name).toBe("ada");
    team.add(aUse({ minute: later, usd: 72 }), parts());
    expect(aboutApart(team, look)).toBe(team);
  });

  it("is what the statistic reads", () => {
    const team = officeWith({ ada: [1, 5], ben: [1, -1], cem: [1, -1] });
    const statistic = team.statistics.find(
      ({ name }) => name === "apart_sessions_240m",
    ) as Statistic;

    read(team, statistic, NOON);

    expect(held).toMatchObject({ isKnown: true, value: apartness(team, LOOK) });
    expect(held.value).toBeGreaterThan(2);
  });
});

describe("how far people are beyond their usual", () => {
  it("is told by their sessions, their models and what caches give, each by itself", () => {
    // So much that nothing is told: an open incident would explain what is found.
    const detector = new SpendDetector({ ...DEFAULT_DETECTION, minimumUsd: 1e6 });
    const usual = (user: string, minute: number): PaneUse =>
      personal(user, { minute, usd: 0.5, requests: 5, cacheReadTokens: 40_000, session: "long" });
    const dear = { model: "claude-opus-4-1", usd: 2.5 };
    detector.learn(
      usualUses().flatMap(({ user, minute }) => [
        usual(user, minute),
        { ...usual("dee", minute), team: "elsewhere", ...dear },
      ]),
    );
    const changes: Readonly<Record<string, (step: number) => Partial<PaneUse>>> = {
      ada: () => dear,
      ben: () => ({ cacheReadTokens: 0 }),
      cem: (step) => ({ session: `another ${step}` }),
    };
    const later = Array.from({ length: 36 }, (_, step) =>
      Object.entries(changes).map(([user, change]) => {
        return { ...usual(user, NOON + 5 * step), ...change(step) };
      }),
    ).flat();
    play(detector, later);

    const team = nodeOf(detector, "team", "payments");
    const hottest = (of: Heat): string[] =>
      [...team.children("user").values()]
        .filter(({ heats }) => heats![of] > 2)
        .map(({ name }) => name);
    expect(hottest("mix")).toEqual(["ada"]);
    expect(hottest("cache")).toEqual(["ben"]);
    expect(hottest("sessions")).toEqual(["cem"]);

    team.children("user").get("ada")!.heats!.mix = 12;
    const verdicts = detector.verdictsOf(team);
    expect(verdicts.find(({ statistic }) => statistic === "apart_mix_360m")).toMatchObject({
      kind: "price",
      basis: "price",
    });
  });
});

import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { Contributor } from "../../src/detect/incident.ts";
import { excessOf, narrow } from "../../src/detect/attribution.ts";
import { contributorsOf, REST } from "../../src/detect/contributors.ts";
import { scopeOf } from "../../src/detect/scope.ts";
import { DEFAULT_DETECTION } from "../../src/detect/settings.ts";
import { SpendDetector } from "../../src/detect/spend-detector.ts";
import { learnt, nodeOf, NOON, PEOPLE, personal, usualUses } from "./small-office.ts";

const AT = { minute: NOON + 4, window: 5 } as const;

/** A burst within the window. */
function burst(user: string, usd: number, more: object = {}) {
  return personal(user, { minute: NOON + 2, usd, requests: 5, ...more });
}

describe("contributorsOf", () => {
  it("shares the excess among users by what each spent over expectation", () => {
    const team = nodeOf(learnt(burst("ada", 60.5), burst("ben", 20.5), burst("cem", 0.5)), "team");

    const users = contributorsOf(team, AT).filter(({ dimension }) => dimension === "user");

    expect(users.map(({ value }) => value)).toEqual(["ada", "ben"]);
    expect(users[0]!.share).toBeCloseTo(0.75, 4);
    expect(users[1]!.share).toBeCloseTo(0.25, 4);
    expect(users[0]!.actualUsd).toBeCloseTo(60.5, 4);
    expect(users[0]!.expectedUsd).toBeCloseTo(0.5, 4);
  });

  it("says what a user's money went through", () => {
    const user = nodeOf(
      learnt(
        burst("ada", 30, { tool: "n8n", model: "claude-opus-4-5" }),
        burst("ada", 10, { tool: "n8n", model: "claude-sonnet-4-5" }),
      ),
      "user",
      "ada",
    );

    const contributors = contributorsOf(user, AT);

    const tools = contributors.filter(({ dimension }) => dimension === "tool");
    expect(tools[0]).toMatchObject({ value: "n8n" });
    expect(tools[0]!.share).toBeGreaterThan(0.99);
    const models = contributors.filter(({ dimension }) => dimension === "model");
    expect(models[0]).toMatchObject({ value: "claude-opus-4-5" });
    expect(models[0]!.share).toBeGreaterThan(0.7);
  });

  it("tells the session that holds the excess, as its part of its user's share", () => {
    const detector = learnt(
      burst("ada", 30, { session: "loop", sessionUsd: 30 }),
      burst("ada", 10, { session: "chat", sessionUsd: 8 }),
      burst("ben", 10, { session: "other", sessionUsd: 10 }),
    );
    const sessions = (level: "team" | "user") =>
      contributorsOf(nodeOf(detector, level, level === "team" ? undefined : "ada"), AT).filter(
        ({ dimension }) => dimension === "session",
      );

    const ofTeam = sessions("team");
    const ofUser = sessions("user");

    const ada = contributorsOf(nodeOf(detector, "team"), AT).find(({ value }) => value === "ada")!;
    expect(ofTeam.map(({ value }) => value)).toEqual(["loop", "other", "chat", REST]);
    expect(ofTeam[0]!.share).toBeCloseTo(0.75 * ada.share, 6);
    expect(ofTeam[0]!.actualUsd).toBeCloseTo(30, 6);
    expect(ofTeam[0]!.expectedUsd).toBeCloseTo(0.75 * ada.expectedUsd, 6);
    expect(ofUser.map(({ value }) => value)).toEqual(["loop", "chat", REST]);
    expect(ofUser.map(({ share }) => Math.round(share * 1_000))).toEqual([750, 200, 50]);
  });

  it("takes a session of several people for a part of the team's dollars", () => {
    const team = nodeOf(
      learnt(
        burst("ada", 30, { session: "main", sessionUsd: 30 }),
        burst("ben", 10, { session: "main", sessionUsd: 10 }),
        burst("cem", 40),
      ),
      "team",
    );

    const [main] = contributorsOf(team, AT).filter(({ dimension }) => dimension === "session");

    expect(main).toMatchObject({ value: "main", actualUsd: 40 });
    expect(main!.share).toBeCloseTo(0.5, 6);
  });

  it("tells of no session where none of them holds a good part of the excess", () => {
    const many = Array.from({ length: 5 }, (_, index) =>
      burst("ada", 10, { session: `s${index}`, sessionUsd: 10 }),
    );

    const contributors = contributorsOf(nodeOf(learnt(...many), "user", "ada"), AT);

    expect(contributors.filter(({ dimension }) => dimension === "session")).toEqual([]);
  });

  it("looks at the last six hours' sessions where a window is longer", () => {
    const user = nodeOf(
      learnt(
        personal("ada", { minute: NOON, usd: 200, session: "now", sessionUsd: 200 }),
        personal("ada", { minute: NOON - 12 * 60, usd: 99, session: "then", sessionUsd: 99 }),
      ),
      "user",
      "ada",
    );

    const contributors = contributorsOf(user, { minute: NOON + 4, window: 1440 });

    const sessions = contributors.filter(({ dimension }) => dimension === "session");
    expect(sessions.map(({ value }) => value)).toEqual(["now", REST]);
    expect(sessions[0]!.actualUsd).toBeCloseTo(200, 6);
    expect(sessions[0]!.share).toBeGreaterThan(0.4);
  });

  it("tells which model tokens have become dearer by, against its usual part of the dollars", () => {
    const dearer = PEOPLE.map((user) => burst(user, 5, { model: "claude-opus-4-5" }));
    const team = nodeOf(learnt(...dearer), "team");

    const contributors = contributorsOf(team, { ...AT, basis: "price" });

    const models = contributors.filter(({ dimension }) => dimension === "model");
    expect(models[0]).toMatchObject({ value: "claude-opus-4-5", actualUsd: 15 });
    expect(models[0]!.share).toBeGreaterThan(1);
    expect(models.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
  });

  it("names five and adds up the rest", () => {
    const many = Array.from({ length: 9 }, (_, index) => burst(`temp-${index}`, 10));
    const team = nodeOf(learnt(...many), "team");

    const users = contributorsOf(team, AT).filter(({ dimension }) => dimension === "user");

    expect(users).toHaveLength(6);
    expect(users.at(-1)!.value).toBe(REST);
    expect(users.at(-1)!.actualUsd).toBeCloseTo(40, 4);
  });

  it("has nobody to name where nothing is over expectation", () => {
    expect(contributorsOf(nodeOf(learnt(burst("ada", 0.1)), "team"), AT)).toEqual([]);
  });

  it("gives shares that add up to one in every dimension, whoever spends whatever", () => {
    const use = fc.record({
      user: fc.constantFrom(...PEOPLE, "new-1", "new-2"),
      model: fc.constantFrom("claude-sonnet-4-5", "gpt-5", "unknown"),
      tool: fc.constantFrom("claude-code", "n8n"),
      usd: fc.integer({ min: 0, max: 5_000 }).map((cents) => cents / 100),
      session: fc.constantFrom("", "s1", "s2", "s3"),
      told: fc.constantFrom(0.5, 1),
    });
    fc.assert(
      fc.property(fc.array(use, { minLength: 1, maxLength: 8 }), (uses) => {
        const detector = learnt(
          ...uses.map(({ user, told, ...rest }) =>
            burst(user, rest.usd, { ...rest, sessionUsd: told * rest.usd }),
          ),
        );
        for (const node of detector.tree.nodes) {
          const sums = new Map<string, number>();
          for (const { dimension, share } of contributorsOf(node, AT)) {
            sums.set(dimension, (sums.get(dimension) ?? 0) + share);
          }
          for (const sum of sums.values()) expect(sum).toBeCloseTo(1, 6);
        }
      }),
      { numRuns: 10 },
    );
  });
});

describe("narrow", () => {
  it("follows the excess down to the one user who carries it", () => {
    const detector = learnt(burst("ada", 50));

    const node = narrow(detector.tree.organisation, AT);

    expect([node.level, node.name]).toEqual(["user", "ada"]);
  });

  it("stops at the team where nobody and nothing alone carries it", () => {
    const detector = learnt(
      ...PEOPLE.map((user, index) =>
        burst(user, 20, { model: `model-${index}`, tool: `tool-${index}` }),
      ),
    );

    expect(narrow(detector.tree.organisation, AT).level).toBe("team");
  });

  it("names the tool that carries it where it is used by many", () => {
    const detector = learnt(
      ...PEOPLE.map((user, index) => burst(user, 20, { model: `model-${index}`, tool: "n8n" })),
    );

    const node = narrow(detector.tree.organisation, AT);

    expect([node.level, node.name]).toEqual(["tool", "n8n"]);
  });

  it.each([
    ["names the model that many turn to, where they call others as usual", 0, "model"],
    ["stays at the team where they call others more as well", 5, "team"],
  ])("%s", (_, othersUsd, level) => {
    const detector = learnt(
      ...PEOPLE.map((user, index) => burst(user, 20, { model: "opus", tool: `tool-${index}` })),
      ...PEOPLE.map((user, index) => burst(user, othersUsd, { tool: `tool-${index}` })),
    );

    expect(narrow(detector.tree.organisation, AT).level).toBe(level);
  });

  it("stays at the team where all rises, however much its busiest person holds", () => {
    const detector = new SpendDetector({ ...DEFAULT_DETECTION, minimumUsd: 10 });
    detector.learn(usualUses().map((use) => (use.user === "ada" ? { ...use, usd: 2.5 } : use)));
    detector.learn([burst("ada", 25), burst("ben", 5), burst("cem", 5)]);

    const node = narrow(detector.tree.organisation, AT);

    expect(excessOf(nodeOf(detector, "user", "ada"), AT)).toBeGreaterThan(0.7 * excessOf(node, AT));
    expect(node.level).toBe("team");
  });

  it("names the person where the others' rise is nothing beside theirs", () => {
    const detector = learnt(burst("ada", 50), burst("ben", 2), burst("cem", 2));

    const node = narrow(detector.tree.organisation, AT);

    expect([node.level, node.name]).toEqual(["user", "ada"]);
  });

  it("stays where there is no excess", () => {
    const { organisation } = learnt().tree;

    expect(narrow(organisation, AT)).toBe(organisation);
    expect(excessOf(organisation, AT)).toBeLessThan(0);
  });
});

describe("scopeOf", () => {
  it("names the whole path, and below it what carries seven tenths, but no session", () => {
    const session = { session: "loop", sessionUsd: 50 };
    const user = nodeOf(learnt(burst("ada", 50, { tool: "n8n", ...session })), "user", "ada");

    expect(scopeOf(user, contributorsOf(user, AT))).toEqual({
      department: "engineering",
      team: "payments",
      user: "ada",
      key: "key-ada",
      model: "claude-sonnet-4-5",
      tool: "n8n",
    });
  });

  const shared = (dimension: "tool" | "model" | "agent", [one, two]: Usd[]): Contributor[] => [
    { dimension, value: "one", share: 0.8, actualUsd: one!.actual, expectedUsd: one!.expected },
    { dimension, value: "two", share: 0.2, actualUsd: two!.actual, expectedUsd: two!.expected },
  ];

  it.each(["tool", "model", "agent"] as const)(
    "names a group's %s where it holds far more of the excess than of the spend",
    (dimension) => {
      const team = nodeOf(learnt(), "team");
      const named = (expected: number): string | undefined => {
        const others = { actual: 10 - expected, expected: 10 - expected };
        return scopeOf(team, shared(dimension, [{ actual: 80, expected }, others]))[dimension];
      };

      expect(named(3)).toBe("one");
      expect(named(4)).toBeUndefined();
    },
  );

  it.each([
    ["tool", "one"],
    ["model", undefined],
    ["agent", undefined],
  ] as const)("where the others have doubled too, names as a group's %s: %s", (dimension, name) => {
    const team = nodeOf(learnt(), "team");
    const parts = [
      { actual: 80, expected: 2 },
      { actual: 16, expected: 8 },
    ];

    expect(scopeOf(team, shared(dimension, parts))[dimension]).toBe(name);
  });
});

interface Usd {
  readonly actual: number;
  readonly expected: number;
}

import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { contributorsOf, excessOf, narrow, REST, scopeOf } from "../../src/detect/attribution.ts";
import { learnt, nodeOf, NOON, PEOPLE, personal } from "./small-office.ts";

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
    });
    fc.assert(
      fc.property(fc.array(use, { minLength: 1, maxLength: 8 }), (uses) => {
        const detector = learnt(...uses.map(({ user, ...rest }) => burst(user, rest.usd, rest)));
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

  it("stays where there is no excess", () => {
    const { organisation } = learnt().tree;

    expect(narrow(organisation, AT)).toBe(organisation);
    expect(excessOf(organisation, AT)).toBeLessThan(0);
  });
});

describe("scopeOf", () => {
  it("names the whole path, and below it what carries seven tenths", () => {
    const user = nodeOf(learnt(burst("ada", 50, { tool: "n8n" })), "user", "ada");

    expect(scopeOf(user, contributorsOf(user, AT))).toEqual({
      department: "engineering",
      team: "payments",
      user: "ada",
      key: "key-ada",
      model: "claude-sonnet-4-5",
      tool: "n8n",
    });
  });
});

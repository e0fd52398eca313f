import { describe, expect, it } from "@jest/globals";
import { judgePrice } from "../../src/detect/price-factor.ts";
import type { PaneUse } from "../../src/detect/series-tree.ts";
import { learnt, nodeOf, NOON, PEOPLE, personal } from "./small-office.ts";

const judge = { settings: { minimumUsd: 10, sensitivity: 1 }, explainedUsd: () => 0 };

/** The hour after noon: the same tokens for `times` the money. */
function hourAt(times: number, more: Partial<PaneUse> = {}): PaneUse[] {
  return Array.from({ length: 12 }, (_, step) =>
    PEOPLE.map((user) =>
      personal(user, { minute: NOON + step * 5, usd: 0.5 * times, requests: 5, ...more }),
    ),
  ).flat();
}

describe("judgePrice", () => {
  it("fires when the same tokens cost a multiple", () => {
    const team = nodeOf(learnt(...hourAt(3)), "team");

    const verdict = judgePrice(team, NOON + 59, judge)!;

    expect(verdict).toMatchObject({
      kind: "price",
      factor: "price_per_token",
      severity: "ticket",
      windowMinutes: 60,
      fires: true,
    });
    expect(verdict.actualUsd).toBeCloseTo(54, 3);
    expect(verdict.expectedUsd).toBeCloseTo(18, 3);
    expect(verdict.excessUsd).toBeCloseTo(36, 3);
    expect(verdict.score).toBeGreaterThan(verdict.bar);
  });

  it("does not fire when three times the work costs three times the money", () => {
    const team = nodeOf(learnt(...hourAt(3, { tokens: 150_000, requests: 15 })), "team");

    expect(judgePrice(team, NOON + 59, judge)).toMatchObject({ fires: false });
  });

  it("does not fire below the dollars that matter, nor for a small rise", () => {
    const team = nodeOf(learnt(...hourAt(1.2)), "team");
    const dear = nodeOf(learnt(...hourAt(3)), "team");
    const strict = { ...judge, settings: { minimumUsd: 40, sensitivity: 1 } };

    expect(judgePrice(team, NOON + 59, judge)).toMatchObject({ fires: false });
    expect(judgePrice(dear, NOON + 59, strict)).toMatchObject({ fires: false });
  });

  it("leaves out what other incidents account for", () => {
    const team = nodeOf(learnt(...hourAt(3)), "team");

    expect(judgePrice(team, NOON + 59, { ...judge, explainedUsd: () => 36 })).toMatchObject({
      fires: false,
    });
  });

  it("says nothing of single people, keys and models, of few requests and of a short past", () => {
    const detector = learnt(...hourAt(3));

    expect(judgePrice(nodeOf(detector, "user", "ada"), NOON + 59, judge)).toBeNull();
    expect(judgePrice(nodeOf(detector, "key", "key-ada"), NOON + 59, judge)).toBeNull();
    expect(judgePrice(nodeOf(detector, "model"), NOON + 59, judge)).toBeNull();
    const quiet = learnt(personal("ada", { minute: NOON + 50, usd: 90, requests: 5 }));
    expect(judgePrice(nodeOf(quiet, "team"), NOON + 109, judge)).toBeNull();
    const young = learnt(
      ...hourAt(3, { team: "young-team" }).map((use) => ({ ...use, user: `y-${use.user}` })),
    );
    expect(judgePrice(nodeOf(young, "team", "young-team"), NOON + 59, judge)).toBeNull();
  });
});

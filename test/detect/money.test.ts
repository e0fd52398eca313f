import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { asksForMoney, earlyUsd, isMoney, spentOver } from "../../src/detect/money.ts";
import { BUSY, DEAD, QUIET } from "../../src/detect/regimes.ts";
import { DEFAULT_DETECTION } from "../../src/detect/settings.ts";
import { statisticsOf } from "../../src/detect/statistics.ts";
import { aNode, parts } from "../support/series-builders.ts";
import { aUse, MONDAY_MINUTE } from "../support/spend-stream.ts";

const settings = { ...DEFAULT_DETECTION, minimumUsd: 50 };
const team = aNode("team", "payments", null, settings);
const person = aNode("user", "ada", team, settings);

describe("isMoney", () => {
  it.each([
    ["what is spent already, however slowly", 50, { node: team, window: 1440, regime: BUSY }, true],
    [
      "of a team two fifths, if there is more to come",
      20,
      { node: team, window: 15, regime: BUSY },
      true,
    ],
    ["of a team less than that", 19.9, { node: team, window: 2, regime: BUSY }, false],
    [
      "what is no fifth more than it within the hour",
      20,
      { node: team, window: 21, regime: BUSY },
      false,
    ],
    ["of a person at work three fifths", 30, { node: person, window: 15, regime: BUSY }, true],
    ["of a person at work less than that", 29.9, { node: person, window: 15, regime: BUSY }, false],
    ["of who is alone two fifths", 20, { node: person, window: 360, regime: QUIET }, true],
    ["of who is alone less", 19.9, { node: person, window: 15, regime: DEAD }, false],
    ["of a quiet team what is too slow", 20, { node: team, window: 60, regime: QUIET }, false],
  ])("asks for enough: %s", (_, excessUsd, { node, window, regime }, expected) => {
    expect(isMoney(node, excessUsd, { window, regime })).toBe(expected);
  });

  it("never says no to more money, nor yes to what is less than may be told of", () => {
    const usd = fc.double({ min: 0, max: 200, noNaN: true });
    const where = fc.record({
      window: fc.integer({ min: 2, max: 1440 }),
      regime: fc.constantFrom(BUSY, QUIET, DEAD),
    });
    fc.assert(
      fc.property(fc.constantFrom(team, person), usd, usd, where, (node, excess, more, at) => {
        if (isMoney(node, excess, at)) {
          expect(isMoney(node, excess + more, at)).toBe(true);
          expect(excess).toBeGreaterThanOrEqual(earlyUsd(node, at.regime));
        }
      }),
    );
  });
});

describe("spentOver", () => {
  it("is the window's money, or the last hour's", () => {
    const one = aNode("user", "grace", team, settings);
    for (const ago of [200, 50, 5]) {
      one.add(aUse({ minute: MONDAY_MINUTE - ago, user: "grace", usd: ago }), parts());
    }
    const over = (name: string): number => {
      const statistic = one.statistics.find((some) => some.name === name)!;
      return spentOver(one, statistic, MONDAY_MINUTE);
    };

    expect([over("pace_15m"), over("pace_60m"), over("requests_360m")]).toEqual([55, 55, 255]);
  });
});

describe("asksForMoney", () => {
  it("asks for it of what people run at once at any hour, of their dollars at quiet ones, of groups never", () => {
    const asking = (level: "user" | "team", regime: number): string[] =>
      statisticsOf(level)
        .filter((one) => asksForMoney(one, regime))
        .map(({ name }) => name);

    const counts = ["pace_15m", "pace_30m", "pace_60m", "pace_120m", "requests_360m"];
    expect(asking("user", BUSY)).toEqual(counts);
    for (const regime of [QUIET, DEAD]) {
      const dollars = ["dollars_15m", "dollars_60m", "dollars_360m"];
      expect(asking("user", regime).sort()).toEqual([...counts, ...dollars].sort());
    }
    expect(asking("team", QUIET)).toEqual([]);
  });
});

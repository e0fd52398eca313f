import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { factorsOf, riseOf } from "../../src/detect/factors.ts";
import type { FactorChange } from "../../src/detect/incident.ts";
import type { PaneUse } from "../../src/detect/series-tree.ts";
import { learnt, nodeOf, NOON, PEOPLE, personal } from "./small-office.ts";

const AT = { minute: NOON + 4, window: 5 } as const;

/** What a user does within the window; usual are five requests of 50,000 tokens, 1,000 of them put out, for half a dollar. */
function burst(user: string, usd: number, more: Partial<PaneUse> = {}): PaneUse {
  return personal(user, { minute: NOON + 2, usd, requests: 5, ...more });
}

function factorsOfAda(...uses: readonly PaneUse[]): Map<string, FactorChange> {
  const user = nodeOf(learnt(...uses), "user", "ada");
  return new Map(factorsOf(user, AT).map((one) => [one.factor, one]));
}

/** Those that moved at all, and how far. */
function moved(factors: ReadonlyMap<string, FactorChange>): Record<string, number> {
  return Object.fromEntries(
    [...factors.values()]
      .filter(({ ratio }) => Math.abs(Math.log(ratio)) > 1e-3)
      .map(({ factor, ratio }) => [factor, Math.round(ratio * 100) / 100]),
  );
}

describe("factorsOf", () => {
  it("tells more calls", () => {
    const calls = { requests: 50, tokens: 500_000, outputTokens: 10_000 };

    const factors = factorsOfAda(burst("ada", 5, calls));

    expect(moved(factors)).toEqual({ requests_per_active_user: 10 });
    expect(factors.get("requests_per_active_user")!.share).toBeCloseTo(1, 4);
  });

  it("tells bigger requests, and a higher price of the same model", () => {
    const factors = factorsOfAda(burst("ada", 4.5, { tokens: 150_000, outputTokens: 3_000 }));

    expect(moved(factors)).toEqual({ tokens_per_request: 3, model_price: 3 });
    expect(factors.get("tokens_per_request")!.share).toBeCloseTo(0.5, 3);
    expect(factors.get("model_price")!.share).toBeCloseTo(0.5, 3);
  });

  it("tells a dearer model, known or never seen before", () => {
    const known = burst("ben", 100, {
      minute: NOON - 2,
      requests: 200,
      tokens: 2e6,
      outputTokens: 40_000,
      model: "opus",
    });

    expect(moved(factorsOfAda(known, burst("ada", 2.5, { model: "opus" })))).toEqual({
      model_mix: 5,
    });
    expect(moved(factorsOfAda(burst("ada", 2.5, { model: "unheard-of" })))).toEqual({
      model_mix: 5,
    });
  });

  it("tells what caches give by the money it saves, not by tokens", () => {
    // nine tokens in ten at a tenth of the price: 0.27 of 1.08
    const cached = {
      cacheReadTokens: 450_000,
      requests: 50,
      tokens: 500_000,
      outputTokens: 10_000,
    };

    const factors = factorsOfAda(burst("ada", 1.25, cached));

    expect(moved(factors)).toEqual({ requests_per_active_user: 10, cache_misses: 0.25 });
    expect(factors.get("cache_misses")!.share).toBeLessThan(0);
  });

  it("tells a larger part of output", () => {
    const factors = factorsOfAda(burst("ada", 1, { outputTokens: 14_500 }));

    expect(factors.get("output_share")!.ratio).toBeCloseTo(2, 2);
    expect(factors.get("cache_misses")!.ratio).toBeCloseTo(1, 4);
  });

  it("keeps the price whole where nobody knows what it is made of", () => {
    const model = nodeOf(learnt(burst("ada", 5)), "model");

    expect(factorsOf(model, AT).map(({ factor }) => factor)).toEqual([
      "active_users",
      "requests_per_active_user",
      "tokens_per_request",
      "price_per_token",
    ]);
  });

  it("gives parts that add up to one for any window that can be split", () => {
    const use = fc.record({
      usd: fc.integer({ min: 0, max: 100_000 }).map((cents) => cents / 100),
      requests: fc.integer({ min: 1, max: 10_000 }),
      tokens: fc.integer({ min: 1, max: 1_000_000 }),
      cacheReadTokens: fc.integer({ min: 0, max: 1_000_000 }),
      outputTokens: fc.integer({ min: 0, max: 1_000_000 }),
      model: fc.constantFrom("claude-sonnet-4-5", "opus", "free"),
    });
    fc.assert(
      fc.property(
        fc.array(use, { minLength: 1, maxLength: 5 }),
        fc.constantFrom(...PEOPLE),
        (uses, user) => {
          const detector = learnt(...uses.map((one) => burst(user, one.usd, one)));
          for (const node of detector.tree.nodes) {
            const factors = factorsOf(node, AT);
            if (factors.length === 0) continue;
            expect(factors.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
            expect(factors.every(({ ratio }) => ratio > 0)).toBe(true);
          }
        },
      ),
      { numRuns: 10 },
    );
  });

  it("says nothing where nothing was expected or nothing came", () => {
    expect(factorsOf(nodeOf(learnt(burst("newcomer", 9)), "user", "newcomer"), AT)).toEqual([]);
    expect(factorsOf(nodeOf(learnt(), "user", "ada"), { ...AT, minute: NOON + 60 })).toEqual([]);
  });
});

describe("riseOf", () => {
  it("tells a rise from a calm hour and from none", () => {
    const rise = factorsOfAda(burst("ada", 5, { requests: 50, tokens: 500_000 }));
    const calm = factorsOfAda(burst("ada", 0.52));

    expect(riseOf([...rise.values()])).toEqual({ factors: [...rise.values()] });
    expect(riseOf([...calm.values()])).toEqual({});
    expect(riseOf([])).toEqual({});
  });
});

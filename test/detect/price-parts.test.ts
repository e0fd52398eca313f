import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { priceChange, UsualTokens, weightedTokens } from "../../src/detect/price-parts.ts";

const USUAL = { tokens: 1_000, cacheReadTokens: 800, outputTokens: 20, modelUsd: 2 };

describe("priceChange", () => {
  it("has a product that is the price's change, whatever the tokens are", () => {
    const tokens = fc
      .record({
        uncached: fc.integer({ min: 1, max: 1e9 }),
        cacheReadTokens: fc.integer({ min: 0, max: 1e9 }),
        outputTokens: fc.integer({ min: 0, max: 1e9 }),
        modelUsd: fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
      })
      .map(({ uncached, ...one }) => ({
        ...one,
        tokens: uncached + one.cacheReadTokens + one.outputTokens,
      }));
    fc.assert(
      fc.property(
        tokens,
        tokens,
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        (a, b, price) => {
          const change = priceChange(a, b, price)!;

          const { cacheMisses, outputShare, modelMix, modelPrice } = change;
          const product = cacheMisses * outputShare * modelMix * modelPrice;
          expect(Math.abs(product / price - 1)).toBeLessThan(1e-12);
          expect(Math.min(cacheMisses, outputShare, modelMix, modelPrice)).toBeGreaterThan(0);
        },
      ),
    );
  });

  it("gives cache and output what each alone does", () => {
    const uncached = priceChange({ ...USUAL, cacheReadTokens: 0 }, USUAL, 3)!;
    const longer = priceChange({ ...USUAL, outputTokens: 200 }, USUAL, 3)!;

    expect(uncached.cacheMisses).toBeCloseTo(1_080 / 360, 9);
    expect(uncached.outputShare).toBeCloseTo(1, 9);
    expect(longer.outputShare).toBeCloseTo(1_080 / 360, 9);
    expect(longer.cacheMisses).toBeCloseTo(1, 9);
  });

  it("knows nothing without tokens, without a price, or of more cached tokens than there are", () => {
    for (const odd of [
      { ...USUAL, tokens: 0 },
      { ...USUAL, modelUsd: 0 },
      { ...USUAL, cacheReadTokens: 1_500 },
    ]) {
      expect(priceChange(odd, USUAL, 2)).toBeNull();
      expect(priceChange(USUAL, odd, 2)).toBeNull();
    }
  });
});

describe("UsualTokens", () => {
  it("follows what the last hours held", () => {
    const usual = new UsualTokens();
    for (let hour = 0; hour < 100; hour++) usual.learn({ ...USUAL, cacheReadTokens: 0 });
    for (let hour = 0; hour < 500; hour++) usual.learn(USUAL);

    expect(usual.cacheReadTokens / usual.tokens).toBeCloseTo(0.8, 2);
  });
});

describe("weightedTokens", () => {
  it("counts a token by what it costs beside one of input", () => {
    expect(weightedTokens(USUAL)).toBeCloseTo(180 + 80 + 100, 9);
  });
});

import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { UsualRates } from "../../src/detect/usual-rates.ts";

interface Use {
  readonly usd: number;
  readonly tokens: number;
  readonly requests: number;
  readonly cacheReadTokens: number;
}
const USE: Use = { usd: 0.2, tokens: 40_000, requests: 4, cacheReadTokens: 30_000 };
const NOTHING: Use = { usd: 0, tokens: 0, requests: 0, cacheReadTokens: 0 };

/** A step with one use, and the step after it begun: so that it is finished. */
function step(
  rates: UsualRates,
  at: number,
  use: Use,
  dearness: number | null = 0,
): UsualRates["shift"] {
  rates.count(at, use, dearness);
  rates.count(at + 1, NOTHING, null);
  return { ...rates.shift };
}

/** Hours of twelve steps alike, from step `from`. */
function work(rates: UsualRates, hours: number, use = USE, from = 0): void {
  for (let hour = 0; hour < hours; hour++) {
    for (let one = 0; one < 12; one++) rates.count(from + hour * 12 + one, use, 0);
    const { usd, tokens, requests } = use;
    rates.learn({ cells: 12, requests: 12 * requests, tokens: 12 * tokens, usd: 12 * usd });
  }
}

describe("UsualRates", () => {
  it("knows nothing at first, and says so", () => {
    const rates = new UsualRates();

    expect(rates.known).toBe(false);
    expect([rates.requestsPerCell, rates.tokensPerRequest, rates.usdPerToken]).toEqual([0, 0, 0]);
    expect(step(rates, 0, USE)).toEqual({ cells: 0, price: 0, size: 0, pace: 0, mix: 0, cache: 0 });
  });

  it("learns what steps, requests and tokens usually come to", () => {
    const rates = new UsualRates();
    work(rates, 3);

    expect(rates.known).toBe(true);
    expect(rates.requestsPerCell).toBeCloseTo(4, 9);
    expect(rates.tokensPerRequest).toBeCloseTo(10_000, 6);
    expect(rates.usdPerToken).toBeCloseTo(0.2 / 40_000, 12);
  });

  it("tells how far the last steps were from usual, the newest weighing most", () => {
    const rates = new UsualRates();
    step(rates, 0, { ...USE, cacheReadTokens: 0 });
    expect(rates.lately("cache")).toBe(0);

    work(rates, 3, USE, 10);
    expect(rates.lately("cache")).toBeCloseTo(0, 1);
    for (let one = 0; one < 4; one++) step(rates, 100 + 2 * one, USE, Math.log(3));
    const half = rates.lately("mix");
    for (let one = 0; one < 20; one++) step(rates, 110 + 2 * one, { ...USE, cacheReadTokens: 0 });

    expect(half / Math.log(3)).toBeGreaterThan(0.4);
    expect(half / Math.log(3)).toBeLessThan(0.5);
    expect(rates.lately("cache")).toBeGreaterThan(0.65);
    expect(rates.lately("cache")).toBeLessThan(0.75);
    expect(rates.lately("mix")).toBeLessThan(0.05);
  });

  it("tells each factor's shift by itself, once in the use that ends the step", () => {
    const rates = new UsualRates();
    work(rates, 3);
    step(rates, 100, USE);

    const shifts = (at: number, use: Use): number[] => {
      const { cells, price, size, pace } = step(rates, at, use);
      expect(cells).toBe(1);
      return [price, size, pace].map((shift) => Number(Math.exp(shift).toFixed(6)));
    };
    expect(shifts(102, { ...USE, usd: 0.4 })).toEqual([2, 1, 1]);
    expect(shifts(104, { ...USE, usd: 0.6, tokens: 120_000 })).toEqual([1, 3, 1]);
    expect(shifts(106, { ...USE, usd: 0.6, tokens: 120_000, requests: 12 })).toEqual([1, 1, 3]);
    rates.count(107, USE, 0);
    expect(rates.shift.cells).toBe(0);
  });

  it("tells dearer models and missed caches by themselves", () => {
    const rates = new UsualRates();
    work(rates, 3);
    step(rates, 100, USE);

    expect(step(rates, 102, USE, 0.5)).toMatchObject({ cells: 1, mix: 0.5, cache: 0 });
    const cold = step(rates, 104, { ...USE, cacheReadTokens: 10_000 });
    expect(cold.cache).toBeCloseTo(0.5, 9);
    expect(cold.mix).toBe(0);
    expect(step(rates, 106, USE, null).mix).toBe(0);
  });

  it("measures a step as a whole, however many uses it came in", () => {
    const [whole, pieces] = [new UsualRates(), new UsualRates()];
    work(whole, 3);
    work(pieces, 3);
    step(whole, 100, USE);
    step(pieces, 100, USE);
    const quarter = { usd: 0.2, tokens: 20_000, requests: 2, cacheReadTokens: 10_000 };
    for (let one = 0; one < 4; one++) pieces.count(102, quarter, 0.3);

    expect(step(pieces, 102, NOTHING, null)).toEqual(
      step(whole, 102, { usd: 0.8, tokens: 80_000, requests: 8, cacheReadTokens: 40_000 }, 0.3),
    );
  });

  it("lets no step count for more than e to the power of 1.5", () => {
    const wild = fc.record({
      usd: fc.double({ min: 1e-9, max: 1e9, noNaN: true }),
      tokens: fc.integer({ min: 1, max: 1e9 }),
      requests: fc.integer({ min: 1, max: 1e6 }),
      cacheReadTokens: fc.constant(0),
    });
    fc.assert(
      fc.property(wild, (use) => {
        const rates = new UsualRates();
        work(rates, 3);
        step(rates, 100, USE);
        const { price, size, pace } = step(rates, 102, use);
        for (const shift of [price, size, pace]) {
          expect(Math.abs(shift)).toBeLessThanOrEqual(1.5);
        }
      }),
    );
  });

  it("learns nothing from an hour that is forgotten", () => {
    const rates = new UsualRates();
    work(rates, 5);
    for (let one = 60; one < 72; one++) rates.count(one, { ...USE, usd: 20 }, 0);
    rates.forgetHour();
    step(rates, 80, USE);
    rates.forgetHour();

    expect(step(rates, 90, USE).price).toBeCloseTo(0, 6);
    expect(rates.usdPerToken).toBeCloseTo(0.2 / 40_000, 12);
  });

  it("follows a change that stays: half of it in about two weeks of work", () => {
    const rates = new UsualRates();
    work(rates, 400);
    work(rates, 50, { ...USE, usd: 0.4 }, 400 * 12);

    const ratio = rates.usdPerToken / (0.2 / 40_000);
    expect(ratio).toBeGreaterThan(1.4);
    expect(ratio).toBeLessThan(1.6);
  });

  it("passes over steps without tokens, requests or dollars", () => {
    const rates = new UsualRates();
    work(rates, 3);
    step(rates, 100, USE);
    for (const nothing of [{ usd: 0 }, { tokens: 0 }, { requests: 0 }]) {
      expect(step(rates, 102, { ...USE, ...nothing }).cells).toBe(0);
    }
  });
});

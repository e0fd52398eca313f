import { describe, expect, it } from "@jest/globals";
import { PriceIndex } from "../../src/detect/price-index.ts";

/** A tool's call of a model at dollars a million tokens. */
function call(tool: string, model: string, price: number, requests = 100) {
  return { tool, model, usd: price, tokens: 1e6, cacheReadTokens: 0, outputTokens: 0, requests };
}

describe("PriceIndex", () => {
  it("tells how dear a model is among those its tool calls, whatever the tool costs", () => {
    const prices = new PriceIndex();
    for (let one = 0; one < 50; one++) {
      prices.add(call("cli", "large", 4));
      prices.add(call("cli", "small", 1));
      // A tool without a cache: everything costs five times as much.
      prices.add(call("chat", "large", 20));
      prices.add(call("chat", "small", 5));
    }
    for (const tool of ["cli", "chat"]) {
      expect(prices.of(tool, "large")).toBeCloseTo(Math.LN2, 9);
      expect(prices.of(tool, "small")).toBeCloseTo(-Math.LN2, 9);
    }
  });

  it("takes what a model costs elsewhere where a tool has hardly called it, and knows nothing of a new one", () => {
    const prices = new PriceIndex();
    for (let one = 0; one < 50; one++) {
      prices.add(call("cli", "large", 4));
      prices.add(call("cli", "small", 1));
      prices.add(call("chat", "small", 5));
    }
    expect(prices.of("chat", "large")).toBeCloseTo(Math.LN2, 1);
    expect(prices.of("notebook", "large")).toBeCloseTo(Math.LN2, 1);
    expect(prices.of("cli", "unheard-of")).toBeNull();
  });

  it("learns nothing from requests without price, tokens or number", () => {
    const prices = new PriceIndex();
    for (const use of [
      { ...call("cli", "large", 0) },
      { ...call("cli", "large", 1), tokens: 0 },
      { ...call("cli", "large", 1), requests: 0 },
    ]) {
      for (let one = 0; one < 50; one++) prices.add(use);
    }
    expect(prices.of("cli", "large")).toBeNull();
  });

  it("follows a price that changes", () => {
    const prices = new PriceIndex();
    for (let one = 0; one < 2_000; one++) {
      prices.add(call("cli", "large", 1));
      prices.add(call("cli", "small", 1));
    }
    for (let one = 0; one < 2_000; one++) {
      prices.add(call("cli", "large", 4));
      prices.add(call("cli", "small", 1));
    }
    expect(prices.of("cli", "large")).toBeGreaterThan(0.6);
  });
});

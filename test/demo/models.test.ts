import { describe, expect, it } from "@jest/globals";
import { MODELS } from "../../src/demo/models.ts";
import { loadPriceBook } from "../../src/price/load-price-book.ts";

describe("MODELS", () => {
  const book = loadPriceBook("pipelines/price-book.yaml");

  it.each(Object.values(MODELS))("the price book knows $provider/$name, in both tiers", (model) => {
    const timeMs = Date.UTC(2026, 10, 1);
    const rate = (tier: string): number | undefined =>
      book.find(model.provider, model.name, tier)?.find((price) => price.fromMs <= timeMs)?.rates
        .output;

    expect(rate("standard")).toBeGreaterThan(0);
    expect(rate("batch")).toBeGreaterThan(0);
  });
});

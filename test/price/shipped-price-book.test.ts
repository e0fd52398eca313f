import { describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { loadPriceBook } from "../../src/price/load-price-book.ts";
import type { PriceBookInput } from "../../src/price/price-book.ts";
import { attributes, END } from "../decode/spans.ts";
import { price } from "./pricing.ts";

const PATH = "pipelines/price-book.yaml";
const book = loadPriceBook(PATH);
const data = parse(readFileSync(PATH, "utf8")) as PriceBookInput;

/** A chat span as an emitter writes it that counts cached tokens as a part of the input. */
function span(provider: string, model: string, usage: Readonly<Record<string, number>>): object {
  const values = { "gen_ai.operation.name": "chat", "gen_ai.provider.name": provider };
  const named = Object.fromEntries(
    Object.entries(usage).map(([name, count]) => [`gen_ai.usage.${name}`, count]),
  );
  const all = attributes({ ...values, "gen_ai.response.model": model, ...named });
  return {
    resourceSpans: [{ scopeSpans: [{ spans: [{ endTimeUnixNano: END, attributes: all }] }] }],
  };
}

const OTLP = { pipeline: { format: "otlp-json-spans" } } as const;
const TIME = "2026-11-21T00:00:00Z";

describe("pipelines/price-book.yaml", () => {
  it("names for every price where and when it was read", () => {
    for (const { model, source, read, prices } of data.models) {
      expect([model, source]).toEqual([model, expect.stringMatching(/^https:\/\//)]);
      expect([model, read]).toEqual([model, expect.stringMatching(/^2026-/)]);
      expect(prices.length).toBeGreaterThan(0);
    }
  });

  it.each([
    "claude-opus-4-5",
    "claude-sonnet-4-5",
    "claude-haiku-4-5",
    "claude-sonnet-5",
    "gpt-5",
    "gpt-5-mini",
    "gpt-4o",
    "gpt-4.1",
    "o3",
    "o4-mini",
    "gemini-2.5-pro",
    "gemini-2.5-flash",
    "gemini-3-pro-preview",
  ])("knows %s", (model) => {
    expect(book.find("unknown", model, "unknown")).not.toBeNull();
  });

  it("never charges more for reading a cache than for reading afresh, nor more for input than output", () => {
    for (const { provider, model } of data.models) {
      for (const { rates, longContext } of book.find(provider, model, "")!) {
        for (const one of [rates, longContext?.rates ?? rates]) {
          expect([model, one.cacheRead <= one.input]).toEqual([model, true]);
          expect([model, one.output === 0 || one.output > one.input]).toEqual([model, true]);
        }
      }
    }
  });
});

describe("known answers from public bug reports", () => {
  it("charges cache writes once (BerriAI/litellm #9812: 0.054399, not 0.091311)", () => {
    const canonical = {
      time: TIME,
      provider: "anthropic",
      model: "claude-sonnet-4-5",
      uncached_input_tokens: 3,
      cache_write_5m_input_tokens: 12_304,
      output_tokens: 550,
    };
    const usage = {
      input_tokens: 12_307,
      "cache_creation.input_tokens": 12_304,
      output_tokens: 550,
    };

    expect(price(book, [canonical]).costNanos).toEqual([54_399_000]);
    expect(price(book, [span("anthropic", "claude-sonnet-4-5", usage)], OTLP).costNanos).toEqual([
      54_399_000,
    ]);
  });

  it("charges cached tokens the cache rate (maximhq/bifrost #904: 0.341642, not about 1.68)", () => {
    const canonical = {
      time: TIME,
      provider: "openai",
      model: "gpt-5",
      uncached_input_tokens: 51_232,
      cache_read_input_tokens: 1_188_096,
      output_tokens: 12_909,
    };
    const usage = {
      input_tokens: 51_232 + 1_188_096,
      "cache_read.input_tokens": 1_188_096,
      output_tokens: 12_909,
    };

    expect(price(book, [canonical]).costNanos).toEqual([341_642_000]);
    expect(price(book, [span("openai", "gpt-5", usage)], OTLP).costNanos).toEqual([341_642_000]);
  });

  it("takes cached tokens out of a streamed total (BerriAI/litellm #11789: 0.000292, not 0.002059)", () => {
    // The issue names no model. Claude Haiku 3.5 (0.80, cached 0.08, out 4) gives both of its figures: 4 × 0.80 + 2455 × 0.08 +
    // 23 × 4 = 291.6 millionths, and the wrong one: 2459 × 0.80 + 23 × 4 = 2059.2.
    const usage = { input_tokens: 2459, "cache_read.input_tokens": 2455, output_tokens: 23 };
    const record = span("anthropic", "claude-3-5-haiku-20241022", usage);

    const { costNanos } = price(book, [record], OTLP);

    expect(costNanos).toEqual([291_600]);
    expect((costNanos[0]! / 1e9).toFixed(6)).toBe("0.000292");
  });

  it("prices the Collector's sample", () => {
    const usage = {
      input_tokens: 9200,
      "cache_read.input_tokens": 8000,
      "cache_creation.input_tokens": 700,
      output_tokens: 410,
    };

    const { costNanos } = price(
      book,
      [span("anthropic", "claude-sonnet-4-5-20250929", usage)],
      OTLP,
    );

    expect(costNanos).toEqual([12_675_000]);
  });
});

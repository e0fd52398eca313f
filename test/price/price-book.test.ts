import { describe, expect, it } from "@jest/globals";
import { PRICE_BOOK_SCHEMA } from "../../src/price/price-book.ts";
import { aBook, type ModelInput } from "./pricing.ts";

function problemsOf(models: readonly Partial<ModelInput>[]): string[] {
  const plain = { provider: "acme", model: "m", prices: [{ input: 1, output: 2 }] };
  const result = PRICE_BOOK_SCHEMA.safeParse({
    models: models.map((one) => ({ ...plain, ...one })),
  });
  return (result.error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);
}

describe("PRICE_BOOK_SCHEMA", () => {
  it.each([
    [3, 3_000_000],
    ["3", 3_000_000],
    ["3.75", 3_750_000],
    [0.1, 100_000],
    ["0.01875", 18_750],
    ["0.000123", 123],
    ["1.5e1", 15_000_000],
    [0, 0],
    ["10000", 10_000_000_000],
  ])("reads %p dollars per million as %p pico-dollars a token", (input, pico) => {
    expect(aBook({ prices: [{ input, output: 0 }] }).find("acme", "m", "")![0]!.rates.input).toBe(
      pico,
    );
  });

  it.each([
    ["10000.000001", "over 0.01 USD a token"],
    [8_000_000, "over 0.01 USD a token"],
    ["8e-6", "looks like a rate per token"],
    [0.000003, "looks like a rate per token"],
    ["0.0000001", "more than six decimals"],
    ["3.0000001", "more than six decimals"],
    ["-1", "no decimal"],
    ["3 USD", "no decimal"],
    ["", "no decimal"],
    [NaN, "no rate"],
    [Infinity, "no rate"],
  ])("refuses a rate of %p", (input, problem) => {
    const problems = problemsOf([{ prices: [{ input, output: 0 }] }]);

    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain("models.0.prices.0.input");
    expect(problems[0]).toContain(problem);
  });

  it("accepts exactness that is only trailing zeros", () => {
    expect(problemsOf([{ prices: [{ input: "3.0000000000", output: 0 }] }])).toEqual([]);
  });

  it("refuses the same name, alias or date twice", () => {
    expect(problemsOf([{}, {}])).toEqual([expect.stringContaining("models.1.model")]);
    expect(problemsOf([{ aliases: ["x"] }, { model: "n", aliases: ["x"] }])).toEqual([
      expect.stringContaining("models.1.aliases.0"),
    ]);
    expect(
      problemsOf([
        {
          prices: [
            { effective_from: "2026-01-01", input: 1, output: 1 },
            { effective_from: "2026-01-01", input: 2, output: 2 },
          ],
        },
      ]),
    ).toEqual([expect.stringContaining("models.0.prices.1.effective_from")]);
  });
});

describe("PriceBook", () => {
  const book = aBook(
    { provider: "anthropic", model: "claude-opus-4-5", prices: [{ input: 5, output: 25 }] },
    {
      provider: "openai",
      model: "gpt-5",
      aliases: ["our-gpt"],
      prices: [{ input: 1.25, output: 10 }],
    },
    { provider: "openai", model: "gpt-4o", prices: [{ input: 2.5, output: 10 }] },
    { provider: "openai", model: "gpt-4o-2024-05-13", prices: [{ input: 5, output: 15 }] },
    { provider: "azure", model: "gpt-5", prices: [{ input: 2, output: 20 }] },
    { provider: "google", model: "gemini-2.5-pro", prices: [{ input: 1.25, output: 10 }] },
  );
  const inputRate = (provider: string, model: string): number | null => {
    const prices = book.find(provider, model, "");
    return prices === null ? null : prices[0]!.rates.input / 1e6;
  };

  it.each([
    ["anthropic", "claude-opus-4-5", 5],
    ["anthropic", "claude-opus-4-5-20251101", 5],
    ["anthropic", "claude-opus-4-5-latest", 5],
    ["aws.bedrock", "anthropic.claude-opus-4-5-20251101-v1:0", 5],
    ["aws.bedrock", "eu.anthropic.claude-opus-4-5-20251101-v1:0", 5],
    ["gcp.vertex_ai", "claude-opus-4-5@20251101", 5],
    ["unknown", "anthropic/claude-opus-4-5", 5],
    ["unknown", "Claude-Opus-4-5", 5],
    ["openai", "gpt-5", 1.25],
    ["openai", "gpt-5-2025-08-07", 1.25],
    ["azure", "gpt-5", 2],
    ["azure", "gpt-5-2025-08-07", 2],
    ["unknown", "gpt-5", 1.25], // the first in the book
    ["unknown", "our-gpt", 1.25],
    ["openai", "gpt-4o-2024-05-13", 5], // dated names that have their own price keep it
    ["openai", "gpt-4o-2024-08-06", 2.5],
    ["gcp.gemini", "models/gemini-2.5-pro", 1.25],
  ])("finds %s %s", (provider, model, rate) => {
    expect(inputRate(provider, model)).toBe(rate);
  });

  it.each([
    "gpt-5-mini",
    "gpt-50",
    "gpt",
    "my-gpt-5",
    "claude-opus-4-5-thinking",
    "claude-opus-4",
    "__proto__",
    "constructor",
    "",
    "x/".repeat(50_000),
  ])("never guesses: %.40s is unknown", (model) => {
    expect(book.find("openai", model, "")).toBeNull();
  });

  it("has a version that changes with any price and with nothing else", () => {
    const one = aBook({ prices: [{ input: 1, output: 2 }] });
    const same = aBook({ prices: [{ input: "1.00", output: "2" }] });
    const other = aBook({ prices: [{ input: 1, output: 2.000001 }] });

    expect(one.version).toMatch(/^prices\+[0-9a-f]{8}$/);
    expect(same.version).toBe(one.version);
    expect(other.version).not.toBe(one.version);
  });
});

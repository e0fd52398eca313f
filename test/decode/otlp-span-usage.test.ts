import { describe, expect, it } from "@jest/globals";
import { one } from "./spans.ts";

describe("SpanUsage", () => {
  it.each([
    ["before v1.27", "gen_ai.usage.prompt_tokens", "gen_ai.usage.completion_tokens"],
    ["v1.27 and later", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"],
  ])("reads input and output as named %s", (_, input, output) => {
    expect(one({ [input]: 7, [output]: 5 }).rows[0]).toMatchObject({ input: 7, output: 5 });
  });

  it.each([
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.input_tokens.cached",
    "gen_ai.usage.cached_input_tokens",
  ])("reads cached tokens from %s", (name) => {
    const { rows } = one({ "gen_ai.usage.input_tokens": 100, [name]: 30 });

    expect(rows[0]).toMatchObject({ input: 70, read: 30 });
  });

  it.each([
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "gen_ai.usage.cache_write_input_tokens",
    "gen_ai.usage.input_tokens.cache_write",
  ])("reads cache writes from %s", (name) => {
    const { rows } = one({ "gen_ai.usage.input_tokens": 100, [name]: 30 });

    expect(rows[0]).toMatchObject({ input: 70, write5m: 30 });
  });

  it.each(["gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.output_tokens.reasoning"])(
    "reads reasoning from %s",
    (name) => {
      const { rows } = one({ "gen_ai.usage.output_tokens": 100, [name]: 30 });

      expect(rows[0]).toMatchObject({ output: 100, reasoning: 30 });
    },
  );

  it("counts a value that comes under two names once", () => {
    const { rows } = one({
      "gen_ai.usage.input_tokens": 100,
      "gen_ai.usage.prompt_tokens": 100,
      "gen_ai.usage.cache_read.input_tokens": 30,
      "gen_ai.usage.cache_read_input_tokens": 30,
    });

    expect(rows[0]).toMatchObject({ input: 70, read: 30 });
  });

  it.each([
    ["a string", { intValue: "42" }],
    ["a number", { intValue: 42 }],
    ["a double", { doubleValue: 42 }],
    ["text", { stringValue: "42" }],
  ])("reads an integer written as %s", (_, value) => {
    expect(one({ "gen_ai.usage.output_tokens": value }).rows[0]).toMatchObject({ output: 42 });
  });

  it.each([
    ["auto", 100, 30, { input: 70 }, 0],
    ["auto", 20, 30, { input: 20 }, 1],
    ["yes", 20, 30, { input: 0 }, 1],
    ["yes", 100, 30, { input: 70 }, 0],
    ["no", 100, 30, { input: 100 }, 0],
  ] as const)(
    "with input_includes_cache %s splits input %i, cached %i",
    (input_includes_cache, input, cached, expected, mended) => {
      const { rows, tally } = one(
        { "gen_ai.usage.input_tokens": input, "gen_ai.usage.cache_read.input_tokens": cached },
        { input_includes_cache },
      );

      expect(rows[0]).toMatchObject({ ...expected, read: cached });
      expect(tally.mended).toBe(mended);
    },
  );

  it("takes reasoning that exceeds output for counted beside it", () => {
    const { rows, tally } = one({
      "gen_ai.usage.output_tokens": 100,
      "gen_ai.usage.reasoning.output_tokens": 300,
    });

    expect(rows[0]).toMatchObject({ output: 400, reasoning: 300 });
    expect(tally.mended).toBe(1);
  });
});

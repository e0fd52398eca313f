import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { Dictionaries, EventBatch } from "../../src/decode/event-batch.ts";
import { DIM, DIMENSIONS } from "../../src/decode/usage-event.ts";
import { createPricer } from "../../src/price/pricer.ts";
import { anEventBatch } from "../support/event-builders.ts";
import { aBook, price } from "./pricing.ts";

const TIME = "2026-11-21T08:00:00Z";
const EVENT = { time: TIME, provider: "acme", model: "m" };

describe("createPricer", () => {
  it("charges every bucket its own rate", () => {
    const rates = { input: 1, cache_read: 2, cache_write_5m: 4, cache_write_1h: 8, output: 16 };
    const book = aBook({ prices: [rates] });

    const { costNanos } = price(book, [
      { ...EVENT, uncached_input_tokens: 1 },
      { ...EVENT, cache_read_input_tokens: 1 },
      { ...EVENT, cache_write_5m_input_tokens: 1 },
      { ...EVENT, cache_write_1h_input_tokens: 1 },
      { ...EVENT, output_tokens: 1, reasoning_output_tokens: 1 },
    ]);

    expect(costNanos).toEqual([1000, 2000, 4000, 8000, 16_000]);
  });

  it("takes rates that are not given from the nearest that is", () => {
    const cached = {
      cache_read_input_tokens: 1,
      cache_write_5m_input_tokens: 10,
      cache_write_1h_input_tokens: 100,
    };
    const plain = aBook({ prices: [{ input: 1, output: 2 }] });
    const written = aBook({ prices: [{ input: 1, output: 2, cache_write_5m: 3 }] });

    expect(price(plain, [{ ...EVENT, ...cached }]).costNanos).toEqual([111_000]);
    expect(price(written, [{ ...EVENT, ...cached }]).costNanos).toEqual([331_000]);
  });

  it("rounds each event half-up once, not each bucket", () => {
    // 0.0004 dollars per million: 400 pico-dollars a token
    const book = aBook({ prices: [{ input: 0.0004, output: 0.0003 }] });
    const event = (input: number, output: number): object => ({
      ...EVENT,
      uncached_input_tokens: input,
      output_tokens: output,
    });

    const { costNanos } = price(book, [event(1, 0), event(1, 1), event(5, 0), event(0, 5)]);

    // 400, 700, 2000 and 1500 pico-dollars
    expect(costNanos).toEqual([0, 1, 2, 2]);
  });

  it("is exact far beyond what a double can add", () => {
    const book = aBook({ prices: [{ input: 149.999999, output: 1e4 }] });
    const bucket = fc.integer({ min: 0, max: 1e9 });
    const requests = fc.integer({ min: 1, max: 400 });
    fc.assert(
      fc.property(bucket, bucket, requests, (input, output, count) => {
        const tokens = { uncached_input_tokens: input * count, output_tokens: output };
        const { costNanos, overpriced } = price(book, [{ ...EVENT, requests: count, ...tokens }]);
        const pico = BigInt(input) * BigInt(count) * 149_999_999n + BigInt(output) * 10n ** 10n;
        const nanos = (pico + 500n) / 1000n;
        const tooMuch = nanos >= 2n ** 52n;
        expect(overpriced).toEqual(tooMuch ? [0] : []);
        expect(BigInt(costNanos[0]!)).toBe(tooMuch ? 0n : nanos);
      }),
      { numRuns: 500 },
    );
  });

  it("gives back an event of exactly 2^52 nano-dollars, and keeps one of a token less", () => {
    // 2^20 nano-dollars a token
    const book = aBook({ prices: [{ input: 1048.576, output: 0 }] });
    const { overpriced, costNanos } = price(book, [
      { ...EVENT, requests: 5, uncached_input_tokens: 2 ** 32 },
      { ...EVENT, requests: 5, uncached_input_tokens: 2 ** 32 - 1 },
    ]);

    expect(overpriced).toEqual([0]);
    expect(costNanos).toEqual([0, 2 ** 52 - 2 ** 20]);
  });

  it("gives back events over 2^52 nano-dollars, and only those", () => {
    // 10,000 dollars per million tokens: 10 million nano-dollars a token
    const book = aBook({ prices: [{ input: 1e4, output: 1e4 }] });
    const { overpriced, costNanos, unpriced } = price(book, [
      { ...EVENT, uncached_input_tokens: 450_359_962 },
      { ...EVENT, uncached_input_tokens: 450_359_963 },
    ]);

    expect(overpriced).toEqual([1]);
    expect(costNanos).toEqual([4_503_599_620_000_000, 0]);
    expect(unpriced).toEqual([0, 0]);
  });

  it("keeps the tokens of unknown models as unpriced, at no cost", () => {
    const { batch } = { batch: anEventBatch([]) };
    const pricer = createPricer(aBook(), {
      costSource: "computed",
      dictionaries: batch.dictionaries,
    });
    const event = { model: "mystery", input: 3, output: 4 };
    const mystery = anEventBatch(
      [event, { ...event, model: "__proto__" }, event],
      batch.dictionaries,
    );

    pricer.price(mystery);

    expect(Array.from(mystery.unpricedTokens.slice(0, 3))).toEqual([7, 7, 7]);
    expect(Array.from(mystery.costNanos.slice(0, 3))).toEqual([0, 0, 0]);
  });

  it("finds nothing unpriced where nothing was used", () => {
    const { costNanos, unpriced, versions } = price(aBook(), [
      { time: TIME, model: "mystery", errors: 1 },
    ]);

    expect([costNanos, unpriced]).toEqual([[0], [0]]);
    expect(versions).not.toContain("unpriced");
  });

  it.each([
    ["computed", EVENT, 5, 2000, "prices"],
    ["reported", EVENT, 5, 5e9, "reported"],
    ["reported", EVENT, undefined, 2000, "prices"],
    ["max", EVENT, 5, 5e9, "reported"],
    ["max", EVENT, "0.000001", 2000, "prices"],
    ["max", EVENT, undefined, 2000, "prices"],
    ["computed", { time: TIME, model: "mystery" }, 5, 5e9, "reported"],
    ["reported", { time: TIME, model: "mystery" }, 5, 5e9, "reported"],
    ["max", { time: TIME, model: "mystery" }, 0, 0, "reported"],
    ["computed", { time: TIME, model: "mystery" }, undefined, 0, "unpriced"],
  ] as const)(
    "with cost_source %s charges %j reported at %p: %p nano-dollars, by %s",
    (costSource, event, cost_usd, nanos, version) => {
      const { costNanos, versions, unpriced } = price(
        aBook(),
        [{ ...event, output_tokens: 1, cost_usd }],
        { costSource },
      );

      expect(costNanos).toEqual([nanos]);
      expect(versions[0]).toMatch(new RegExp(`^${version}`));
      expect(unpriced).toEqual([version === "unpriced" ? 1 : 0]);
    },
  );

  it("prices by the event's time, not by today's", () => {
    const book = aBook({
      prices: [
        { effective_from: "2026-07-30", input: 2, output: 2 },
        { effective_from: "2026-07-09", input: 1, output: 1 },
      ],
    });
    const at = (time: string): object => ({ ...EVENT, time, output_tokens: 1 });

    const { costNanos, unpriced } = price(book, [
      at("2026-07-08T23:59:59.999Z"),
      at("2026-07-09T00:00:00Z"),
      at("2026-07-29T23:59:59.999Z"),
      at("2026-07-30T00:00:00Z"),
    ]);

    expect(costNanos).toEqual([0, 1000, 1000, 2000]);
    expect(unpriced).toEqual([1, 0, 0, 0]);
  });

  it("charges a long prompt the long rates for the whole request, strictly above the limit", () => {
    const long = { above_prompt_tokens: 100, input: 10, output: 20, cache_read: 5 };
    const book = aBook({ prices: [{ input: 1, output: 2, cache_read: 0.5, long_context: long }] });
    const event = (input: number, read: number, requests = 1): object => ({
      ...EVENT,
      requests,
      uncached_input_tokens: input,
      cache_read_input_tokens: read,
      output_tokens: 1,
    });

    const { costNanos } = price(book, [event(50, 50), event(50, 51), event(100, 100, 2)]);

    expect(costNanos).toEqual([77_000, 775_000, 152_000]);
  });

  it("multiplies or replaces rates by service tier, and charges others the standard ones", () => {
    const long = { above_prompt_tokens: 10, input: 4, output: 4 };
    const tiers = {
      batch: { multiply: 0.5 },
      reserved: { input: 0, output: 0 },
      priority: { multiply: 2 },
    };
    const book = aBook({ prices: [{ input: 2, output: 2, long_context: long, tiers }] });
    const event = (service_tier: string | undefined, input: number): object => ({
      ...EVENT,
      service_tier,
      uncached_input_tokens: input,
    });

    const { costNanos, unpriced } = price(book, [
      event(undefined, 1),
      event("standard", 1),
      event("batch", 1),
      event("BATCH", 11),
      event("fast", 1),
      event("on_demand_priority", 1),
      event("reserved", 1),
      event("constructor", 1),
    ]);

    expect(costNanos).toEqual([2000, 2000, 1000, 22_000, 4000, 4000, 0, 2000]);
    expect(unpriced).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it("forgets what ids meant when the dictionaries are cleared", () => {
    const dictionaries = new Dictionaries();
    const pricer = createPricer(aBook(), { costSource: "computed", dictionaries });
    const batch = new EventBatch(dictionaries, 1);
    const priceOf = (model: string): number => {
      batch.reset();
      const row = batch.push(0, 0);
      for (const name of DIMENSIONS) {
        const value = name === "model" ? model : "x";
        batch.dims[row * DIMENSIONS.length + DIM[name]] =
          dictionaries.dimensions[DIM[name]]!.intern(value);
      }
      batch.output[row] = 1;
      pricer.price(batch);
      return batch.costNanos[row]!;
    };

    const before = [priceOf("m"), priceOf("other")];
    dictionaries.clear();
    const after = [priceOf("other"), priceOf("m")];

    expect([before, after]).toEqual([
      [2000, 0],
      [0, 2000],
    ]);
  });

  it("prices a part of a batch and leaves the rest alone", () => {
    const batch = anEventBatch(
      Array.from({ length: 3 }, () => ({ provider: "acme", model: "m", output: 1, costNanos: 7 })),
    );
    const pricer = createPricer(aBook(), {
      costSource: "computed",
      dictionaries: batch.dictionaries,
    });

    pricer.price(batch, 1, 2);

    expect(Array.from(batch.costNanos.slice(0, 3))).toEqual([7, 2000, 7]);
  });
});

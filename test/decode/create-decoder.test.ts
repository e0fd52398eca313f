import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { pipelineFrom } from "../../src/config/load.ts";
import { createDecoder } from "../../src/decode/create-decoder.ts";
import { Dictionaries, EventBatch } from "../../src/decode/event-batch.ts";
import { REJECT_REASONS, type RejectedEvent } from "../../src/decode/usage-event.ts";
import { decode, recordsOf, type Decoded } from "./decoding.ts";

const FORMATS = ["canonical-json", "otlp-json-spans"] as const;
const TIME = "2026-11-21T08:00:00Z";

/** Values that people, languages and attackers put where a count or a name belongs. */
const odd = fc.oneof(
  fc.constantFrom(null, "", "0", "007", -0, 0, 1, -1, 1.5, 2 ** 53, 2 ** 60, 1e9, true, "1e3"),
  fc.constantFrom("__proto__", "constructor", "a\u0000", "\ud800", "x".repeat(129), [], {}),
  fc.integer(),
  fc.double(),
  fc.string({ unit: "binary" }),
);
const FIELDS = [
  "time",
  "team",
  "user",
  "id",
  "session",
  "requests",
  "errors",
  "uncached_input_tokens",
  "output_tokens",
  "reasoning_output_tokens",
  "cost_usd",
  "labels",
  "__proto__",
] as const;
const event = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...FIELDS), odd), { selector: ([name]) => name })
  .map((fields) => ({ time: TIME, ...Object.fromEntries(fields) }));

const attribute = fc.record({
  key: fc.constantFrom(
    "gen_ai.operation.name",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.cache_read.input_tokens",
    "team.id",
  ),
  value: fc.oneof(
    odd,
    odd.map((intValue) => ({ intValue })),
    fc.constant({ stringValue: "chat" }),
  ),
});
const span = fc.record({
  endTimeUnixNano: fc.oneof(odd, fc.constant("1795219204250000000")),
  attributes: fc.array(attribute),
});

function expectSound({ rows, rejected }: Decoded): void {
  for (const { reason, detail, raw, rawBytes } of rejected) {
    expect(REJECT_REASONS).toContain(reason);
    expect(detail.length).toBeGreaterThan(0);
    expect(detail.length).toBeLessThanOrEqual(400);
    expect(detail).not.toMatch(/\p{Cc}/u);
    expect(raw.byteLength).toBe(Math.min(rawBytes, 65_536));
  }
  for (const row of rows) {
    for (const value of Object.values(row)) {
      if (typeof value === "number") expect(Number.isSafeInteger(value)).toBe(true);
    }
  }
}

describe("createDecoder", () => {
  it.each(FORMATS)("never throws on any bytes (%s)", (format) => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expectSound(decode([bytes], { pipeline: { format } }));
      }),
      { numRuns: 500 },
    );
  });

  it.each(FORMATS)("never throws on any JSON (%s)", (format) => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        expectSound(decode([text], { pipeline: { format } }));
      }),
      { numRuns: 500 },
    );
  });

  it("accepts, rejects or ignores every event, whatever its fields hold", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 8 }), (events) => {
        const decoded = decode([JSON.stringify(events)], { pipeline: { labels: ["__proto__"] } });
        expectSound(decoded);
        const { rows, rejected, tally } = decoded;
        const expected = Math.max(events.length, 1); // an empty list is ignored as one
        expect(rows.length + rejected.length + tally.ignored).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it("accepts, rejects or ignores every span, whatever it holds", () => {
    fc.assert(
      fc.property(fc.array(span, { minLength: 1, maxLength: 8 }), (spans) => {
        const record = { resourceSpans: [{ scopeSpans: [{ spans }] }] };
        const decoded = decode([record], { pipeline: { format: "otlp-json-spans" } });
        expectSound(decoded);
        const { rows, rejected, tally } = decoded;
        expect(rows.length + rejected.length + tally.ignored).toBe(spans.length);
      }),
      { numRuns: 1000 },
    );
  });

  it("counts what a plain recount of the same JSON counts", () => {
    const tokens = fc.integer({ min: 0, max: 1e9 });
    const good = fc.record({
      time: fc.integer({ min: 0, max: Date.parse(TIME) }),
      team: fc.constantFrom("a", "b", "__proto__", "constructor"),
      uncached_input_tokens: tokens,
      output_tokens: fc.oneof(tokens, tokens.map(String)),
    });
    fc.assert(
      fc.property(fc.array(good, { minLength: 1, maxLength: 20 }), fc.nat(19), (events, cut) => {
        const records = [events.slice(0, cut), ...events.slice(cut)];
        const { rows, rejected } = decode(records.map((one) => JSON.stringify(one)));
        const sums = new Map<unknown, number>();
        for (const { team, input, output } of rows) {
          sums.set(team, (sums.get(team) ?? 0) + Number(input) + Number(output));
        }
        const recount = new Map<unknown, number>();
        for (const { team, uncached_input_tokens: input, output_tokens: output } of events) {
          recount.set(team, (recount.get(team) ?? 0) + input + Number(output));
        }
        expect(rejected).toEqual([]);
        expect(sums).toEqual(recount);
      }),
    );
  });

  it("goes on after the dictionaries were cleared", () => {
    const dictionaries = new Dictionaries();
    const batch = new EventBatch(dictionaries, 1);
    const pipeline = pipelineFrom({ name: "t", format: "canonical-json", defaults: { team: "x" } });
    const decoder = createDecoder(pipeline, dictionaries);
    const rejected: RejectedEvent[] = [];
    const records = recordsOf([
      { time: TIME, user: "u1" },
      { time: TIME, user: "u2" },
    ]);
    const all = { from: 0, to: 2, nowMs: Date.parse(TIME) };

    decoder.decode(records, all, batch, rejected);
    dictionaries.clear();
    batch.reset();
    decoder.decode(records, { ...all, from: 1 }, batch, rejected);

    expect(dictionaries.dimensions.map((one) => one.value(0))).toEqual(
      expect.arrayContaining(["unknown", "x"]),
    );
    expect(dictionaries.dimensions[2]!.value(batch.dims[2]!)).toBe("u2");
    expect(batch.record[0]).toBe(1);
  });

  it("appends to what a batch holds already", () => {
    const { batch } = decode([
      { time: TIME, team: "a" },
      { time: TIME, team: "b" },
    ]);

    expect([batch.length, batch.record[0], batch.record[1]]).toEqual([2, 0, 1]);
  });
});

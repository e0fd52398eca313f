import { describe, expect, it } from "@jest/globals";
import { createDecoder } from "../../src/decode/create-decoder.ts";
import { Dictionaries } from "../../src/decode/event-batch.ts";
import { createPriceBook, PRICE_BOOK_SCHEMA } from "../../src/price/price-book.ts";
import { createPricer } from "../../src/price/pricer.ts";
import { Ledger, SUMS } from "../../src/verify/ledger.ts";
import { noneRecounted, Recount, type RecountedPartition } from "../../src/verify/recount.ts";
import { recordsOf } from "../decode/decoding.ts";
import { aPipeline } from "../support/pipeline-builder.ts";

const BOOK = createPriceBook(
  PRICE_BOOK_SCHEMA.parse({
    models: [
      { provider: "acme", model: "small", prices: [{ input: 0.0733, output: 0.30125 }] },
      { provider: "acme", model: "absurd", prices: [{ input: 10_000, output: 10_000 }] },
    ],
  }),
);
const NOW_MS = Date.UTC(2026, 10, 20, 12);
const MINUTE = Date.UTC(2026, 10, 20, 9, 1) / 1000;

function aRecount() {
  const pipeline = aPipeline();
  const dictionaries = new Dictionaries({ team: Infinity, model: Infinity });
  const ledger = new Ledger({ from: 0, to: 2 ** 32 });
  const recount = new Recount({
    pipeline,
    decoder: createDecoder(pipeline, dictionaries),
    pricer: createPricer(BOOK, { costSource: pipeline.costSource, dictionaries }),
    dictionaries,
    ledger,
  });
  const partition: RecountedPartition = {
    index: 0,
    progressMs: -1,
    countFrom: 0,
    before: noneRecounted(),
    counts: noneRecounted(),
  };
  return { recount, ledger, partition };
}

function event(fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    time: "2026-11-20T09:01:10Z",
    team: "search",
    provider: "acme",
    model: "small",
    uncached_input_tokens: 3,
    ...fields,
  };
}

/** What the ledger holds, as [minute, team, model, sums that are not 0]. */
function cellsOf(ledger: Ledger): unknown[] {
  return ledger
    .differences()
    .map(({ minute, team, model, more }) => [
      minute,
      team,
      model,
      Object.fromEntries(SUMS.flatMap((name, index) => (more[index] ? [[name, more[index]]] : []))),
    ]);
}

describe("Recount", () => {
  it("adds each event to its team, model and minute, every kind of token apart, its cost rounded once", () => {
    const { recount, ledger, partition } = aRecount();
    const whole = event({
      time: "2026-11-20T09:01:59.999Z",
      requests: 4,
      errors: 1,
      uncached_input_tokens: 1,
      cache_read_input_tokens: 2,
      cache_write_5m_input_tokens: 3,
      cache_write_1h_input_tokens: 4,
      output_tokens: 5,
      reasoning_output_tokens: 2,
      model: "unheard-of",
    });
    recount.add(
      recordsOf([event(), [event(), event({ time: "2026-11-20T09:02:00Z" })], whole]),
      partition,
      NOW_MS,
    );

    // 3 tokens of 73,300 pico-dollars are 219.9 nano-dollars: 220 each, 440 for two.
    expect(cellsOf(ledger)).toEqual([
      [MINUTE, "search", "small", { requests: 2n, uncached_input_tokens: 6n, cost_nanos: 440n }],
      [
        MINUTE,
        "search",
        "unheard-of",
        {
          requests: 4n,
          errors: 1n,
          uncached_input_tokens: 1n,
          cache_read_input_tokens: 2n,
          cache_write_5m_input_tokens: 3n,
          cache_write_1h_input_tokens: 4n,
          output_tokens: 5n,
          reasoning_output_tokens: 2n,
          unpriced_tokens: 15n,
        },
      ],
      [
        MINUTE + 60,
        "search",
        "small",
        { requests: 1n, uncached_input_tokens: 3n, cost_nanos: 220n },
      ],
    ]);
    expect(partition.counts).toEqual({ ...noneRecounted(), records: 3, accepted: 4 });
  });

  it("counts what is no event: rejected, too dear, ignored", () => {
    const { recount, ledger, partition } = aRecount();
    const dear = event({ model: "absurd", uncached_input_tokens: 1e9 });
    recount.add(recordsOf(["{", event({ output_tokens: -1 }), dear, null]), partition, NOW_MS);

    expect(partition.counts).toEqual({ ...noneRecounted(), records: 4, rejected: 3, ignored: 1 });
    expect(ledger.size).toBe(0);
    expect(partition.progressMs).toBe(-1);
  });

  it("judges the future by the time at which Kafka appended the record", () => {
    const { recount, partition } = aRecount();
    const timeMs = Date.UTC(2026, 10, 20, 9, 1, 10);

    recount.add(recordsOf([event()], { appendMs: timeMs - 5 * 60_000 }), partition, NOW_MS);
    recount.add(recordsOf([event()], { appendMs: timeMs - 5 * 60_000 - 1 }), partition, NOW_MS);

    expect(partition.counts).toMatchObject({ accepted: 1, rejected: 1 });
  });

  it("counts an id once within ten minutes of event time from its last sight", () => {
    const { recount, partition } = aRecount();
    const at = (minute: number, id: string) => event({ time: NOW_MS + minute * 60_000, id });

    recount.add(
      recordsOf([at(-60, "a"), at(-55, "a"), at(-46, "a"), at(-35, "a"), at(-36, "b")]),
      partition,
      NOW_MS,
    );

    expect(partition.counts).toMatchObject({ accepted: 3, duplicates: 2 });
  });

  it("tells the records before an offset apart", () => {
    const { recount, ledger, partition } = aRecount();
    partition.countFrom = 2;
    recount.add(recordsOf([event(), "no json", event(), event()]), partition, NOW_MS);

    expect(partition.before).toMatchObject({ records: 2, accepted: 1, rejected: 1 });
    expect(partition.counts).toMatchObject({ records: 2, accepted: 2, rejected: 0 });
    expect(cellsOf(ledger)).toMatchObject([[MINUTE, "search", "small", { requests: 3n }]]);
  });

  it("keeps the names of any number of teams apart, also hostile ones", () => {
    const { recount, ledger, partition } = aRecount();
    const teams = ["__proto__", "constructor", "__other__"];
    const many = Array.from({ length: 120_000 }, (_, index) => event({ team: `t${index}` }));
    const all = [...teams.map((team) => event({ team })), ...many];
    for (let from = 0; from < all.length; from += 2000) {
      recount.add(recordsOf(all.slice(from, from + 2000)), partition, NOW_MS);
    }

    expect(ledger.size).toBe(120_003);
  });
});

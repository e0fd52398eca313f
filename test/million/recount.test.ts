import { describe, expect, it } from "@jest/globals";
import { readPriceBook } from "./price-book.mjs";
import { recount, tableLines, type Cell } from "./recount.mjs";

const MINUTE = Date.parse("2026-03-02T10:00:00Z");
const NOW = { nowMs: Date.parse("2026-11-22T00:00:00Z") };
const BOOK = readPriceBook(`
models:
  - provider: acme
    model: m
    aliases: [m-nick]
    prices:
      - { input: 0.0733, output: 0.30125, cache_read: 0.00733, tiers: { batch: { multiply: 0.5 } } }
      - { effective_from: "2026-03-03", input: 1, output: 2 }
  - provider: acme
    model: long
    prices:
      - input: 1
        output: 10
        cache_write_5m: 2
        long_context: { above_prompt_tokens: 100, input: 3, output: 30 }
`);

function line(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ time: MINUTE, team: "t", provider: "acme", model: "m", ...fields });
}

async function cellsOf(...lines: string[]): Promise<Record<string, Cell>> {
  return Object.fromEntries((await recount(lines, BOOK, NOW)).cells);
}

async function nanosOf(fields: Readonly<Record<string, unknown>>): Promise<bigint> {
  const { cell } = (await recount([line(fields)], BOOK, NOW)).totals;
  return cell.nanos;
}

async function reasonOf(text: string): Promise<string | undefined> {
  const { totals } = await recount([text], BOOK, NOW);
  return Object.keys(totals.rejected)[0];
}

describe("recount", () => {
  it.each<[string, Readonly<Record<string, unknown>>, bigint]>([
    // 3 × 73.3 = 219.9
    ["rounds up from nine tenths of a nano-dollar", { uncached_input_tokens: 3 }, 220n],
    // 4 × 73.3 = 293.2
    ["rounds down from two tenths", { uncached_input_tokens: 4 }, 293n],
    // 2 × 301.25 = 602.5
    ["rounds a half up", { output_tokens: 2 }, 603n],
    // 73.3 + 301.25 + 7.33 = 381.88: once an event, not once a bucket (which would give 73 + 301 + 7)
    [
      "rounds once an event",
      { uncached_input_tokens: 1, output_tokens: 1, cache_read_input_tokens: 1 },
      382n,
    ],
    // 7 × 73.3 = 513.1, writes of both kinds at the input rate
    [
      "prices a cache write as input where the book gives no rate",
      { cache_write_5m_input_tokens: 3, cache_write_1h_input_tokens: 4 },
      513n,
    ],
    // 3 × 36.65 = 109.95
    ["halves a batch", { uncached_input_tokens: 3, service_tier: "batch" }, 110n],
    ["takes an unknown tier as standard", { output_tokens: 2, service_tier: "gold" }, 603n],
    ["finds a model by its alias", { output_tokens: 2, model: "m-nick" }, 603n],
    [
      "takes the old price a millisecond before midnight",
      { time: "2026-03-02T23:59:59.999Z", output_tokens: 4 },
      1_205n,
    ],
    [
      "takes the new price at midnight, by the event's own zone",
      { time: "2026-03-03T01:00:00+01:00", output_tokens: 4 },
      8_000n,
    ],
    [
      "keeps to the short rates at the band's edge",
      { model: "long", uncached_input_tokens: 100 },
      100_000n,
    ],
    ["takes the long rates above it", { model: "long", uncached_input_tokens: 101 }, 303_000n],
    [
      "counts cache into the prompt",
      { model: "long", uncached_input_tokens: 100, cache_write_5m_input_tokens: 1 },
      303_000n,
    ],
    [
      "is exact where doubles are not",
      { requests: 100, uncached_input_tokens: 99_999_999_999, output_tokens: 99_999_999_999 },
      // 99,999,999,999 × (73,300 + 301,250) = 37,454,999,999,625,450 pico-dollars, over 2^53
      37_454_999_999_625n,
    ],
  ])("%s", async (_, fields, nanos) => {
    expect(await nanosOf(fields)).toBe(nanos);
  });

  it("adds events of a team, model and minute, each rounded before it is added", async () => {
    const cells = await cellsOf(
      line({ output_tokens: 2, requests: 2, errors: 1 }),
      line({ output_tokens: 2, time: MINUTE + 59_999, reasoning_output_tokens: 1 }),
      line({ output_tokens: 2, time: MINUTE + 60_000 }),
      line({ output_tokens: 2, team: "other" }),
    );

    expect(Object.keys(cells)).toHaveLength(3);
    expect(cells[JSON.stringify(["t", "m", MINUTE / 1000])]).toMatchObject({
      requests: 3,
      errors: 1,
      output_tokens: 4,
      reasoning_output_tokens: 1,
      nanos: 1_206n,
      unpriced: 0,
    });
  });

  it("keeps tokens of an unknown model as unpriced, unless their cost was reported", async () => {
    const tokens = { model: "mystery", uncached_input_tokens: 5, output_tokens: 7 };

    const { totals } = await recount(
      [
        line(tokens),
        line({ ...tokens, cost_usd: "0.000000123" }),
        line({ ...tokens, cost_usd: 1e-7 }),
      ],
      BOOK,
      NOW,
    );

    expect(totals.cell).toMatchObject({ unpriced: 12, nanos: 223n, output_tokens: 21 });
  });

  it("lets the book speak before a reported cost", async () => {
    expect(await nanosOf({ output_tokens: 2, cost_usd: 5 })).toBe(603n);
  });

  it("counts an id once within ten minutes of progress, and again after", async () => {
    const at = (minutes: number, id?: string): string =>
      line({ id, time: MINUTE + minutes * 60_000 });

    const { totals } = await recount(
      [at(0, "a"), at(0, "a"), at(10), at(0, "a"), at(11), at(0, "a"), at(11, "b"), at(11, "b")],
      BOOK,
      NOW,
    );

    expect(totals).toMatchObject({ records: 8, accepted: 5, duplicates: 3 });
  });

  it("counts events without an id each time, and a mended event after its rejected form", async () => {
    const same = line({ output_tokens: 1 });

    const { totals } = await recount(
      [same, same, line({ id: "x", output_tokens: -1 }), line({ id: "x", output_tokens: 1 })],
      BOOK,
      NOW,
    );

    expect(totals).toMatchObject({ accepted: 3, duplicates: 0, rejected: { invalid_tokens: 1 } });
  });

  it("reads digits, offsets and epoch milliseconds, and fills what is absent with unknown", async () => {
    const { cells, totals } = await recount(
      [
        '{"time":"2026-03-02T15:30:00.5+05:30","output_tokens":"7"}',
        `{"time":${MINUTE},"output_tokens":7.0}`,
        `{"time":"${MINUTE}","output_tokens":7,"__proto__":{"team":"evil"}}`,
      ],
      BOOK,
      NOW,
    );

    expect([...cells.keys()]).toEqual([JSON.stringify(["unknown", "unknown", MINUTE / 1000])]);
    expect(totals.cell.output_tokens).toBe(21);
  });

  it.each(["__proto__", "constructor", "toString", "🜁".repeat(128)])(
    "counts a team named %s like any other",
    async (team) => {
      const { cells } = await recount([line({ team, output_tokens: 2 })], BOOK, NOW);

      expect(cells.get(JSON.stringify([team, "m", MINUTE / 1000]))?.nanos).toBe(603n);
    },
  );

  it.each([
    ["{", "invalid_json"],
    ['{"time":NaN}', "invalid_json"],
    ["null", "not_an_object"],
    ["{}", "missing_time"],
    ['{"time":"2026-02-29T00:00:00Z"}', "invalid_time"],
    ['{"time":"2026-03-02T00:00:00"}', "invalid_time"],
    ['{"time":"9999-01-01T00:00:00Z"}', "time_out_of_range"],
    ['{"time":"2026-11-22T00:05:01Z"}', "time_in_future"],
    [line({ output_tokens: 1.5 }), "invalid_tokens"],
    [line({ output_tokens: 2 ** 60 }), "tokens_out_of_range"],
    [line({ output_tokens: 1e9 + 1 }), "tokens_out_of_range"],
    [line({ output_tokens: 1, reasoning_output_tokens: 2 }), "reasoning_exceeds_output"],
    [line({ requests: 2, errors: 3 }), "invalid_errors"],
    [line({ requests: 0 }), "invalid_requests"],
    [line({ team: "t".repeat(100_000) }), "string_too_long"],
    [line({ team: "🜁".repeat(129) }), "string_too_long"],
    [line({ team: 5 }), "invalid_string"],
    [line({ cost_usd: -1 }), "invalid_cost"],
    [line({ labels: { a: 1 } }), "invalid_labels"],
    [line({ padding: "p".repeat(5_000_000) }), "record_too_large"],
  ])("rejects %.60s as %s", async (text, reason) => {
    expect(await reasonOf(text)).toBe(reason);
  });

  it("writes one line a cell, sorted", async () => {
    const { cells } = await recount(
      [line({ team: "b", output_tokens: 2 }), line({ team: "a", uncached_input_tokens: 3 })],
      BOOK,
      NOW,
    );

    expect([...tableLines(cells)]).toEqual([
      `["a","m",${MINUTE / 1000},1,0,3,0,0,0,0,0,220,0]`,
      `["b","m",${MINUTE / 1000},1,0,0,0,0,0,2,0,603,0]`,
    ]);
  });
});

import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { temporaryDirectory } from "../support/clickhouse/engine.ts";
import { BUILD_MS } from "../support/built-program.ts";
import { spikewatch, SpikewatchProcess } from "../support/spikewatch-process.ts";

const TIME = "2026-03-02T10:00:30Z";
const KEPT_BYTES = 65_536;
const PIPELINE = `name: bad-input
format: canonical-json
prices: ./prices.yaml
source: { file: { path: ./events.ndjson } }
`;
// 3 tokens at 73,300 pico-dollars each are 219.9 nano-dollars: 220, rounded once an event.
const PRICES = `models:
  - provider: acme
    model: m
    prices: [{ input: 0.0733, output: 0.30125 }]
`;

function event(fields: Readonly<Record<string, unknown>> = {}): string {
  const usual = { time: TIME, team: "plain", provider: "acme", model: "m" };
  return JSON.stringify({ ...usual, uncached_input_tokens: 3, ...fields });
}

/** What must be rejected, and why. */
const BAD: readonly (readonly [what: string, line: string, reason: string])[] = [
  ["cut JSON", event().slice(0, -1), "invalid_json"],
  ["no JSON at all", "2026-03-02 10:00:30 INFO usage flushed", "invalid_json"],
  ["10 MB in one record", event({ padding: "p".repeat(10_000_000) }), "record_too_large"],
  ["a negative count", event({ output_tokens: -1 }), "invalid_tokens"],
  ["NaN as JSON has none", event().replace(/:3}$/, ":NaN}"), "invalid_json"],
  ["NaN as text", event({ output_tokens: "NaN" }), "invalid_tokens"],
  ["one and a half tokens", event({ output_tokens: 1.5 }), "invalid_tokens"],
  ["2^60 tokens", event({ output_tokens: 2 ** 60 }), "tokens_out_of_range"],
  ["2^60 in digits", event({ output_tokens: String(2n ** 60n) }), "tokens_out_of_range"],
  ["the year 9999", event({ time: "9999-12-31T23:59:59Z" }), "time_out_of_range"],
  ["a team of 100,000 characters", event({ team: "t".repeat(100_000) }), "string_too_long"],
];
const HOSTILE = ["__proto__", "constructor", "toString"];
const dir = temporaryDirectory();
const data = join(dir, "data");
const input = join(dir, "events.ndjson");
const pipeline = join(dir, "pipeline.yaml");
/** Good events around every bad one, so that none takes its neighbours with it. */
const lines = BAD.flatMap(([, line], index) => [
  event({ team: HOSTILE[index % HOSTILE.length] }),
  line,
  event(),
]);
let summary: Record<string, unknown>;

async function replay(): Promise<Record<string, unknown>> {
  const argv = ["replay", "--input", input, "--pipeline", pipeline, "--data", data, "--json"];
  return JSON.parse((await spikewatch(argv)).stdout) as Record<string, unknown>;
}

async function rows(sql: string): Promise<Record<string, unknown>[]> {
  const { stdout } = await spikewatch(["query", sql, "--data", data, "--format", "JSONEachRow"]);
  const answer = stdout.split("\n").filter((line) => line !== "");
  return answer.map((line) => JSON.parse(line) as Record<string, unknown>);
}

beforeAll(async () => {
  writeFileSync(input, `${lines.join("\n")}\n`);
  writeFileSync(pipeline, PIPELINE);
  writeFileSync(join(dir, "prices.yaml"), PRICES);
  summary = await replay();
}, BUILD_MS);

afterAll(async () => {
  await SpikewatchProcess.killAll();
  rmSync(dir, { recursive: true, force: true });
});

describe("spikewatch replay of a file with every kind of nonsense in it", () => {
  it("tells how many it took and refused, by reason", () => {
    expect(summary).toMatchObject({
      finished: true,
      records: lines.length,
      accepted: lines.length - BAD.length,
      rejected: BAD.length,
      rejected_by_reason: countBy(BAD.map(([, , reason]) => reason)),
      cost_usd: usd(220 * (lines.length - BAD.length)),
    });
  });

  it("keeps each bad event with its reason, place and true size, up to 64 KiB of it", async () => {
    const kept = await rows(
      "SELECT offset, event, reason, raw, raw_bytes FROM rejected ORDER BY offset",
    );

    expect(kept.map(({ raw, ...row }) => ({ ...row, raw: shown(String(raw)) }))).toEqual(
      BAD.map(([, line, reason], index) => ({
        offset: offsetOf(3 * index + 1),
        event: 0,
        reason,
        raw_bytes: line.length,
        raw: shown(line.slice(0, KEPT_BYTES)),
      })),
    );
  }, 30_000);

  it("counts all others to the nano-dollar, teams with names from JavaScript's insides too", async () => {
    const teams = await rows(
      `SELECT team, sum(requests) AS requests, sum(uncached_input_tokens) AS tokens, toString(sum(cost_usd)) AS usd
      FROM usage_by_minute WHERE minute = '2026-03-02 10:00:00' GROUP BY team ORDER BY team`,
    );

    const counts = countBy(BAD.map((_, index) => HOSTILE[index % HOSTILE.length]!));
    const expected = [...Object.entries(counts), ["plain", BAD.length] as const];
    expect(teams.map((row) => ({ ...row, usd: Number(row["usd"]).toFixed(9) }))).toEqual(
      expected
        .map(([team, count]) => ({
          team,
          requests: count,
          tokens: 3 * count,
          usd: usd(220 * count),
        }))
        .sort((a, b) => (a.team < b.team ? -1 : 1)),
    );
  }, 30_000);

  it("changes nothing when it is given again", async () => {
    expect(await replay()).toMatchObject({ state: "unchanged", accepted: 0, rejected: 0 });
    expect(await rows("SELECT count() AS n FROM rejected")).toEqual([{ n: BAD.length }]);
  }, 30_000);
});

function countBy(words: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return Object.fromEntries(counts);
}

function usd(nanos: number): string {
  return (nanos / 1e9).toFixed(9);
}

/** Byte where a line of the file begins. */
function offsetOf(line: number): number {
  return lines.slice(0, line).reduce((sum, { length }) => sum + length + 1, 0);
}

/** Begin, end and length: a failure need not print 64 KiB. */
function shown(text: string): string {
  return text.length < 200 ? text : `${text.slice(0, 90)}…${text.slice(-9)} (${text.length})`;
}

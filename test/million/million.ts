import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createReadStream } from "node:fs";
import { promisify } from "node:util";
import { compare, type Comparison } from "./compare.mjs";
import { linesOf } from "./lines.mjs";

const run = promisify(execFile);

/** How many records; SPIKEWATCH_MILLION makes it fewer for a quick look, or more. */
export const COUNT = Number(process.env["SPIKEWATCH_MILLION"] ?? 1_000_000);
/** A run over all records may take this long on a slow machine under load. */
export const MILLION_MS = 900_000;
/** Limits of memory, MB. */
export const LIMITS = { worker: 300, engine: 1_500 };

/** Nothing but SQL that any analyst could write; the columns are those of `recount.mjs`' table. */
export const TABLE_SQL = `SELECT team, model, toUnixTimestamp(minute), sum(requests), sum(errors), sum(uncached_input_tokens),
  sum(cache_read_input_tokens), sum(cache_write_5m_input_tokens), sum(cache_write_1h_input_tokens),
  sum(output_tokens), sum(reasoning_output_tokens), toInt64(sum(cost_usd) * 1000000000), sum(unpriced_tokens)
FROM usage_by_minute GROUP BY ALL`;

/** Changes when any stored row does. */
export const STATE_SQL = `SELECT count(), uniqExact(batch), sum(cityHash64(kind, minute, team, user, model, end_offset, output_tokens, cost_usd))
FROM usage`;

export const REASONS_SQL = "SELECT reason, count() FROM rejected GROUP BY reason ORDER BY reason";

/** Sums of the checkpoints: what all runs together say they did. */
export const COUNTS_SQL =
  "SELECT sum(records), sum(accepted), sum(duplicates), sum(rejected) FROM usage WHERE kind = 'ckpt'";

/** What `recount.mjs` says of the whole file. */
export interface Totals {
  readonly records: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: Readonly<Record<string, number>>;
  readonly cells: number;
  readonly requests: number;
  readonly uncached_input_tokens: number;
  readonly cache_read_input_tokens: number;
  readonly cache_write_5m_input_tokens: number;
  readonly cache_write_1h_input_tokens: number;
  readonly output_tokens: number;
  readonly nanos: string;
  readonly unpriced: number;
}

export interface Million {
  readonly events: string;
  readonly bytes: number;
  /** A pipeline for them, with the price book they need. */
  readonly pipeline: (name: string, more?: string) => string;
  readonly totals: Totals;
  /** Differences of the recount's table and one that ClickHouse wrote as JSONCompactEachRow. */
  readonly compareWith: (table: string) => Promise<Comparison>;
}

/** Generates the events in `dir` and recounts them, each in a process of its own. */
export async function generateMillion(dir: string): Promise<Million> {
  const events = join(dir, "events.ndjson");
  const prices = join(dir, "events.prices.yaml");
  const table = join(dir, "expected.ndjson");
  await script("generate.mjs", "--out", events, "--count", String(COUNT));
  const said = await script("recount.mjs", "--input", events, "--prices", prices, "--out", table);
  return {
    events,
    bytes: statSync(events).size,
    totals: JSON.parse(said) as Totals,
    pipeline: (name, more = "") => {
      const path = join(dir, `${name}.yaml`);
      writeFileSync(
        path,
        `name: ${name}\nformat: canonical-json\nprices: ./events.prices.yaml\n${more || KAFKA_UNUSED}`,
      );
      return path;
    },
    compareWith: (lines) =>
      compare(linesOf(createReadStream(table)), linesOf([Buffer.from(lines)])),
  };
}

/** A pipeline must name a source; `replay` reads its `--input` all the same. */
const KAFKA_UNUSED = "source: { kafka: { topics: [unused], group: unused } }\n";

/** Runs a script of this folder and gives what it wrote. */
export async function script(name: string, ...args: readonly string[]): Promise<string> {
  const path = join(import.meta.dirname, name);
  const { stdout } = await run(process.execPath, [path, ...args], { maxBuffer: 1 << 26 });
  return stdout;
}

/** Asks the engine that process `pid` runs on `dir` as an analyst would; null while it does not answer. */
export async function askEngine(dir: string, pid: number, sql: string): Promise<string | null> {
  try {
    const engine = JSON.parse(readFileSync(join(dir, "engine.json"), "utf8")) as Engine;
    if (engine.pid !== pid) return null;
    return await askReader(`${engine.url}/?user=reader`, sql);
  } catch {
    return null;
  }
}

interface Engine {
  readonly pid: number;
  readonly url: string;
}

/** Plain HTTP, as by curl. Throws what the engine says where it refuses. */
export async function askReader(readerUrl: string, sql: string): Promise<string> {
  const url = new URL(readerUrl);
  url.searchParams.set("query", sql);
  const response = await fetch(url);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}

/** `count` shares of the whole, one in each of as many equal pieces, drawn from a seed. */
export function spread(count: number, random: () => number): number[] {
  return Array.from({ length: count }, (_, index) => (index + random()) / count);
}

/** Leaves what a run measured in `.cache/million-NAME.json`, for whoever writes it down. */
export function keepFigures(name: string, figures: Readonly<Record<string, number>>): void {
  const cache = join(import.meta.dirname, "..", "..", ".cache");
  mkdirSync(cache, { recursive: true });
  writeFileSync(join(cache, `million-${name}.json`), `${JSON.stringify(figures)}\n`);
}

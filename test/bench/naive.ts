import { readFileSync } from "node:fs";
import { parse } from "yaml";

/** A canonical event as `JSON.parse` gives it. */
export interface PlainEvent {
  readonly time: string | number;
  readonly id?: string;
  readonly [name: string]: unknown;
}

const DIMENSIONS = [
  "department",
  "team",
  "user",
  "key",
  "agent",
  "provider",
  "model",
  "tool",
  "service_tier",
] as const;
const NUMBERS = [
  "uncached_input_tokens",
  "cache_read_input_tokens",
  "cache_write_5m_input_tokens",
  "cache_write_1h_input_tokens",
  "output_tokens",
] as const;

type PlainRow = Record<string, string | number>;

/** The record as an object, or null where it is no JSON object. Nothing is checked. */
export function parsePlain(record: Uint8Array): PlainEvent | null {
  try {
    const value = JSON.parse(
      Buffer.from(record.buffer, record.byteOffset, record.length).toString(),
    ) as unknown;
    return typeof value === "object" && value !== null ? (value as PlainEvent) : null;
  } catch {
    return null;
  }
}

/** Dollars per token of input and output by model. */
export function plainPrices(path: string): Map<string, readonly [number, number]> {
  const book = parse(readFileSync(path, "utf8")) as {
    models: { model: string; prices: { input: number | string; output: number | string }[] }[];
  };
  return new Map(
    book.models.map(({ model, prices }) => {
      const { input = 0, output = 0 } = prices[0] ?? {};
      return [model, [Number(input) / 1e6, Number(output) / 1e6]];
    }),
  );
}

/**
 * The least code that counts: a Map of objects keyed by a joined string, ids in a Set, dollars as floats. No limits, no reasons, no watermark, no
 * tiers; its dollars are wrong in the last digits and its memory grows with the input.
 */
export class NaiveReducer {
  readonly rows = new Map<string, PlainRow>();
  readonly #ids = new Set<string>();
  readonly #prices: ReadonlyMap<string, readonly [number, number]>;

  constructor(prices: ReadonlyMap<string, readonly [number, number]>) {
    this.#prices = prices;
  }

  add(event: PlainEvent): void {
    if (!NUMBERS.every((name) => isCount(event[name]))) return;
    const timeMs = typeof event.time === "number" ? event.time : Date.parse(event.time);
    if (Number.isNaN(timeMs)) return;
    if (event.id !== undefined) {
      if (this.#ids.has(event.id)) return;
      this.#ids.add(event.id);
    }
    const minute = Math.floor(timeMs / 60_000);
    const names = DIMENSIONS.map((name) => nameOf(event[name]));
    const key = `${minute}|${names.join("|")}`;
    let row = this.rows.get(key);
    if (row === undefined) {
      row = { minute: minute * 60, requests: 0, cost_usd: 0 };
      DIMENSIONS.forEach((name, index) => (row![name] = names[index]!));
      for (const name of NUMBERS) row[name] = 0;
      this.rows.set(key, row);
    }
    const [input, output] = this.#prices.get(nameOf(event["model"])) ?? [0, 0];
    row["requests"] = Number(row["requests"]) + Number(event["requests"] ?? 1);
    for (const name of NUMBERS) {
      const tokens = Number(event[name] ?? 0);
      row[name] = Number(row[name]) + tokens;
      row["cost_usd"] =
        Number(row["cost_usd"]) + tokens * (name === "output_tokens" ? output : input);
    }
  }
}

function isCount(value: unknown): boolean {
  const count = Number(value ?? 0);
  return Number.isSafeInteger(count) && count >= 0 && count < 1e12;
}

function nameOf(value: unknown): string {
  return typeof value === "string" ? value : "unknown";
}

export const PLAIN_TABLE = `CREATE TABLE IF NOT EXISTS bench_plain (minute DateTime('UTC'),
  ${DIMENSIONS.map((name) => `${name} LowCardinality(String)`).join(", ")}, requests UInt64,
  ${NUMBERS.map((name) => `${name} UInt64`).join(", ")}, cost_usd Float64)
  ENGINE = MergeTree ORDER BY (team, minute)`;
export const PLAIN_INSERT = "INSERT INTO bench_plain FORMAT JSONEachRow";

/** Rows as one line of JSON each. */
export function* jsonLines(rows: Iterable<PlainRow>): Generator<Buffer> {
  let text = "";
  for (const row of rows) {
    text += `${JSON.stringify(row)}\n`;
    if (text.length < 1 << 16) continue;
    yield Buffer.from(text);
    text = "";
  }
  if (text !== "") yield Buffer.from(text);
}

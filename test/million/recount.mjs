/**
 * Counts a file of canonical events anew, straight on: no columns, no batches, no panes, and nothing of the product's code. What comes
 * out is what the product must hold, to the token and the nano-dollar.
 *
 *   node test/million/recount.mjs --input events.ndjson --prices events.prices.yaml --out table.ndjson
 *
 * One line of the table is [team, model, minute (epoch s), requests, errors, uncached, cache read, cache write 5 m, cache write 1 h,
 * output, reasoning, nano-dollars, unpriced tokens].
 */
import { once } from "node:events";
import { createReadStream, createWriteStream, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { BUCKETS, judge } from "./judge.mjs";
import { linesOf } from "./lines.mjs";
import { readPriceBook } from "./price-book.mjs";

const MINUTE_MS = 60_000;
const DEDUPE_MS = 10 * MINUTE_MS;
export const SUMS = ["requests", "errors", ...BUCKETS, "reasoning_output_tokens"];

/** Events of one team and model in one minute. */
class Cell {
  requests = 0;
  errors = 0;
  uncached_input_tokens = 0;
  cache_read_input_tokens = 0;
  cache_write_5m_input_tokens = 0;
  cache_write_1h_input_tokens = 0;
  output_tokens = 0;
  reasoning_output_tokens = 0;
  nanos = 0n;
  unpriced = 0;

  add(event, nanos) {
    for (const name of SUMS) this[name] += event[name];
    if (nanos === undefined) this.unpriced += tokensOf(event);
    else this.nanos += nanos;
  }
}

function tokensOf(event) {
  return BUCKETS.reduce((sum, bucket) => sum + event[bucket], 0);
}

/** Ids of the last ten to twenty minutes of event time, with the progress at their first sight. */
class SeenIds {
  #newer = new Map();
  #older = new Map();
  #turnedMs = 0;

  /** Whether the id was first seen within ten minutes of progress; remembers it if not. */
  repeats(id, progressMs) {
    if (progressMs - this.#turnedMs > DEDUPE_MS) {
      this.#older = this.#newer;
      this.#newer = new Map();
      this.#turnedMs = progressMs;
    }
    const firstMs = this.#newer.get(id) ?? this.#older.get(id);
    if (firstMs !== undefined && progressMs - firstMs <= DEDUPE_MS) return true;
    this.#newer.set(id, progressMs);
    return false;
  }
}

/**
 * Counts lines (text or buffers, an iterable or an async one). Gives `{ cells, totals }`: `cells` is a Map from
 * `JSON.stringify([team, model, minute in epoch seconds])` to sums, `totals` counts records, accepted, duplicates, rejected by
 * reason, and sums over all cells.
 */
export async function recount(lines, priceBook, { nowMs = Date.now() } = {}) {
  const cells = new Map();
  const totals = { records: 0, accepted: 0, duplicates: 0, rejected: {}, cell: new Cell() };
  const seen = new SeenIds();
  let progressMs = 0;
  for await (const line of lines) {
    totals.records++;
    const { event, reason } = judge(line, nowMs);
    if (event === undefined) {
      totals.rejected[reason] = (totals.rejected[reason] ?? 0) + 1;
      continue;
    }
    progressMs = Math.max(progressMs, event.timeMs);
    if (event.id !== undefined && seen.repeats(event.id, progressMs)) {
      totals.duplicates++;
      continue;
    }
    totals.accepted++;
    const nanos = priceBook.costOf(event) ?? event.reportedNanos;
    cellOf(cells, event).add(event, nanos);
    totals.cell.add(event, nanos);
  }
  return { cells, totals };
}

function cellOf(cells, event) {
  const minute = Math.floor(event.timeMs / MINUTE_MS) * 60;
  const key = JSON.stringify([event.team, event.model, minute]);
  let cell = cells.get(key);
  if (cell === undefined) cells.set(key, (cell = new Cell()));
  return cell;
}

/** The table's lines in order of team, model and minute, as `compare.mjs` reads them. */
export function* tableLines(cells) {
  for (const key of [...cells.keys()].sort()) {
    const cell = cells.get(key);
    const sums = SUMS.map((name) => cell[name]).join(",");
    yield `${key.slice(0, -1)},${sums},${cell.nanos},${cell.unpriced}]`;
  }
}

async function main() {
  const { values } = parseArgs({
    options: { input: { type: "string" }, prices: { type: "string" }, out: { type: "string" } },
  });
  for (const name of ["input", "prices", "out"]) {
    if (values[name] === undefined) throw new Error(`--${name} FILE is missing`);
  }
  const priceBook = readPriceBook(readFileSync(values.prices, "utf8"));
  const { cells, totals } = await recount(linesOf(createReadStream(values.input)), priceBook);
  const file = createWriteStream(values.out);
  for (const line of tableLines(cells)) {
    if (!file.write(`${line}\n`)) await once(file, "drain");
  }
  file.end();
  await once(file, "finish");
  const { cell, ...counts } = totals;
  console.log(JSON.stringify({ ...counts, cells: cells.size, ...cell, nanos: String(cell.nanos) }));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();

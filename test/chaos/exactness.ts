import { readPriceBook } from "../million/price-book.mjs";
import { compare } from "../million/compare.mjs";
import { askReader, TABLE_SQL } from "../million/million.ts";
import { recount, SUMS, tableLines, type Cell, type Recount } from "../million/recount.mjs";
import type { DumpedRecord } from "./topic-dump.ts";

/** What two independent counts of the same records say of each other. Nothing here knows the product's code. */
export interface Verdict {
  readonly records: number;
  readonly accepted: number;
  readonly duplicates: number;
  /** Requests that ClickHouse misses, and those it has too many, over all cells of team, model and minute. */
  readonly lost: number;
  readonly double: number;
  /** Every way in which they differ, in words; empty: exact. */
  readonly differences: readonly string[];
}

interface Expected {
  readonly cells: Map<string, Cell>;
  readonly rejected: Map<string, number>;
  readonly totals: { records: number; accepted: number; duplicates: number };
}

const COUNTS_SQL = `SELECT sum(records), sum(accepted), sum(duplicates), sum(rejected) FROM usage WHERE kind = 'ckpt'`;
const REASONS_SQL = "SELECT reason, count() FROM rejected GROUP BY reason";
const CHAIN_SQL = `SELECT part, incarnation, first_offset, end_offset, kind FROM usage WHERE kind IN ('ckpt', 'gap')
ORDER BY part, incarnation, first_offset, end_offset`;
const MOST_SHOWN = 10;

/** Compares what ClickHouse holds with a straight recount of `records`, which come partition by partition. */
export async function judgeExactness(
  reader: string,
  prices: string,
  records: AsyncIterable<DumpedRecord>,
): Promise<Verdict> {
  const expected = await recountPartitions(records, prices);
  const ask = (sql: string): Promise<unknown[][]> => askRows(reader, sql);
  const table = await ask(TABLE_SQL);
  const requests = requestDifferences(expected.cells, table);
  const comparison = await compare(
    tableLines(expected.cells),
    table.map((row) => JSON.stringify(row)),
  );
  const shown = [
    ...comparison.missing.map((one) => `missing ${one}`),
    ...comparison.extra.map((one) => `extra ${one}`),
    ...comparison.different.map((one) => `different ${one}`),
    ...comparison.twice.map((one) => `twice ${one}`),
  ];
  const differences = [
    ...shown.slice(0, MOST_SHOWN),
    ...(shown.length > MOST_SHOWN ? [`${comparison.differences} cells differ in all`] : []),
    ...countDifferences(expected, await ask(COUNTS_SQL)),
    ...reasonDifferences(expected.rejected, await ask(REASONS_SQL)),
    ...chainBreaks(await ask(CHAIN_SQL)),
  ];
  return { ...expected.totals, ...requests, differences };
}

export async function askRows(reader: string, sql: string): Promise<unknown[][]> {
  const text = await askReader(reader, `${sql} FORMAT JSONCompactEachRow`);
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown[]);
}

/** Each partition is one log with a clock of its own; tombstones are no events. */
async function recountPartitions(
  records: AsyncIterable<DumpedRecord>,
  prices: string,
): Promise<Expected> {
  const book = readPriceBook(prices);
  const expected: Expected = {
    cells: new Map(),
    rejected: new Map(),
    totals: { records: 0, accepted: 0, duplicates: 0 },
  };
  const all = records[Symbol.asyncIterator]();
  let first = await all.next();
  while (first.done !== true) {
    const partition = first.value.partition;
    let next: IteratorResult<DumpedRecord> = first;
    async function* lines(): AsyncGenerator<Buffer> {
      for (; next.done !== true && next.value.partition === partition; next = await all.next()) {
        expected.totals.records++;
        if (next.value.value !== null) yield next.value.value;
      }
    }
    merge(expected, await recount(lines(), book));
    first = next;
  }
  return expected;
}

function merge(into: Expected, { cells, totals }: Recount): void {
  into.totals.accepted += totals.accepted;
  into.totals.duplicates += totals.duplicates;
  for (const [reason, count] of Object.entries(totals.rejected)) {
    into.rejected.set(reason, (into.rejected.get(reason) ?? 0) + count);
  }
  for (const [key, cell] of cells) {
    const known = into.cells.get(key);
    if (known === undefined) into.cells.set(key, cell);
    else add(known, cell);
  }
}

function add(known: Cell, cell: Cell): void {
  const [sums, more] = [known, cell] as unknown as Record<string, number>[];
  for (const name of SUMS) sums![name] = (sums![name] ?? 0) + (more![name] ?? 0);
  known.nanos += cell.nanos;
  known.unpriced += cell.unpriced;
}

function requestDifferences(
  cells: Map<string, Cell>,
  table: readonly unknown[][],
): { lost: number; double: number } {
  const found = new Map(
    table.map(([team, model, minute, requests]) => [
      JSON.stringify([team, model, Number(minute)]),
      Number(requests),
    ]),
  );
  let lost = 0;
  let double = 0;
  for (const [key, { requests }] of cells) {
    const there = found.get(key) ?? 0;
    lost += Math.max(0, requests - there);
    double += Math.max(0, there - requests);
    found.delete(key);
  }
  for (const requests of found.values()) double += requests;
  return { lost, double };
}

function countDifferences({ totals, rejected }: Expected, rows: readonly unknown[][]): string[] {
  const [records, accepted, duplicates, refused] = (rows[0] ?? []).map(Number);
  const wanted = [...rejected.values()].reduce((sum, count) => sum + count, 0);
  return [
    { what: "records", wanted: totals.records, found: records },
    { what: "accepted", wanted: totals.accepted, found: accepted },
    { what: "duplicates", wanted: totals.duplicates, found: duplicates },
    { what: "rejected", wanted, found: refused },
  ]
    .filter((one) => one.wanted !== one.found)
    .map((one) => `checkpoints count ${one.found ?? 0} ${one.what}, the log ${one.wanted}`);
}

function reasonDifferences(wanted: Map<string, number>, rows: readonly unknown[][]): string[] {
  const found = new Map(rows.map(([reason, count]) => [String(reason), Number(count)]));
  return [...new Set([...wanted.keys(), ...found.keys()])]
    .filter((reason) => wanted.get(reason) !== found.get(reason))
    .map(
      (reason) =>
        `rejected for ${reason}: ${found.get(reason) ?? 0} kept, ${wanted.get(reason) ?? 0} in the log`,
    );
}

/** Offsets of each partition, one row after the other: no hole, no overlap. */
function chainBreaks(rows: readonly unknown[][]): string[] {
  const breaks: string[] = [];
  let previous = { log: "", end: 0 };
  for (const [part, incarnation, first, end] of rows.map((row) => row.slice(0, 4).map(Number))) {
    const log = `partition ${part ?? "?"} (incarnation ${incarnation ?? "?"})`;
    if (previous.log === log && previous.end !== first) {
      const what = previous.end < (first ?? 0) ? "hole" : "overlap";
      breaks.push(`${what} in the chain of ${log}: ${previous.end} is followed by ${first ?? "?"}`);
    }
    previous = { log, end: Math.max(end ?? 0, previous.log === log ? previous.end : 0) };
  }
  return breaks.slice(0, MOST_SHOWN);
}

import type { HourRollup, Rollup } from "./rows.ts";
import { RowBinaryReader } from "./row-binary-reader.ts";

/** Reads RowBinary as it arrives, and gives it in whole steps of time: no step is in two chunks, wherever the answer was cut. `rowOf` reads one row. */
export async function* wholeSteps<Row extends { readonly startMs: number }>(
  bytes: AsyncIterable<Uint8Array>,
  rowOf: (row: RowBinaryReader) => Row,
): AsyncIterable<readonly Row[]> {
  const reader = new RowBinaryReader();
  let open: Row[] = [];
  for await (const chunk of bytes) {
    reader.add(chunk);
    let begun = open.length > 0 ? 0 : -1;
    for (let next = reader.row(rowOf); next !== null; next = reader.row(rowOf)) {
      if (open.at(-1)?.startMs !== next.startMs) begun = open.length;
      open.push(next);
    }
    if (begun <= 0) continue;
    yield open.slice(0, begun);
    open = open.slice(begun);
  }
  reader.end();
  if (open.length > 0) yield open;
}

/** Of `INCIDENTS.history`, columns in its order. */
export function rollupOf(row: RowBinaryReader): Rollup {
  return {
    startMs: row.u64(),
    department: row.name(),
    team: row.name(),
    user: row.name(),
    key: row.name(),
    agent: row.name(),
    model: row.name(),
    tool: row.name(),
    requests: row.u64(),
    errors: row.u64(),
    cacheReadTokens: row.u64(),
    outputTokens: row.u64(),
    tokens: row.u64(),
    costUsd: row.f64(),
    sessions: row.names(),
  };
}

/** Of `INCIDENTS.hourHistory`. */
export function hourRollupOf(row: RowBinaryReader): HourRollup {
  return {
    startMs: row.u64(),
    department: row.name(),
    team: row.name(),
    user: row.name(),
    key: row.name(),
    agent: row.name(),
    requests: row.u64(),
    errors: row.u64(),
    tokens: row.u64(),
    costUsd: row.f64(),
    steps: row.u64(),
  };
}

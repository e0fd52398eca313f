import { RowBinaryWriter, encodeUuid } from "./row-binary.ts";
import { FRONT, KIND, type Column, type StagedRows } from "./staged-rows.ts";
import type { RejectedRow } from "./store.ts";

const MAX_BYTES = 16 << 20;

/** Columns of `usage` that only rejected events fill. */
export const REJECTED_COLUMNS: readonly Column[] = [
  ["event", "UInt32"],
  ["reason", "LowCardinality(String)"],
  ["detail", "String"],
  ["raw", "String"],
  ["raw_bytes", "UInt64"],
  ["headers", "String"],
];
const COLUMNS: readonly Column[] = [
  ...FRONT,
  ["topic", "LowCardinality(String)"],
  ["part", "UInt32"],
  ["incarnation", "UInt32"],
  ["first_offset", "Int64"],
  ["end_offset", "Int64"],
  ...REJECTED_COLUMNS,
];

/**
 * Rejected events as staged rows, in bodies of bounded size. They are rows of `usage` and not of a table of their own, because whether an event is bad may
 * depend on when it was read (its time lies in the future by the clock): a run that dies before its commit must leave no verdict behind, since the next one may
 * come to another. Within the commit an event is counted or kept as rejected, never both, with nothing to look up and nothing to clean away.
 */
export function* rejectedRows(rows: readonly RejectedRow[], attempt: string): Iterable<StagedRows> {
  const front = encodeUuid(attempt);
  for (let index = 0; index < rows.length;) {
    const writer = new RowBinaryWriter();
    writer.header(COLUMNS);
    const from = index;
    for (; index < rows.length && writer.size < MAX_BYTES; index++) {
      const row = rows[index];
      if (row !== undefined) writeRow(writer, front, row);
    }
    yield {
      columns: COLUMNS.map(([name]) => name),
      data: writer.finish(),
      rows: index - from,
    };
  }
}

function writeRow(writer: RowBinaryWriter, front: Uint8Array, row: RejectedRow): void {
  writer.raw(front);
  writer.u8(KIND.rejected);
  writer.string(row.topic);
  writer.u32(row.partition);
  writer.u32(row.incarnation);
  writer.i64(row.offset);
  writer.i64(row.offset);
  writer.u32(row.event);
  writer.string(row.reason);
  writer.string(row.detail);
  writer.blob(row.raw);
  writer.u64(row.rawBytes);
  writer.string(row.headers === undefined ? "" : JSON.stringify(row.headers));
}

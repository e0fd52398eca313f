import type { RecountPriceBook } from "./price-book.mjs";

export interface Cell {
  requests: number;
  errors: number;
  uncached_input_tokens: number;
  cache_read_input_tokens: number;
  cache_write_5m_input_tokens: number;
  cache_write_1h_input_tokens: number;
  output_tokens: number;
  reasoning_output_tokens: number;
  nanos: bigint;
  unpriced: number;
}

export interface Recount {
  /** By `JSON.stringify([team, model, minute in epoch seconds])`. */
  readonly cells: Map<string, Cell>;
  readonly totals: {
    readonly records: number;
    readonly accepted: number;
    readonly duplicates: number;
    readonly rejected: Readonly<Record<string, number>>;
    readonly cell: Cell;
  };
}

export const SUMS: readonly string[];
export function recount(
  lines: Iterable<string | Buffer> | AsyncIterable<string | Buffer>,
  priceBook: RecountPriceBook,
  options?: { readonly nowMs?: number },
): Promise<Recount>;
export function tableLines(cells: Map<string, Cell>): Generator<string>;

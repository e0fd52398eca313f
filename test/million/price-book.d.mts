import type { JudgedEvent } from "./judge.mjs";

export interface RecountPriceBook {
  costOf(event: JudgedEvent): bigint | undefined;
}
export function readPriceBook(yaml: string): RecountPriceBook;

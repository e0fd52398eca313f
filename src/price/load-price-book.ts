import { readYamlFile } from "../config/yaml-file.ts";
import { createPriceBook, PRICE_BOOK_SCHEMA, type PriceBook } from "./price-book.ts";

/** Reads a price book. Throws a ConfigError with every problem and its line. */
export function loadPriceBook(path: string): PriceBook {
  return createPriceBook(readYamlFile(PRICE_BOOK_SCHEMA, { path, env: {} }));
}

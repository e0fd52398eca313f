import {
  createPriceBook,
  PRICE_BOOK_SCHEMA,
  type PriceBook,
  type PriceBookInput,
} from "../../src/price/price-book.ts";
import { createPricer, type PricerOptions } from "../../src/price/pricer.ts";
import { decode, type DecodeOptions } from "../decode/decoding.ts";

export type ModelInput = PriceBookInput["models"][number];

/** A book of one model `acme/m`, dollars per million tokens. */
export function aBook(...models: Partial<ModelInput>[]): PriceBook {
  const plain: ModelInput = { provider: "acme", model: "m", prices: [{ input: 1, output: 2 }] };
  const entries = models.length === 0 ? [plain] : models.map((one) => ({ ...plain, ...one }));
  return createPriceBook(PRICE_BOOK_SCHEMA.parse({ models: entries }));
}

export interface Priced {
  readonly costNanos: number[];
  readonly unpriced: number[];
  /** Names of the price versions. */
  readonly versions: string[];
  readonly overpriced: number[];
}

/** Decodes records, whole way, and prices them. */
export function price(
  book: PriceBook,
  values: readonly unknown[],
  options: DecodeOptions & { readonly costSource?: PricerOptions["costSource"] } = {},
): Priced {
  const { batch, rejected } = decode(values, options);
  if (rejected.length > 0) throw new Error(rejected[0]!.detail);
  const pricer = createPricer(book, {
    costSource: options.costSource ?? "computed",
    dictionaries: batch.dictionaries,
  });
  const overpriced = [...pricer.price(batch)];
  const column = (values: ArrayLike<number>): number[] => Array.from(values).slice(0, batch.length);
  return {
    costNanos: column(batch.costNanos),
    unpriced: column(batch.unpricedTokens),
    versions: column(batch.priceVersion).map((index) => pricer.versions[index]!),
    overpriced,
  };
}

import type { Pipeline } from "../config/pipeline.ts";
import type { Dictionaries, EventBatch } from "../decode/event-batch.ts";
import { DIM, DIMENSIONS } from "../decode/usage-event.ts";
import type { Price, PriceBook, Rates } from "./price-book.ts";

const STRIDE = DIMENSIONS.length;
const MAX_EVENT_NANOS = 2 ** 52;
/** Ids below this pack three to a key of 51 bits. */
const PACKABLE = 2 ** 17;

const COMPUTED = 0;
const REPORTED = 1;
const UNPRICED = 2;

/** Fills the cost columns of a batch. Pure: prices go by each event's own time. */
export interface Pricer {
  /** Names behind `priceVersion`: the book, `reported` costs, and `unpriced` tokens. Never changes. */
  readonly versions: readonly string[];
  /**
   * Prices rows `from` (inclusive, default 0) to `to` (exclusive, default all): costNanos, unpricedTokens, priceVersion. Gives the rows
   * whose cost is 2^52 nano-dollars or more; their cost holds 0 and they must be rejected as `cost_out_of_range`.
   */
  price(batch: EventBatch, from?: number, to?: number): ReadonlySet<number>;
}

export interface PricerOptions {
  readonly costSource: Pipeline["costSource"];
  /** Those of the batches it will price. */
  readonly dictionaries: Dictionaries;
}

export function createPricer(book: PriceBook, options: PricerOptions): Pricer {
  return new BookPricer(book, options);
}

class BookPricer implements Pricer {
  readonly versions: readonly string[];
  readonly #book: PriceBook;
  readonly #costSource: Pipeline["costSource"];
  readonly #dictionaries: Dictionaries;
  /** Prices by packed provider, model and tier ids. Dies with the ids. */
  readonly #known = new Map<number, readonly Price[] | null>();
  #epoch = -1;

  constructor(book: PriceBook, { costSource, dictionaries }: PricerOptions) {
    this.#book = book;
    this.#costSource = costSource;
    this.#dictionaries = dictionaries;
    this.versions = Object.freeze([book.version, "reported", "unpriced"]);
  }

  price(batch: EventBatch, from = 0, to = batch.length): ReadonlySet<number> {
    if (this.#epoch !== this.#dictionaries.epoch) {
      this.#epoch = this.#dictionaries.epoch;
      this.#known.clear();
    }
    const outOfRange = new Set<number>();
    for (let row = from; row < to; row++) {
      if (!this.#priceRow(batch, row)) outOfRange.add(row);
    }
    return outOfRange;
  }

  #priceRow(batch: EventBatch, row: number): boolean {
    const prices = this.#pricesOf(batch.dims, row * STRIDE);
    const rates = prices === null ? null : ratesFor(prices, batch, row);
    const computed = rates === null ? -1 : nanosOf(rates, batch, row);
    const reported = batch.reportedNanos[row] ?? -1;
    const version = this.#choose(computed, reported);
    const nanos = version === COMPUTED ? computed : reported;
    const tooMuch = nanos >= MAX_EVENT_NANOS;
    const tokens = version === UNPRICED ? tokensOf(batch, row) : 0;
    batch.costNanos[row] = version === UNPRICED || tooMuch ? 0 : nanos;
    batch.unpricedTokens[row] = tokens;
    // a call that used nothing, a failed one say, costs nothing whatever its model's price
    batch.priceVersion[row] = version === UNPRICED && tokens === 0 ? COMPUTED : version;
    return !tooMuch;
  }

  /** Whose word counts; -1 stands for none. */
  #choose(computed: number, reported: number): number {
    if (computed < 0) return reported < 0 ? UNPRICED : REPORTED;
    if (reported < 0) return COMPUTED;
    if (this.#costSource === "max") return reported > computed ? REPORTED : COMPUTED;
    return this.#costSource === "reported" ? REPORTED : COMPUTED;
  }

  #pricesOf(dims: Int32Array, start: number): readonly Price[] | null {
    const provider = dims[start + DIM.provider] ?? 0;
    const model = dims[start + DIM.model] ?? 0;
    const tier = dims[start + DIM.service_tier] ?? 0;
    const packable = provider < PACKABLE && model < PACKABLE && tier < PACKABLE;
    const key = packable ? (model * PACKABLE + provider) * PACKABLE + tier : -1;
    let prices = this.#known.get(key);
    if (prices === undefined) {
      prices = this.#book.find(
        this.#name(DIM.provider, provider),
        this.#name(DIM.model, model),
        this.#name(DIM.service_tier, tier),
      );
      if (packable) this.#known.set(key, prices);
    }
    return prices;
  }

  #name(dim: number, id: number): string {
    return this.#dictionaries.dimensions[dim]?.value(id) ?? "";
  }
}

/** The rates at the event's time and prompt length; null before the first price. */
function ratesFor(prices: readonly Price[], batch: EventBatch, row: number): Rates | null {
  const timeMs = batch.timeMs[row] ?? 0;
  for (const price of prices) {
    if (price.fromMs > timeMs) continue;
    const { longContext } = price;
    if (longContext === null) return price.rates;
    const prompt = promptOf(batch, row);
    // an aggregate of many requests is judged by its average
    const limit = longContext.abovePromptTokens * (batch.requests[row] ?? 1);
    return prompt > limit ? longContext.rates : price.rates;
  }
  return null;
}

/**
 * Nano-dollars of one event: every bucket times its rate in integer pico-dollars, rounded half-up once. Doubles are exact as long as
 * the sum stays below 2^53 pico-dollars (9,007 USD); above that BigInt takes over.
 */
function nanosOf(rates: Rates, batch: EventBatch, row: number): number {
  const input = batch.uncachedInput[row] ?? 0;
  const read = batch.cacheRead[row] ?? 0;
  const short = batch.cacheWrite5m[row] ?? 0;
  const long = batch.cacheWrite1h[row] ?? 0;
  const output = batch.output[row] ?? 0;
  const pico =
    input * rates.input +
    read * rates.cacheRead +
    short * rates.cacheWrite5m +
    long * rates.cacheWrite1h +
    output * rates.output;
  if (pico < Number.MAX_SAFE_INTEGER) {
    const rest = pico % 1000;
    return (pico - rest) / 1000 + (rest >= 500 ? 1 : 0);
  }
  const exact =
    BigInt(input) * BigInt(rates.input) +
    BigInt(read) * BigInt(rates.cacheRead) +
    BigInt(short) * BigInt(rates.cacheWrite5m) +
    BigInt(long) * BigInt(rates.cacheWrite1h) +
    BigInt(output) * BigInt(rates.output);
  return Number((exact + 500n) / 1000n);
}

function promptOf(batch: EventBatch, row: number): number {
  return (
    (batch.uncachedInput[row] ?? 0) +
    (batch.cacheRead[row] ?? 0) +
    (batch.cacheWrite5m[row] ?? 0) +
    (batch.cacheWrite1h[row] ?? 0)
  );
}

function tokensOf(batch: EventBatch, row: number): number {
  return promptOf(batch, row) + (batch.output[row] ?? 0);
}

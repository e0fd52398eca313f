import { COLUMN } from "./statistics.ts";

/** List prices take about a tenth for a token that a cache gave, and five times as much for one put out, whoever the provider. */
const CACHE_READ_WEIGHT = 0.1;
const OUTPUT_WEIGHT = 5;
/** The past fades by half in about fifty active hours. */
const FADE = 0.986;

/** Sums over a window. `modelUsd`: what its tokens would cost at the usual prices of their models (`PriceIndex`). Dollars and tokens. */
export interface PricedTokens {
  readonly tokens: number;
  readonly cacheReadTokens: number;
  readonly outputTokens: number;
  readonly modelUsd: number;
}

/** Tokens weighted by what they cost beside an uncached input token of the same model: what a cache gives counts little, what is put out much. */
export function weightedTokens(of: Omit<PricedTokens, "modelUsd">): number {
  return weightOf(of.tokens, of.cacheReadTokens, of.outputTokens);
}

function weightOf(tokens: number, read: number, output: number): number {
  return tokens - (1 - CACHE_READ_WEIGHT) * read + (OUTPUT_WEIGHT - 1) * output;
}

/** What the price of (minute − window, minute] of a series is made of, by whole steps of five minutes. */
export function pricedTokens(
  node: { sumOfSteps: (column: number, minute: number, window: number) => number },
  minute: number,
  window: number,
): PricedTokens {
  return {
    tokens: node.sumOfSteps(COLUMN.tokens, minute, window),
    cacheReadTokens: node.sumOfSteps(COLUMN.cacheReadTokens, minute, window),
    outputTokens: node.sumOfSteps(COLUMN.outputTokens, minute, window),
    modelUsd: node.sumOfSteps(COLUMN.modelUsd, minute, window),
  };
}

/** How a price a token has changed, taken apart: factors whose product it is. */
export interface PriceChange {
  readonly cacheMisses: number;
  readonly outputShare: number;
  readonly modelMix: number;
  readonly modelPrice: number;
}

/**
 * Dollars a token = weighted tokens a token × what their models usually cost a weighted token × dollars over that. The first depends on two
 * shares, of cached and of put out tokens, and is split between them by the mean over both orders of changing them, so the product is exact.
 * `price`: how dollars a token have changed. Null where one of them is not known.
 */
export function priceChange(
  now: PricedTokens,
  before: PricedTokens,
  price: number,
): PriceChange | null {
  if (now.tokens <= 0 || before.tokens <= 0) return null;
  if (now.modelUsd <= 0 || before.modelUsd <= 0) return null;
  const weight = (read: PricedTokens, output: PricedTokens): number =>
    weightOf(1, read.cacheReadTokens / read.tokens, output.outputTokens / output.tokens);
  const [is, was] = [weight(now, now), weight(before, before)];
  const [onlyCache, onlyOutput] = [weight(now, before), weight(before, now)];
  if (Math.min(is, was, onlyCache, onlyOutput) <= 0) return null;
  const cacheMisses = Math.sqrt((onlyCache / was) * (is / onlyOutput));
  const modelMix = now.modelUsd / (now.tokens * is) / (before.modelUsd / (before.tokens * was));
  const outputShare = is / was / cacheMisses;
  return { cacheMisses, outputShare, modelMix, modelPrice: price / (is / was) / modelMix };
}

/** What a series' tokens usually are: fading sums over hours that were normal. */
export class UsualTokens implements PricedTokens {
  tokens = 0;
  cacheReadTokens = 0;
  outputTokens = 0;
  modelUsd = 0;

  /** Of an hour without a usual price of its models nothing is known but sums. */
  learn(hour: PricedTokens): void {
    if (hour.modelUsd <= 0) return;
    this.tokens = this.tokens * FADE + hour.tokens;
    this.cacheReadTokens = this.cacheReadTokens * FADE + hour.cacheReadTokens;
    this.outputTokens = this.outputTokens * FADE + hour.outputTokens;
    this.modelUsd = this.modelUsd * FADE + hour.modelUsd;
  }
}

import { median, medianAbsoluteDeviation } from "simple-statistics";
import type { DetectionSettings, Judge, Verdict } from "./detector.ts";
import { expectWindow } from "./expectation.ts";
import { HISTORY_HOURS, HOUR } from "./hour-log.ts";
import type { SeriesNode } from "./series-node.ts";

const MAD_TO_SD = 1.4826;
const WINDOW = 60;
const BAR = 8;
const RATIO = 1.3;
const MIN_HOURS = 48;
/** A spread below this share of the price is chance. */
const FLOOR = 0.03;
/** Hours with fewer requests say little about a price. */
const MIN_REQUESTS = 30;

/**
 * Dollars per token of the last hour against the hours of five weeks: the same work for more money (dearer model, lost cache hits).
 * What open incidents below account for is left out. Only groups: one person's mix changes every day. Null where there is too little to say.
 */
export function judgePrice(
  node: SeriesNode,
  minute: number,
  { settings, explainedUsd }: Pick<Judge, "settings" | "explainedUsd">,
): Verdict | null {
  const held = heldTokens(node, minute);
  if (held === null) return null;
  const { tokens, past } = held;
  const { usual, spread, largest } = past;
  const actualUsd = Math.max(0, node.usd(minute, WINDOW) - explainedUsd(WINDOW));
  const score = (actualUsd / tokens - usual) / spread;
  const bar = Math.max(BAR, (1.1 * largest - usual) / spread) / settings.sensitivity;
  return {
    kind: "price",
    factor: "price_per_token",
    severity: "ticket",
    windowMinutes: WINDOW,
    actualUsd,
    expected: expectWindow(node, minute, WINDOW),
    expectedUsd: tokens * usual,
    excessUsd: actualUsd - tokens * usual,
    score,
    bar,
    fires: score > bar && isDear(actualUsd, tokens, usual, settings),
  };
}

/** Whether `judgePrice` could fire on a window of so many dollars. Cheap, and never false where it would. */
export function mayBeDear(
  node: SeriesNode,
  minute: number,
  usd: number,
  settings: DetectionSettings,
): boolean {
  const held = heldTokens(node, minute);
  return held !== null && isDear(usd, held.tokens, held.past.usual, settings);
}

function isDear(usd: number, tokens: number, usual: number, settings: DetectionSettings): boolean {
  return usd / tokens >= RATIO * usual && usd - tokens * usual >= settings.minimumUsd;
}

/** Tokens of the last hour and the prices of the past; null where either says too little. */
function heldTokens(node: SeriesNode, minute: number): { tokens: number; past: PastPrices } | null {
  if (!hasPrice(node) || node.requests(minute, WINDOW) < MIN_REQUESTS) return null;
  const tokens = node.tokens(minute, WINDOW);
  if (tokens === 0) return null;
  const past = pastPrices(node, Math.floor(minute / 60));
  return past.hours < MIN_HOURS ? null : { tokens, past };
}

/** Whether the price of a series is judged. */
export function hasPrice({ level }: SeriesNode): boolean {
  return level !== "user" && level !== "key" && level !== "model";
}

interface PastPrices {
  readonly hour: number;
  /** Hours that the log held: with more of them it is another past. */
  readonly newest: number;
  readonly hours: number;
  readonly usual: number;
  readonly spread: number;
  readonly largest: number;
}

/** The past as it was when an hour first asked; and what the next hour will ask, worked out ahead. */
const cache = new WeakMap<SeriesNode, { now: PastPrices | null; next: PastPrices | null }>();

function pastPrices(node: SeriesNode, hour: number): PastPrices {
  const known = cache.get(node);
  if (known?.now?.hour === hour) return known.now;
  const next = known?.next;
  const now =
    next?.hour === hour && next.newest === newestHour(node) ? next : workOutPrices(node, hour);
  cache.set(node, { now, next: null });
  return now;
}

/** Works out ahead what `judgePrice` will ask for in a coming hour, where the series was busy enough lately. */
export function preparePrices(node: SeriesNode, minute: number, hour: number): void {
  if (!hasPrice(node) || node.requests(minute, WINDOW) < MIN_REQUESTS) return;
  const now = cache.get(node)?.now ?? null;
  cache.set(node, { now, next: workOutPrices(node, hour) });
}

function newestHour({ log }: SeriesNode): number {
  return log.length === 0 ? -1 : log.hour(log.length - 1);
}

function workOutPrices(node: SeriesNode, hour: number): PastPrices {
  const { log } = node;
  const prices: number[] = [];
  let largest = 0;
  const to = log.indexFrom(hour);
  for (let index = log.indexFrom(hour - HISTORY_HOURS); index < to; index++) {
    const tokens = log.value(index, HOUR.tokens);
    if (log.value(index, HOUR.requests) < MIN_REQUESTS || tokens <= 0) continue;
    const price = log.value(index, HOUR.usd) / tokens;
    prices.push(price);
    if (price > largest) largest = price;
  }
  const usual = prices.length === 0 ? 0 : median(prices);
  const spread = prices.length === 0 ? 0 : MAD_TO_SD * medianAbsoluteDeviation(prices);
  return {
    hour,
    newest: newestHour(node),
    hours: prices.length,
    usual,
    spread: Math.max(spread, FLOOR * usual),
    largest,
  };
}

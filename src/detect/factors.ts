import type { At } from "./attribution.ts";
import { expectWindow } from "./expectation.ts";
import { HOUR, type HourSample } from "./hour-log.ts";
import { PERSONAL, type FactorChange, type Incident } from "./incident.ts";
import { priceChange, pricedTokens } from "./price-parts.ts";
import type { SeriesNode } from "./series-node.ts";

/** What the factors are worked out from. */
type Whole = Pick<HourSample, "usd" | "requests" | "tokens" | "activeUsers">;
type Ratio = readonly [FactorChange["factor"], number];

/**
 * Why dollars rose: ln(dollars) = ln(active users) + ln(requests a user) + ln(tokens a request) + ln(dollars a token), and the last is the sum of four
 * more (`price-parts.ts`), so the factors' parts in the rise add up to 1 exactly. Compared with what is expected of the window, or, where that is nothing
 * (somebody works at an hour they never do), with their usual busy hour. Empty where there is no past at all; the price stays whole where nobody
 * knows what it is made of: of keys, agents, models and tools, and before an hour of history.
 */
export function factorsOf(node: SeriesNode, at: At): FactorChange[] {
  const actual = node.totals(at.minute, at.window);
  const usual = usualOf(node, at);
  const now = { ...actual, activeUsers: Math.max(1, actual.activeUsers) };
  const before = PERSONAL.includes(node.level) ? { ...usual, activeUsers: 1 } : usual;
  if (!isWhole(now) || !isWhole(before)) return [];
  const rise = Math.log(actual.usd / usual.usd);
  if (Math.abs(rise) < 1e-9) return [];
  return [...volumeAndSize(now, before), ...price(node, at, [now, before])].map(
    ([factor, ratio]) => ({ factor, ratio, share: Math.log(ratio) / rise }),
  );
}

/** Factors that tell of dollars that rose, if they do: in a calm hour of an incident there is nothing to take apart, and shares of next to nothing are wild. */
export function riseOf(factors: readonly FactorChange[]): Partial<Pick<Incident, "factors">> {
  const rise = factors.reduce((product, { ratio }) => product * ratio, 1);
  return rise >= LEAST_RISE ? { factors } : {};
}
const LEAST_RISE = 1.1;

/** What the window usually holds when there is work at all. */
function usualOf(node: SeriesNode, at: At): Whole {
  const expected = expectWindow(node, at.minute, at.window);
  if (expected.usd > 0 && expected.requests > 0 && expected.tokens > 0) return expected;
  const { profile } = node;
  const part = at.window / 60;
  return {
    usd: profile.mean(HOUR.usd) * part,
    requests: profile.mean(HOUR.requests) * part,
    tokens: profile.mean(HOUR.tokens) * part,
    activeUsers: Math.max(1, profile.mean(HOUR.activeUsers)),
  };
}

function isWhole(of: Whole): boolean {
  return of.usd > 0 && of.requests > 0 && of.tokens > 0 && of.activeUsers > 0;
}

function volumeAndSize(now: Whole, before: Whole): Ratio[] {
  return [
    ["active_users", now.activeUsers / before.activeUsers],
    [
      "requests_per_active_user",
      now.requests / now.activeUsers / (before.requests / before.activeUsers),
    ],
    ["tokens_per_request", now.tokens / now.requests / (before.tokens / before.requests)],
  ];
}

function price(node: SeriesNode, at: At, [now, before]: readonly [Whole, Whole]): Ratio[] {
  const ratio = now.usd / now.tokens / (before.usd / before.tokens);
  const { usualTokens } = node;
  const held = pricedTokens(node, at.minute, at.window);
  const change = usualTokens && priceChange(held, usualTokens, ratio);
  if (!change) return [["price_per_token", ratio]];
  return [
    ["cache_misses", change.cacheMisses],
    ["output_share", change.outputShare],
    ["model_mix", change.modelMix],
    ["model_price", change.modelPrice],
  ];
}

import type { At } from "./attribution.ts";
import { expectWindow } from "./expectation.ts";
import { HOUR, type HourSample } from "./hour-log.ts";
import { PERSONAL, type FactorChange } from "./incident.ts";
import type { SeriesNode } from "./series-node.ts";

/** What the factors are worked out from. */
type Whole = Pick<HourSample, "usd" | "requests" | "tokens" | "activeUsers">;

/**
 * Why dollars rose: ln(dollars) = ln(active users) + ln(requests a user) + ln(tokens a request) + ln(dollars a token), so
 * the factors' parts in the rise add up to 1 exactly. Compared with what is expected of the window, or, where that is nothing (somebody works at
 * an hour they never do), with their usual busy hour. Empty where there is no past at all.
 */
export function factorsOf(node: SeriesNode, at: At): FactorChange[] {
  const actual = node.totals(at.minute, at.window);
  const usual = usualOf(node, at);
  const now = factorValues({ ...actual, activeUsers: Math.max(1, actual.activeUsers) });
  const before = factorValues(PERSONAL.includes(node.level) ? { ...usual, activeUsers: 1 } : usual);
  if (now === null || before === null) return [];
  const rise = Math.log(actual.usd / usual.usd);
  if (Math.abs(rise) < 1e-9) return [];
  return now.map(([factor, value], index) => {
    const ratio = value / (before[index]?.[1] ?? 1);
    return { factor, ratio, share: Math.log(ratio) / rise };
  });
}

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

function factorValues(of: Whole): [FactorChange["factor"], number][] | null {
  if (of.usd <= 0 || of.requests <= 0 || of.tokens <= 0 || of.activeUsers <= 0) return null;
  return [
    ["active_users", of.activeUsers],
    ["requests_per_active_user", of.requests / of.activeUsers],
    ["tokens_per_request", of.tokens / of.requests],
    ["price_per_token", of.usd / of.tokens],
  ];
}

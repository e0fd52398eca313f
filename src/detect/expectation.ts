import type { HourExpectation } from "./baseline.ts";
import type { SeriesNode, WindowMinutes } from "./series-node.ts";

/** What a window of a series is expected to hold. */
export interface WindowExpectation {
  readonly usd: number;
  /** Robust standard deviation of the window's dollars. */
  readonly spreadUsd: number;
  readonly requests: number;
  readonly tokens: number;
  readonly activeUsers: number;
}

/** Sessions bunch: a window's count varies this many times more than a Poisson count of events would. */
const BURST = 4;
const MIN_SPREAD_USD = 0.05;

/**
 * Expectation of (minute − window, minute]: the hours it spans by their overlap. Its spread has two parts: how much the hour varies
 * from week to week, in proportion to the window, and how much few events vary within it (compound Poisson: expected dollars ×
 * size-biased dollars of an event × burst).
 */
export function expectWindow(
  node: SeriesNode,
  minute: number,
  window: WindowMinutes,
): WindowExpectation {
  const hour = Math.floor(minute / 60);
  const minutesNow = Math.min(window, (minute % 60) + 1);
  const now = node.expectation(hour);
  const before = minutesNow < window ? node.expectation(hour - 1) : now;
  const blend = (pick: (one: HourExpectation) => number): number =>
    (pick(now) * minutesNow + pick(before) * (window - minutesNow)) / 60;
  const usd = blend((one) => one.usd);
  const counting = Math.sqrt(BURST * usd * node.eventUsd);
  const weekly = blend((one) => one.spreadUsd);
  return {
    usd,
    spreadUsd: Math.max(Math.hypot(weekly, counting), MIN_SPREAD_USD),
    requests: blend((one) => one.requests),
    tokens: blend((one) => one.tokens),
    activeUsers: Math.max(now.activeUsers, before.activeUsers),
  };
}

/** The dollars of `expectWindow` alone: cheaper. */
export function expectWindowUsd(node: SeriesNode, minute: number, window: WindowMinutes): number {
  const hour = Math.floor(minute / 60);
  const minutesNow = Math.min(window, (minute % 60) + 1);
  const now = node.centre(hour).usd;
  const before = minutesNow < window ? node.centre(hour - 1).usd : now;
  return (now * minutesNow + before * (window - minutesNow)) / 60;
}

import { PERSONAL } from "./incident.ts";
import { BUSY } from "./regimes.ts";
import type { SeriesNode } from "./series-node.ts";
import type { Statistic } from "./statistic.ts";

/** Parts of `minimum_usd` that must be gone before anybody is told of what is on its way to it: of one person at work more, since most heavy sessions end there. */
const EARLY_SHARE = 0.4;
const EARLY_SHARE_OF_PERSON = 0.6;
const SOON = 1.2;
const HOUR_MINUTES = 60;

/** Whether enough money is at stake: spent already, or on its way within the hour at this rate. */
export function isMoney(
  node: SeriesNode,
  excessUsd: number,
  { window, regime }: { readonly window: number; readonly regime: number },
): boolean {
  const { minimumUsd } = node.settings;
  if (excessUsd >= minimumUsd) return true;
  if (excessUsd < earlyUsd(node, regime)) return false;
  // Nobody else is at work, so nothing else explains it, and nobody will see it before the morning.
  if (regime !== BUSY && PERSONAL.includes(node.level)) return true;
  return (excessUsd * HOUR_MINUTES) / window >= SOON * minimumUsd;
}

/** Whether a statistic says something only where it cost something, in a regime. */
export function asksForMoney({ costly }: Statistic, regime: number): boolean {
  return costly === "always" || (costly === "off-hours" && regime !== BUSY);
}

/** What somebody spent in a statistic's window, or in the last hour if that is longer. */
export function spentOver(node: SeriesNode, { window }: Statistic, minute: number): number {
  return node.usd(minute, Math.max(window, HOUR_MINUTES));
}

/** Dollars of excess from which on somebody may be told of a series in a regime, if it goes on like that. */
export function earlyUsd({ level, settings }: SeriesNode, regime: number): number {
  const isAtWork = level === "user" && regime === BUSY;
  return (isAtWork ? EARLY_SHARE_OF_PERSON : EARLY_SHARE) * settings.minimumUsd;
}

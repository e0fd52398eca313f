import type { Calibration } from "./calibration.ts";
import { BUSY, slotOf } from "./regimes.ts";
import type { SeriesNode } from "./series-node.ts";

const RARITY_DAYS = 60;
/** So many of a person's days weigh as much as what their peers do. At work people differ more from each other than they do at night, when all are asleep. */
const QUIET_WEIGHT = 20;
const BUSY_WEIGHT = 5;
const LEAST_SHARE = 0.004;

/**
 * −log10 of the chance that a day of somebody's holds anything of a statistic in a regime: work at such an hour, or calls that cost so much. As long as a
 * person's days are few, other people say it.
 */
export function rarityOf(
  node: SeriesNode,
  { index, regime }: { readonly index: number; readonly regime: number },
  minute: number,
  calibration: Calibration,
): number {
  const days = Math.min(calibration.watchedDays(node, minute), RARITY_DAYS);
  const active = Math.min(days, node.tails.days(slotOf(index, regime)));
  const peers = Math.max(LEAST_SHARE, calibration.shareOfDays(node, index, regime));
  const weight = regime === BUSY ? BUSY_WEIGHT : QUIET_WEIGHT;
  return -Math.log10((active + weight * peers) / (days + weight));
}

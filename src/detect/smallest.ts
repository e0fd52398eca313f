import type { Calibration } from "./calibration.ts";
import { RATIO } from "./detector.ts";
import { barOf } from "./evidence.ts";
import { HOUR } from "./hour-log.ts";
import { noiseOf, totalAt } from "./measure.ts";
import { BUSY, slotOf } from "./regimes.ts";
import type { SeriesNode } from "./series-node.ts";
import { COLUMN } from "./statistics.ts";

const WINDOW = 60;

/**
 * Dollars over expectation within an hour of work that a team is paged for when nothing else is unusual: its own noise sets it, and the page budget
 * (detection.md 7.5). What shows in prices, in one person, in failing calls or in many people at once is found with less. null before a day is known.
 */
export function smallestIncidentUsd(
  team: SeriesNode,
  minute: number,
  calibration: Calibration,
): number | null {
  const index = team.statistics.findIndex(
    ({ column, window, against }) =>
      column === COLUMN.usd && window === WINDOW && against === "profile",
  );
  const statistic = team.statistics[index];
  const typical = team.profile.mean(HOUR.usd);
  if (statistic === undefined || typical === 0) return null;
  const { minimumUsd } = team.settings;
  const expected = Math.max(team.expectedWindow(HOUR.usd, minute, WINDOW), typical);
  const noise = noiseOf(typical, statistic.floor);
  const surprise = calibration.totalAt(team, barOf(team));
  const bound = calibration.valueAt(team, slotOf(index, BUSY), surprise);
  const usd = totalAt(bound, expected, typical, noise) - expected;
  return Math.max(minimumUsd, (RATIO - 1) * expected, usd);
}

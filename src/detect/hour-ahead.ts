import { preparePrices } from "./price-factor.ts";
import type { SeriesNode } from "./series-node.ts";

/** From this minute of an hour on everything that the next one's baselines stand on is in: the hour before it is history. */
const FIRST_MINUTE = 6;

/**
 * The series whose turn it is in the minutes after `last` up to `minute`: each comes up once an hour, a share of them in each minute, so that what the
 * turn of the hour would ask of all of them at once is done before.
 */
export function dueBetween(
  nodes: readonly SeriesNode[],
  last: number,
  minute: number,
): readonly SeriesNode[] {
  const from = dueBy(last, nodes.length);
  const to = dueBy(minute, nodes.length);
  if (Math.floor(last / 60) === Math.floor(minute / 60)) return nodes.slice(from, to);
  return [...nodes.slice(from), ...nodes.slice(0, to)];
}

/**
 * Has what the first minutes of the next hour will ask worked out, for a series that spends enough for a verdict. Decides nothing: what was not prepared
 * is worked out when it is asked for, to the same value.
 */
export function prepareNextHour(node: SeriesNode, minute: number, minimumUsd: number): void {
  if (node.lastMinute <= minute - 60) return;
  const hour = Math.floor(minute / 60) + 1;
  if (node.usd(minute, 60) >= minimumUsd) node.centre(hour);
  preparePrices(node, minute, hour);
}

/** How many of the series an hour's minutes up to this one come to. */
function dueBy(minute: number, series: number): number {
  const minutes = (minute % 60) - FIRST_MINUTE + 1;
  return minutes <= 0 ? 0 : Math.floor((series * minutes) / (60 - FIRST_MINUTE));
}

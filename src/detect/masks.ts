import type { Episode } from "./episode.ts";
import { explainedBy, isAncestor } from "./explained.ts";
import { EMPTY_HOUR, type HourSample } from "./hour-log.ts";
import { WINDOWS, type SeriesNode } from "./series-node.ts";

/** What a minute's windows of a series hold without what incidents added, taken out of `sums` from `from` on; false for a series that is itself in one. */
export function unmaskSums(
  masking: readonly Episode[],
  node: SeriesNode,
  minute: number,
  sums: Float64Array,
  from: number,
): boolean {
  for (const { base } of masking) {
    if (base === node || isAncestor(base, node)) return false;
    WINDOWS.forEach((window, at) => {
      sums[from + at] = (sums[from + at] as number) - explainedBy(base, node, { minute, window });
    });
  }
  return true;
}

/** The hour of a series as it would have been without incidents. */
export function unmaskHour(
  masking: readonly Episode[],
  node: SeriesNode,
  held: HourSample,
  hour: number,
): HourSample {
  const minute = hour * 60 + 59;
  let { usd } = held;
  for (const { base } of masking) {
    if (base === node || isAncestor(base, node)) return node.expectation(hour);
    usd -= explainedBy(base, node, { minute, window: 60 });
  }
  if (usd === held.usd) return held;
  if (usd <= 0) return EMPTY_HOUR;
  const scale = usd / held.usd;
  const { requests, tokens, activeUsers } = held;
  return { usd, requests: requests * scale, tokens: tokens * scale, activeUsers };
}

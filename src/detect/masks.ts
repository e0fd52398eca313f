import type { Episode } from "./episode.ts";
import { explainedBy, isAncestor } from "./explained.ts";
import { EMPTY_HOUR, type HourSample } from "./hour-log.ts";
import type { SeriesNode } from "./series-node.ts";

/** Whether an incident adds to a series: it is about the series, a part of it, or something that the series is part of. */
export function isTouched(masking: readonly Episode[], node: SeriesNode): boolean {
  return masking.some(
    ({ base }) => base === node || isAncestor(base, node) || isAncestor(node, base),
  );
}

/** The hour of a series as it would have been without incidents; null where nothing of it is normal. */
export function unmaskHour(
  masking: readonly Episode[],
  node: SeriesNode,
  held: HourSample,
  hour: number,
): HourSample | null {
  const minute = hour * 60 + 59;
  let { usd } = held;
  for (const { base } of masking) {
    if (base === node || isAncestor(base, node)) return null;
    usd -= explainedBy(base, node, { minute, window: 60 });
  }
  if (usd === held.usd) return held;
  if (usd <= 0) return EMPTY_HOUR;
  const scale = usd / held.usd;
  const { activeUsers, starts } = held;
  return {
    usd,
    requests: held.requests * scale,
    tokens: held.tokens * scale,
    activeUsers,
    cells: held.cells * scale,
    starts,
    loads: held.loads * scale,
  };
}

import type { Track } from "./episode.ts";
import { expectWindowUsd } from "./expectation.ts";
import type { SeriesNode } from "./series-node.ts";

/** What a window came to, and what was expected of it, dollars. */
interface Found {
  readonly window: number;
  readonly actualUsd: number;
  readonly expectedUsd: number;
}
type Settled = Pick<Track, "settledMinute" | "settledActualUsd" | "settledExpectedUsd">;

/** Of a long window only the last hour is kept by the minute: what lies before is settled as it was found. */
export function settledBefore(base: SeriesNode, minute: number, found: Found): Settled {
  const young = Math.min(found.window, DETAIL_HOUR);
  return {
    settledMinute: minute - young,
    settledActualUsd: Math.max(0, found.actualUsd - base.usd(minute, young)),
    settledExpectedUsd: Math.max(0, found.expectedUsd - expectWindowUsd(base, minute, young)),
  };
}
const DETAIL_HOUR = 60;

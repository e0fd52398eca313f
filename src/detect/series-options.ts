import type { SeriesNode } from "./series-node.ts";

/** What a series is made with. `now` is the newest minute seen anywhere: what arrives late about the past has not been learnt in its time. */
export interface SeriesOptions extends Pick<
  SeriesNode,
  "level" | "name" | "parent" | "scope" | "settings" | "hours"
> {
  readonly now: number;
}

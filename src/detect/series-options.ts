import type { Level, Scope } from "./incident.ts";
import type { LocalHours } from "./local-hours.ts";
import type { SeriesNode } from "./series-node.ts";
import type { ScopeSettings } from "./settings.ts";

/** What a series is made with. `now` is the newest minute seen anywhere: what arrives late about the past has not been learnt in its time. */
export interface SeriesOptions {
  readonly level: Level;
  readonly name: string;
  readonly parent: SeriesNode | null;
  readonly scope: Scope;
  readonly settings: ScopeSettings;
  readonly hours: LocalHours;
  readonly now: number;
}

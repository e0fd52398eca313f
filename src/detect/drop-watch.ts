import { dropOf, isFeedSilent, noteSilence } from "./drops.ts";
import type { Finding } from "./rules.ts";
import type { SeriesTree } from "./series-tree.ts";

const EVERY_MINUTES = 5;
/** So long after a feed was silent its windows tell nothing of teams. */
const AFTER_SILENCE = 210;

/** Looks for teams that should be at work and are not. When everybody stops at once the feed has stopped, and that is another alarm's. */
export class DropWatch {
  /** When the whole feed was silent last; -1: never. */
  #silentMinute = -1;

  find(tree: SeriesTree, minute: number): readonly Finding[] {
    if (minute % EVERY_MINUTES !== 0) return [];
    if (isFeedSilent(tree.organisation, minute)) this.#silentMinute = minute;
    if (this.#isAfterSilence(minute)) return [];
    return tree.teams.flatMap((team) => dropOf(team, minute) ?? []);
  }

  /** Before an hour becomes history: remembers which teams were silent in it. */
  note(tree: SeriesTree, hour: number): void {
    if (!this.#isAfterSilence(hour * 60 + 59)) noteSilence(tree.teams, hour);
  }

  #isAfterSilence(minute: number): boolean {
    return this.#silentMinute >= 0 && minute - this.#silentMinute < AFTER_SILENCE;
  }
}

import type { PaneUse } from "./series-tree.ts";

/** Panes that lie further ahead than this are believed when a few of them have come: one wrong clock must not move everybody's. */
const AHEAD_MINUTES = 120;
const BELIEVED_PANES = 5;

/** Holds back panes far ahead of the rest until there are enough of them. */
export class PaneGate {
  readonly #ahead: PaneUse[] = [];

  /** Those of `uses` (in order of time) that are believed by now, and held ones with them. `newest` is the newest minute seen, -1 before the first. */
  pass(uses: readonly PaneUse[], newest: number): readonly PaneUse[] {
    let frontier = newest;
    const near: PaneUse[] = [];
    for (const use of uses) {
      if (frontier >= 0 && use.minute > frontier + AHEAD_MINUTES) {
        this.#ahead.push(use);
      } else {
        near.push(use);
        frontier = Math.max(frontier, use.minute);
      }
    }
    if (this.#ahead.length < BELIEVED_PANES) return near;
    const ahead = this.#ahead.splice(0).sort((a, b) => a.minute - b.minute);
    return [...near, ...ahead];
  }
}

import type { Level } from "./incident.ts";
import type { SeriesNode } from "./series-node.ts";

/** Deepest first: a leaf is asked before its parents, which are then judged without it. */
const DEPTH: Readonly<Record<Level, number>> = {
  user: 0,
  key: 1,
  agent: 1,
  model: 1,
  tool: 1,
  team: 2,
  department: 3,
  organisation: 4,
};

/** Where a series stands in the minute that touched it last. */
export interface TouchMark {
  round: number;
}

/** The series that a minute touched, each once. Used anew for every minute: no garbage by the minute. */
export class Touched {
  readonly #byDepth: readonly SeriesNode[][] = [[], [], [], [], []];
  #round = 0;

  /** Forgets what the last minute touched. */
  begin(): void {
    this.#round++;
    for (const nodes of this.#byDepth) nodes.length = 0;
  }

  /** Something was added to a series. */
  touch(node: SeriesNode): void {
    const { mark } = node;
    if (mark.round === this.#round) return;
    mark.round = this.#round;
    this.#byDepth[DEPTH[node.level]]?.push(node);
  }

  /** What was touched, leaves first, then in order of their first touch. */
  inOrder(): readonly SeriesNode[] {
    return this.#byDepth.flat();
  }
}

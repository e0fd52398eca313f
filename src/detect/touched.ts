import type { Level } from "./incident.ts";
import { WINDOWS, type SeriesNode } from "./series-node.ts";

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
  turn: number;
  isListed: boolean;
}

/**
 * The series that a minute touched and that have to be looked at, each once, and what their windows hold then. Used anew for every minute: no garbage
 * by the minute.
 */
export class Touched {
  readonly #byDepth: readonly SeriesNode[][] = [[], [], [], [], []];
  readonly #levels = new Set<Level>();
  #round = 0;
  #turns = 0;
  #size = 0;
  /** Window sums, one series after the other in the order of `measure`. */
  sums = new Float64Array(0);

  /** Forgets what the last minute touched. */
  begin(): void {
    this.#round++;
    this.#turns = 0;
    this.#size = 0;
    this.#levels.clear();
    for (const nodes of this.#byDepth) nodes.length = 0;
  }

  /** Something was added to a series at `minute`. Most are far from everything: that is all they cost. */
  touch(node: SeriesNode, minute: number): void {
    const { mark } = node;
    if (mark.round !== this.#round) {
      mark.round = this.#round;
      mark.turn = this.#turns++;
      mark.isListed = false;
      this.#levels.add(node.level);
    }
    if (mark.isListed || !node.isNear(minute)) return;
    mark.isListed = true;
    this.#byDepth[DEPTH[node.level]]?.push(node);
    this.#size++;
  }

  /** Whether any series of a level was touched, near or far. */
  has(level: Level): boolean {
    return this.#levels.has(level);
  }

  /** What is to be looked at, leaves first, then in order of their first touch; fills `sums` with what the windows of each hold at `minute`. */
  measure(minute: number): readonly SeriesNode[] {
    const needed = this.#size * WINDOWS.length;
    if (this.sums.length < needed) this.sums = new Float64Array(2 * needed);
    for (const nodes of this.#byDepth) nodes.sort((a, b) => a.mark.turn - b.mark.turn);
    const order = this.#byDepth.flat();
    for (let one = 0; one < order.length; one++) {
      (order[one] as SeriesNode).windowSums(minute, this.sums, one * WINDOWS.length);
    }
    return order;
  }
}

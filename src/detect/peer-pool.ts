import type { Level } from "./incident.ts";
import { WINDOWS, type SeriesNode, type WindowMinutes } from "./series-node.ts";

/** Peers are those who usually spend up to this many times as much: a service account says nothing about a person. */
const SIZE_CLASS = 4;
/** One peer three times above all others had an incident that nobody marked. */
const OUTLIER = 3;

/** Largest window sums among nodes in order of their usual spend: entry n covers the n + 1 smallest spenders. */
interface Ranking {
  readonly day: number;
  readonly usualUsd: Float64Array;
  readonly largest: readonly Float64Array[];
}

/**
 * What ordinary heavy sessions look like: the largest window of any peer in the past five weeks. One person's past is too short to
 * know how heavy an ordinary session can get; the past of everybody of that size is not.
 */
export class PeerPool {
  readonly #nodes: () => readonly SeriesNode[];
  readonly #rankings = new Map<Level, Ranking>();

  constructor(nodes: () => readonly SeriesNode[]) {
    this.#nodes = nodes;
  }

  /** Largest window of the node's peers, dollars; 0 where nothing is known. Ranked anew once a day. */
  peak(node: SeriesNode, minute: number, window: WindowMinutes): number {
    const { usualUsd, largest } = this.#ranking(node.level, minute);
    const size = usualUsd.length;
    if (size === 0) return 0;
    const median = usualUsd[size >> 1] as number;
    const limit = SIZE_CLASS * Math.max(node.usualUsd(minute), median);
    let count = 0;
    for (let step = 1 << Math.floor(Math.log2(size)); step > 0; step >>= 1) {
      if (count + step <= size && (usualUsd[count + step - 1] as number) <= limit) count += step;
    }
    return count === 0 ? 0 : (largest[WINDOWS.indexOf(window)]?.[count - 1] ?? 0);
  }

  /** Ranks a level for the day, unless it is: whoever is judged first in a day settles what everybody is measured by. */
  rank(level: Level, minute: number): void {
    this.#ranking(level, minute);
  }

  #ranking(level: Level, minute: number): Ranking {
    const day = Math.floor(minute / 1440);
    const known = this.#rankings.get(level);
    if (known?.day === day) return known;
    const nodes = this.#nodes()
      .filter((node) => node.level === level)
      .map((node) => ({ node, usual: node.usualUsd(minute) }))
      .sort((a, b) => a.usual - b.usual);
    const ranking = {
      day,
      usualUsd: Float64Array.from(nodes, ({ usual }) => usual),
      largest: WINDOWS.map((window) =>
        runningPeak(nodes.map(({ node }) => node.peak(minute, window))),
      ),
    };
    this.#rankings.set(level, ranking);
    return ranking;
  }
}

/** Largest so far, without a lone outlier. */
function runningPeak(peaks: readonly number[]): Float64Array {
  const running = new Float64Array(peaks.length);
  let first = 0;
  let second = 0;
  peaks.forEach((value, index) => {
    if (value > first) [first, second] = [value, first];
    else if (value > second) second = value;
    running[index] = first > OUTLIER * second && second > 0 ? second : first;
  });
  return running;
}

import type { Level } from "./incident.ts";
import { PeerAverages, type Peers } from "./node-tails.ts";
import type { SeriesNode } from "./series-node.ts";
import { TailPool } from "./tail-pool.ts";
import type { Statistic } from "./statistics.ts";

/** Series of one class have their tails in common: groups, and each level of leaves. */
type TailClass = "group" | Exclude<Level, "organisation" | "department" | "team">;

/**
 * What all series together say of how far an ordinary day goes: a pooled tail for each statistic and regime, and what peers say of a series that is young.
 */
export class Calibration {
  readonly #pools = new Map<TailClass, TailPool[]>();
  readonly #peers = new Map<Level, PeerAverages>();
  readonly #total = new Map<TailClass, TailPool>();

  /** Days of a class's statistic that were learnt. */
  days(node: SeriesNode, slot: number): number {
    return this.#pool(node, slot).count;
  }

  /** How far a value is beyond the series' usual day, in standard deviations. */
  residual(node: SeriesNode, slot: number, value: number): number {
    return node.tails.residual(slot, value, this.peersOf(node, slot));
  }

  /** −log10 of the chance that an ordinary day of the series holds such a value; 0 where it is one in ten or more. */
  surprise(node: SeriesNode, slot: number, value: number): number {
    const { tails } = node;
    if (!tails.isScaled(slot)) {
      const peers = this.peersOf(node, slot);
      const { from, decade } = this.#pool(node, slot);
      const begin = tails.valueAt(slot, from, peers);
      tails.setScale(slot, begin, tails.valueAt(slot, from + decade, peers) - begin);
    }
    return tails.surprise(slot, value);
  }

  /** The value of a statistic that is so surprising. */
  valueAt(node: SeriesNode, slot: number, surprise: number): number {
    const residual = this.#pool(node, slot).residualAt(surprise);
    return node.tails.valueAt(slot, residual, this.peersOf(node, slot));
  }

  /** −log10 of the chance that the evidence of all statistics of a series comes to so much on an ordinary day. */
  totalSurprise({ level }: SeriesNode, total: number): number {
    return this.#totals(level).surprise(total);
  }

  /** The evidence that is so surprising: worked out once a day. */
  totalAt({ level, tails }: SeriesNode, surprise: number): number {
    if (Number.isNaN(tails.bar)) tails.bar = this.#totals(level).residualAt(surprise);
    return tails.bar;
  }

  /** A new day of a series begins: the last one is learnt, unless an incident or an event spoilt it. */
  turn(node: SeriesNode, day: number, counts: boolean): void {
    const { total } = node.tails;
    if (counts && total >= 0 && day !== node.tails.day) this.#totals(node.level).add(total);
    node.tails.turn(
      day,
      counts,
      (slot) => this.peersOf(node, slot),
      (slot, residual, value) => {
        const days = node.tails.days(slot);
        if (days >= 1) this.#pool(node, slot).add(residual);
        const usual = node.tails.usual(slot);
        this.#averages(node).add(slot, value, usual, days);
        siblingsOf(node)?.add(slot, value, usual, days);
      },
    );
  }

  peersOf(node: SeriesNode, slot: number): Peers {
    const general = GENERAL[node.statistics[slot >> 1]?.against ?? "past"];
    const everywhere = this.#averages(node).peers(slot, general);
    const { parent } = node;
    const near = parent?.level === "team" ? parent.peersOf(node.level) : undefined;
    return near === undefined ? everywhere : near.peers(slot, everywhere);
  }

  #pool(node: SeriesNode, slot: number): TailPool {
    const name = classOf(node.level);
    let pools = this.#pools.get(name);
    if (pools === undefined) {
      pools = Array.from({ length: 2 * node.statistics.length }, () => new TailPool());
      this.#pools.set(name, pools);
    }
    return pools[slot] as TailPool;
  }

  #totals(level: Level): TailPool {
    const name = classOf(level);
    let pool = this.#total.get(name);
    if (pool === undefined) {
      pool = new TailPool(PRIOR_TOTAL);
      this.#total.set(name, pool);
    }
    return pool;
  }

  #averages({ level, statistics }: SeriesNode): PeerAverages {
    let averages = this.#peers.get(level);
    if (averages === undefined) {
      averages = new PeerAverages(2 * statistics.length);
      this.#peers.set(level, averages);
    }
    return averages;
  }
}

function siblingsOf({ parent, level, statistics }: SeriesNode): PeerAverages | null {
  if (parent?.level !== "team") return null;
  let peers = parent.peersOf(level);
  if (peers === undefined) {
    peers = new PeerAverages(2 * statistics.length);
    parent.setPeers(level, peers);
  }
  return peers;
}

function classOf(level: Level): TailClass {
  return level === "organisation" || level === "department" || level === "team" ? "group" : level;
}

/** Before anything was learnt: what the evidence of a dozen statistics in families comes to on one day in ten, and on one in forty. */
const PRIOR_TOTAL = { from: 2, to: 2.9 };

/** Before anything was learnt: logarithms of a day's maximum. A group against its profile, a person in dollars and requests, rates against the usual. */
const GENERAL: Readonly<Record<Statistic["against"], Peers>> = {
  crowd: { usual: 1, between: 0.2, within: 0.4 },
  demand: { usual: 0.4, between: 0.1, within: 0.06 },
  profile: { usual: 0.8, between: 0.3, within: 0.25 },
  pace: { usual: 0.2, between: 0.15, within: 0.2 },
  past: { usual: 1.5, between: 1.5, within: 0.8 },
  rates: { usual: 0.4, between: 0.1, within: 0.1 },
};

import type { Level } from "./incident.ts";
import { asksForMoney } from "./money.ts";
import { PeerAverages, type Peers } from "./peer-averages.ts";
import { BUSY, REGIMES, slotOf } from "./regimes.ts";
import { DAY_MINUTES, type SeriesNode } from "./series-node.ts";
import { TailPool } from "./tail-pool.ts";
import { FAMILIES } from "./families.ts";
import type { Statistic } from "./statistic.ts";
import { DAY_OF_PERSON_INDEX } from "./statistics.ts";

/** Series of one class have their tails in common: groups, and each level of leaves. */
type TailClass = "group" | Exclude<Level, "organisation" | "department" | "team">;

/**
 * What all series together say of how far an ordinary day goes: a pooled tail for each statistic and regime, and what peers say of a series that is young.
 */
export class Calibration {
  readonly #pools = new Map<TailClass, TailPool[]>();
  readonly #peers = new Map<Level, PeerAverages>();
  readonly #total = new Map<TailClass, TailPool>();
  readonly #families = new Map<TailClass, TailPool[]>();

  #since = -1;

  /** Days are looked at from now on: what was learnt before were only hours. */
  begin(minute: number): void {
    if (this.#since < 0) this.#since = minute;
  }

  /** Days of a series that were looked at. */
  watchedDays(node: SeriesNode, minute: number): number {
    return Math.min(node.ageDays(minute), (minute - this.#since) / DAY_MINUTES);
  }

  /** Days of a class's statistic that were learnt. */
  days(node: SeriesNode, slot: number): number {
    return this.#pool(node, slot).count;
  }

  /** How far a value is beyond the series' usual day, in standard deviations. */
  residual(node: SeriesNode, slot: number, value: number): number {
    return node.tails.residual(slot, value, this.peersOf(node, slot));
  }

  /** What a day of the series usually comes to. */
  usual(node: SeriesNode, slot: number): number {
    return node.tails.centre(slot, this.peersOf(node, slot));
  }

  /**
   * −log10 of the chance that an ordinary day of the series holds such a value; 0 where it is one in ten or more. Days that hold something that costs are
   * few: there each counts.
   */
  surprise(node: SeriesNode, slot: number, value: number): number {
    const { tails } = node;
    if (!tails.isScaled(slot)) {
      const peers = this.peersOf(node, slot);
      const { from, decade } = this.#pool(node, slot);
      const begin = isStandard(node, slot) ? from : tails.valueAt(slot, from, peers);
      const end = isStandard(node, slot)
        ? from + decade
        : tails.valueAt(slot, from + decade, peers);
      tails.setScale(slot, begin, end - begin);
    }
    const surprise = tails.surprise(slot, value);
    return surprise >= 1 || isOfFewDays(node, slot) ? Math.max(0, surprise) : 0;
  }

  /** The value of a statistic that is so surprising. */
  valueAt(node: SeriesNode, slot: number, surprise: number): number {
    const residual = this.#pool(node, slot).residualAt(surprise);
    return node.tails.valueAt(slot, residual, this.peersOf(node, slot));
  }

  /** −log10 of the chance that the most surprising statistic of a family comes to so much on an ordinary day: of many windows one always stands out. */
  familySurprise({ level }: SeriesNode, family: number, surprise: number): number {
    return this.#family(level, family).surprise(surprise);
  }

  /** Days that a family was learnt from. */
  familyDays({ level }: SeriesNode, family: number): number {
    return this.#family(level, family).count;
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
    const { total, families } = node.tails;
    if (counts && total >= 0 && day !== node.tails.day) this.#totals(node.level).add(total);
    if (counts && total >= 0 && day !== node.tails.day) {
      for (let family = 0; family < families.length; family++) {
        const most = families[family] as number;
        if (most >= 0) this.#family(node.level, family).add(most);
      }
    }
    node.tails.turn(
      day,
      counts,
      (slot) => this.peersOf(node, slot),
      (slot, residual, value) => {
        const days = node.tails.days(slot);
        if (days >= 1) this.#pool(node, slot).add(isStandard(node, slot) ? value : residual);
        const usual = node.tails.usual(slot);
        this.#averages(node).add(slot, value, usual, days);
        siblingsOf(node)?.add(slot, value, usual, days);
      },
    );
  }

  /** On which part of their days the people around a series have anything of a statistic in a regime. */
  shareOfDays(node: SeriesNode, index: number, regime: number): number {
    const { parent } = node;
    const near = parent?.level === "team" ? parent.peersOf(node.level) : undefined;
    const at = { slot: slotOf(index, regime), days: slotOf(dayOf(node, index), BUSY) };
    const { share, days } = shareIn(near, at);
    const everywhere = shareIn(this.#averages(node), at);
    // Who never works at night in a team that does will not begin to any sooner than others.
    const weight = regime === BUSY ? SHARE_DAYS : QUIET_SHARE_DAYS;
    return (days * share + weight * everywhere.share) / (days + weight);
  }

  peersOf(node: SeriesNode, slot: number): Peers {
    const general = GENERAL[node.statistics[Math.floor(slot / REGIMES)]?.against ?? "past"];
    const everywhere = this.#averages(node).peers(slot, general);
    const { parent } = node;
    const near = parent?.level === "team" ? parent.peersOf(node.level) : undefined;
    return near === undefined ? everywhere : near.peers(slot, everywhere);
  }

  #pool(node: SeriesNode, slot: number): TailPool {
    const name = classOf(node.level);
    let pools = this.#pools.get(name);
    if (pools === undefined) {
      pools = Array.from({ length: REGIMES * node.statistics.length }, () => new TailPool());
      this.#pools.set(name, pools);
    }
    return pools[slot] as TailPool;
  }

  #family(level: Level, family: number): TailPool {
    const name = classOf(level);
    let pools = this.#families.get(name);
    if (pools === undefined) {
      pools = Array.from({ length: FAMILIES }, () => new TailPool(PRIOR_FAMILY, true));
      this.#families.set(name, pools);
    }
    return pools[family] as TailPool;
  }

  #totals(level: Level): TailPool {
    const name = classOf(level);
    let pool = this.#total.get(name);
    if (pool === undefined) {
      pool = new TailPool(name === "user" ? PRIOR_PERSON : PRIOR_TOTAL);
      this.#total.set(name, pool);
    }
    return pool;
  }

  #averages({ level, statistics }: SeriesNode): PeerAverages {
    let averages = this.#peers.get(level);
    if (averages === undefined) {
      averages = new PeerAverages(REGIMES * statistics.length);
      this.#peers.set(level, averages);
    }
    return averages;
  }
}

/** Days on which peers had anything in a slot, of those that they had at all. */
function shareIn(
  peers: PeerAverages | undefined,
  at: { readonly slot: number; readonly days: number },
): { readonly share: number; readonly days: number } {
  const days = peers?.seen(at.days) ?? 0;
  const there = peers?.seen(at.slot) ?? 0;
  return { share: Math.min(1, (there + PRIOR_SHARE) / (days + 1)), days };
}
const SHARE_DAYS = 100;
const QUIET_SHARE_DAYS = 2_000;
const PRIOR_SHARE = 0.1;

/** The statistic that has something of each day: a person's, or the same by day where none has. */
function dayOf({ level }: SeriesNode, index: number): number {
  return level === "user" ? DAY_OF_PERSON_INDEX : index;
}

function isOfFewDays({ statistics }: SeriesNode, slot: number): boolean {
  const statistic = statistics[Math.floor(slot / REGIMES)];
  return statistic !== undefined && asksForMoney(statistic, slot % REGIMES);
}

/** What is made of standard deviations already. Most days hold none of it, so a series' own spread says nothing. */
function isStandard({ statistics }: SeriesNode, slot: number): boolean {
  return statistics[Math.floor(slot / REGIMES)]?.against === "slow";
}

function siblingsOf({ parent, level, statistics }: SeriesNode): PeerAverages | null {
  if (parent?.level !== "team") return null;
  let peers = parent.peersOf(level);
  if (peers === undefined) {
    peers = new PeerAverages(REGIMES * statistics.length);
    parent.setPeers(level, peers);
  }
  return peers;
}

function classOf(level: Level): TailClass {
  return level === "organisation" || level === "department" || level === "team" ? "group" : level;
}

/** Before anything was learnt: what the most surprising of a few windows comes to on one day in ten, and on one in forty. */
const PRIOR_FAMILY = { from: 1.4, to: 2.1 };
/** Before anything was learnt: what the evidence of a dozen statistics in families comes to on one day in ten, and on one in forty. */
const PRIOR_TOTAL = { from: 2, to: 2.9 };
/** The same of a person, of whom families add little to each other: measured on the simulator's ordinary days. */
const PRIOR_PERSON = { from: 1.4, to: 2.1 };

/** Before anything was learnt: logarithms of a day's maximum. A group against its profile, a person in dollars and requests, rates against the usual. */
const GENERAL: Readonly<Record<Statistic["against"], Peers>> = {
  crowd: { usual: 1, between: 0.2, within: 0.4 },
  together: { usual: 1, between: 0.2, within: 0.3 },
  sessions: { usual: 1.2, between: 0.4, within: 0.25 },
  lately: { usual: 0.1, between: 0.02, within: 0.015 },
  apart: { usual: 0.5, between: 0.1, within: 0.5 },
  people: { usual: 0.1, between: 0.02, within: 0.04 },
  slow: { usual: 0.4, between: 0.1, within: 0.8 },
  demand: { usual: 0.4, between: 0.1, within: 0.06 },
  profile: { usual: 0.8, between: 0.3, within: 0.25 },
  pace: { usual: 0.2, between: 0.15, within: 0.2 },
  past: { usual: 1.5, between: 1.5, within: 0.8 },
  rates: { usual: 0.4, between: 0.1, within: 0.1 },
};

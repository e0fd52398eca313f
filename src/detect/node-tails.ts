import { REGIMES } from "./regimes.ts";
import { FAMILIES } from "./statistics.ts";

/** Fields of one statistic's state. */
const USUAL = 0;
const VARIANCE = 1;
const DAYS = 2;
const TODAY = 3;
/** The value from which on a day is surprising, and how much more makes it ten times rarer; NaN: not worked out today. */
const FROM = 4;
const DECADE = 5;
/** How surprising it was when it was looked at last, and in which regime: in the first two regimes' fields. */
const LAST = 6;
const FIELDS = 7;
/** A usual day is an average over about so many days. */
const MEMORY_DAYS = 25;
/** A young series' spread is that of its peers; so many of its own days weigh as much. */
const SPREAD_DAYS = 8;
/** So many own days weigh as much as what peers say of a usual day. */
const USUAL_DAYS = 1.5;
/** No day moves what is usual further than this, in standard deviations. */
const CLIP = 3.5;

/** What is known of a statistic before a series has days of its own. */
export interface Peers {
  /** A usual day among peers, how much that differs from peer to peer (variance), and a peer's own variance from day to day. */
  readonly usual: number;
  readonly between: number;
  readonly within: number;
}

/**
 * The usual day of one series, for each of its statistics and in each regime (`regimes.ts`): an average of its daily maxima and their variance,
 * shrunk towards its peers while it is young.
 */
export class NodeTails {
  readonly #state: Float32Array;
  /** The day's most surprising of each family; −1 before any. */
  readonly families = new Float32Array(FAMILIES);
  #day = -1;
  #total = -1;
  /** What the evidence must pass today; NaN: not worked out yet. */
  bar = NaN;

  constructor(slots: number) {
    this.#state = new Float32Array(slots * FIELDS);
    this.#clearToday();
    this.#forgetScales();
  }

  get day(): number {
    return this.#day;
  }

  /** Today's largest value; −Infinity before the first. */
  today(slot: number): number {
    return this.#state[slot * FIELDS + TODAY] as number;
  }

  /** Whether `surprise` can tell today. */
  isScaled(slot: number): boolean {
    return !Number.isNaN(this.#state[slot * FIELDS + FROM]);
  }

  /** From `from` on a value is in the tail; `decade` more makes it ten times rarer. */
  setScale(slot: number, from: number, decade: number): void {
    this.#state[slot * FIELDS + FROM] = from;
    this.#state[slot * FIELDS + DECADE] = decade;
  }

  /** −log10 of the chance of such a value, in a tail that begins at one day in ten; 0 below it. */
  surprise(slot: number, value: number): number {
    const from = this.#state[slot * FIELDS + FROM] as number;
    return value <= from ? 0 : 1 + (value - from) / (this.#state[slot * FIELDS + DECADE] as number);
  }

  /** How surprising a statistic was when it was looked at last. */
  last(index: number): number {
    return this.#state[REGIMES * index * FIELDS + LAST] as number;
  }

  /** The regime that it was looked at in. */
  lastRegime(index: number): number {
    return this.#state[(REGIMES * index + 1) * FIELDS + LAST] as number;
  }

  setLast(index: number, surprise: number, regime: number): void {
    this.#state[REGIMES * index * FIELDS + LAST] = surprise;
    this.#state[(REGIMES * index + 1) * FIELDS + LAST] = regime;
  }

  /** The day's most evidence of all statistics together; −1 before any. */
  get total(): number {
    return this.#total;
  }

  noteTotal(total: number): void {
    if (total > this.#total) this.#total = total;
  }

  noteFamily(family: number, surprise: number): void {
    if (surprise > (this.families[family] as number)) this.families[family] = surprise;
  }

  /** Notes a value of today. */
  note(slot: number, value: number): void {
    const at = slot * FIELDS + TODAY;
    if (value > (this.#state[at] as number)) this.#state[at] = value;
  }

  /** Days that were learnt. */
  days(slot: number): number {
    return this.#state[slot * FIELDS + DAYS] as number;
  }

  /** The usual day: its mean, as far as it is known. */
  usual(slot: number): number {
    return this.#state[slot * FIELDS + USUAL] as number;
  }

  variance(slot: number): number {
    return this.#state[slot * FIELDS + VARIANCE] as number;
  }

  /** How far a value lies beyond a usual day, in standard deviations of a forecast. */
  residual(slot: number, value: number, peers: Peers): number {
    return (value - this.#centre(slot, peers)) / this.#spread(slot, peers);
  }

  /** The value that lies so far beyond a usual day. */
  valueAt(slot: number, residual: number, peers: Peers): number {
    return this.#centre(slot, peers) + residual * this.#spread(slot, peers);
  }

  #centre(slot: number, peers: Peers): number {
    const days = this.days(slot);
    return (days * this.usual(slot) + USUAL_DAYS * peers.usual) / (days + USUAL_DAYS);
  }

  #spread(slot: number, peers: Peers): number {
    const days = this.days(slot);
    const within =
      (Math.max(0, days - 1) * this.variance(slot) + SPREAD_DAYS * peers.within) /
      (Math.max(0, days - 1) + SPREAD_DAYS);
    const unsure = within / (Math.min(days, MEMORY_DAYS) + USUAL_DAYS);
    const stranger = peers.between * (USUAL_DAYS / (days + USUAL_DAYS)) ** 2;
    return Math.sqrt(Math.max(MIN_VARIANCE, within + unsure + stranger));
  }

  /**
   * A new day: the one that is over is learnt, and told to `learnt` with its residual. `peersOf` gives what peers say of a statistic. Where `counts` is
   * false (an incident, a planned event) it is forgotten instead.
   */
  turn(
    day: number,
    counts: boolean,
    peersOf: (slot: number) => Peers,
    learnt: (slot: number, residual: number, value: number) => void,
  ): void {
    if (day === this.#day) return;
    if (this.#day >= 0 && counts) {
      for (let slot = 0; slot * FIELDS < this.#state.length; slot++) {
        const value = this.today(slot);
        if (value === -Infinity) continue;
        const peers = peersOf(slot);
        const residual = this.residual(slot, value, peers);
        learnt(slot, residual, value);
        this.#learn(slot, value, residual, peers);
      }
    }
    this.#day = day;
    this.#forgetScales();
    this.#clearToday();
  }

  /** Forgets today's maxima: an incident has touched them. */
  spoil(): void {
    this.#clearToday();
  }

  #learn(slot: number, value: number, residual: number, peers: Peers): void {
    const at = slot * FIELDS;
    const days = (this.#state[at + DAYS] as number) + 1;
    const rate = Math.max(1 / days, 1 / MEMORY_DAYS);
    const clipped =
      residual > CLIP
        ? this.valueAt(slot, CLIP, peers)
        : residual < -CLIP
          ? this.valueAt(slot, -CLIP, peers)
          : value;
    const usual = this.#state[at + USUAL] as number;
    const off = clipped - usual;
    this.#state[at + USUAL] = usual + rate * off;
    if (days > 1) {
      const variance = this.#state[at + VARIANCE] as number;
      const spreadRate = Math.max(1 / (days - 1), 1 / MEMORY_DAYS);
      this.#state[at + VARIANCE] = variance + spreadRate * ((1 - rate) * off * off - variance);
    }
    this.#state[at + DAYS] = Math.min(days, 60_000);
  }

  #forgetScales(): void {
    for (let at = FROM; at < this.#state.length; at += FIELDS) this.#state[at] = NaN;
    this.bar = NaN;
  }

  #clearToday(): void {
    this.#total = -1;
    this.families.fill(-1);
    for (let at = TODAY; at < this.#state.length; at += FIELDS) this.#state[at] = -Infinity;
  }
}

/** A standard deviation of 5 %: nothing is more regular. */
const MIN_VARIANCE = 0.0025;

/** What peers say: averages over the days of all series of a kind under one parent. */
export class PeerAverages {
  readonly #usual: Float64Array;
  readonly #square: Float64Array;
  readonly #within: Float64Array;
  readonly #days: Float64Array;
  readonly #seen: Float64Array;

  constructor(slots: number) {
    this.#usual = new Float64Array(slots);
    this.#square = new Float64Array(slots);
    this.#within = new Float64Array(slots);
    this.#days = new Float64Array(slots);
    this.#seen = new Float64Array(slots);
  }

  /** A series' day, and how far it was from that series' usual day. */
  add(slot: number, value: number, ownUsual: number, ownDays: number): void {
    this.#seen[slot] = (this.#seen[slot] as number) + 1;
    const days = Math.min((this.#days[slot] as number) + 1, PEER_DAYS);
    this.#days[slot] = days;
    const rate = 1 / days;
    const off = value - (this.#usual[slot] as number);
    this.#usual[slot] = (this.#usual[slot] as number) + rate * off;
    this.#square[slot] =
      (this.#square[slot] as number) + rate * (off * off - (this.#square[slot] as number));
    if (ownDays >= 2) {
      const own = (value - ownUsual) ** 2;
      this.#within[slot] =
        (this.#within[slot] as number) + rate * (own - (this.#within[slot] as number));
    }
  }

  days(slot: number): number {
    return this.#days[slot] as number;
  }

  /** All days that were counted. */
  seen(slot: number): number {
    return this.#seen[slot] as number;
  }

  /** What these peers say, mixed with what holds in general as long as they are few. */
  peers(slot: number, general: Peers): Peers {
    const days = this.days(slot);
    const mix = (own: number, other: number, weight: number): number =>
      (days * own + weight * other) / (days + weight);
    const within = mix(this.#within[slot] as number, general.within, 10);
    const total = this.#square[slot] as number;
    return {
      usual: mix(this.#usual[slot] as number, general.usual, 2),
      between: mix(Math.max(0, total - within), general.between, 10),
      within,
    };
  }
}

const PEER_DAYS = 300;

/** What is known of a statistic before a series has days of its own. */
export interface Peers {
  /** A usual day among peers, how much that differs from peer to peer (variance), and a peer's own variance from day to day. */
  readonly usual: number;
  readonly between: number;
  readonly within: number;
}

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

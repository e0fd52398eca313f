/**
 * The pooled tail of one statistic: how far the days of all series of a kind went beyond their own usual day, in their own standard deviations. Each day is
 * counted when it is over, measured by what was known before it: so the pool holds honest forecasting errors. Nobody's single past is long enough to tell
 * what happens once in a quarter; everybody's together is.
 */
export class TailPool {
  readonly #bins = new Float64Array(SIZE);
  readonly #prior: Prior;
  readonly #isSparse: boolean;
  #count = 0;
  /** Days that held anything at all. */
  #held = 0;
  /** Fitted anew when it is asked for and the days have become so many more: at midnight days come in between questions, thousands of each. */
  #tail: Tail | null = null;
  #fitted = 0;

  /** `isSparse`: on many days there is nothing at all (0), and the tail is one of those that hold something. */
  constructor(prior: Prior = PRIOR, isSparse = false) {
    this.#prior = prior;
    this.#isSparse = isSparse;
  }

  get count(): number {
    return this.#count;
  }

  /** Counts one day: its distance from its series' usual day, in standard deviations. */
  add(residual: number): void {
    const bin = Math.floor((residual - LOWEST) / STEP);
    const at = Math.max(0, Math.min(SIZE - 1, bin));
    this.#bins[at] = (this.#bins[at] as number) + 1;
    this.#count++;
    if (residual > 0) this.#held++;
    if (this.#count > MEMORY) this.#fade();
    if (this.#count < this.#fitted || this.#count > STALE * this.#fitted) this.#tail = null;
  }

  /** Where the tail begins, at one day in ten. */
  get from(): number {
    return (this.#tail ??= this.#fit()).from;
  }

  /** How much more makes a day ten times rarer. */
  get decade(): number {
    return (this.#tail ??= this.#fit()).scale * Math.LN10;
  }

  /** −log10 of the chance that a day of an ordinary series goes this far. 0 below the tail. */
  surprise(residual: number): number {
    const { from, share, scale } = (this.#tail ??= this.#fit());
    if (residual <= from) return 0;
    return -Math.log10(share) + (residual - from) / (scale * Math.LN10);
  }

  /** The residual at which `surprise` is so large. */
  residualAt(surprise: number): number {
    const { from, share, scale } = (this.#tail ??= this.#fit());
    return from + Math.max(0, surprise + Math.log10(share)) * scale * Math.LN10;
  }

  /**
   * An exponential tail through two quantiles of the bulk's upper end, mixed with what is known of tails in general as long as days are few. Not through
   * the largest days: they are incidents that nobody marked.
   */
  #fit(): Tail {
    this.#fitted = this.#count;
    const trust = this.#count / (this.#count + PRIOR_DAYS);
    const share = this.#isSparse ? this.#shareOfHeld() : FROM_SHARE;
    const from = trust * this.#quantile(share) + (1 - trust) * this.#prior.from;
    const to = trust * this.#quantile(share / STEP_SHARE) + (1 - trust) * this.#prior.to;
    const scale = Math.max(MIN_SCALE, (to - from) / Math.log(STEP_SHARE));
    return { from, share, scale };
  }

  /** A third of the days that hold anything: there their tail begins. */
  #shareOfHeld(): number {
    if (this.#held === 0) return FROM_SHARE;
    return Math.max(LEAST_SHARE, Math.min(FROM_SHARE, this.#held / this.#count / 3));
  }

  /** The residual that a share of the days goes beyond. */
  #quantile(share: number): number {
    let left = share * this.#count;
    for (let at = SIZE - 1; at >= 0; at--) {
      const held = this.#bins[at] as number;
      if (held >= left && held > 0) return LOWEST + (at + 1 - left / held) * STEP;
      left -= held;
    }
    return LOWEST;
  }

  /** Old days count less and less. */
  #fade(): void {
    for (let at = 0; at < SIZE; at++) this.#bins[at] = (this.#bins[at] as number) / 2;
    this.#count /= 2;
    this.#held /= 2;
  }
}

/** What one day in ten and one in forty go beyond, before there are days. */
interface Prior {
  readonly from: number;
  readonly to: number;
}

interface Tail {
  /** Residual where the tail begins, the share of days beyond it, and their mean excess. */
  readonly from: number;
  readonly share: number;
  readonly scale: number;
}

const LOWEST = -6;
const STEP = 0.05;
const SIZE = 520;
/** Days after which the older half counts half. */
const MEMORY = 40_000;
/** A two-hundredth more days moves no tail. */
const STALE = 1.005;
/** The tail goes through what one day in ten and one in forty go beyond. */
const FROM_SHARE = 0.1;
const STEP_SHARE = 4;
const LEAST_SHARE = 0.002;
/** Before there are days: what the daily maximum of something lognormal with a heavy session now and then does. */
const PRIOR: Prior = { from: 1.5, to: 2.5 };
const PRIOR_DAYS = 150;
const MIN_SCALE = 0.3;

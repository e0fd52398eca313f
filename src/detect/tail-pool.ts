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
    return (this.#tail ??= this.#fit()).near.from;
  }

  /** How much more makes a day ten times rarer. */
  get decade(): number {
    return (this.#tail ??= this.#fit()).near.decade;
  }

  /** −log10 of the chance that a day of an ordinary series goes this far. 0 below the tail. */
  surprise(residual: number): number {
    const { first, far } = (this.#tail ??= this.#fit());
    if (residual <= first.from) return 0;
    const { from, surprise, decade } = residual > far.from ? far : first;
    return surprise + (residual - from) / decade;
  }

  /** The residual at which `surprise` is so large. */
  residualAt(surprise: number): number {
    const { first, far } = (this.#tail ??= this.#fit());
    const line = surprise > far.surprise ? far : first;
    return line.from + Math.max(0, surprise - line.surprise) * line.decade;
  }

  /**
   * An exponential tail through two quantiles of the bulk's upper end, mixed with what is known of tails in general as long as days are few. Not through
   * the largest days: they are incidents that nobody marked. Where days are many, those further out may say that the tail is lighter than that.
   */
  #fit(): Tail {
    this.#fitted = this.#count;
    const trust = this.#count / (this.#count + PRIOR_DAYS);
    const share = this.#isSparse ? this.#shareOfHeld() : FROM_SHARE;
    const from = trust * this.#quantile(share) + (1 - trust) * this.#prior.from;
    const to = trust * this.#quantile(share / STEP_SHARE) + (1 - trust) * this.#prior.to;
    const decade = Math.max(MIN_DECADE, (to - from) / Math.log10(STEP_SHARE));
    const near = { from, surprise: -Math.log10(share), decade };
    const far = this.#fitFar(near);
    if (far === near) return { near, first: near, far };
    const first = { ...near, decade: (far.from - near.from) / (far.surprise - near.surprise) };
    return { near, first, far };
  }

  /** The same through rarer days, of which there are enough: the bulk's line itself where they are too few, or go further than it. That can be incidents. */
  #fitFar(near: Line): Line {
    const rare = Math.max(FAR_SHARE, FAR_DAYS / this.#count);
    const surprise = -Math.log10(STEP_SHARE * rare);
    if (!(surprise > near.surprise)) return near;
    const between = surprise - near.surprise;
    const held = this.#quantile(STEP_SHARE * rare);
    if (held > near.from + between * near.decade) return near;
    const from = Math.max(held, near.from + between * MIN_DECADE);
    const decade = (this.#quantile(rare) - held) / Math.log10(STEP_SHARE);
    return { from, surprise, decade: Math.min(near.decade, Math.max(MIN_DECADE, decade)) };
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

/** `near` begins with the bulk; from there `first` goes to where `far` begins. All the same where nothing is known of what is further out. */
interface Tail {
  readonly near: Line;
  readonly first: Line;
  readonly far: Line;
}

/** From a residual, which is so surprising, so much more makes a day ten times rarer. */
interface Line {
  readonly from: number;
  readonly surprise: number;
  readonly decade: number;
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
const MIN_DECADE = 0.3 * Math.LN10;
/** So many days must lie beyond the rarer of both quantiles further out, which is no rarer than that share. */
const FAR_DAYS = 25;
const FAR_SHARE = 0.0015;

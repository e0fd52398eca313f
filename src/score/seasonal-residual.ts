import { MovingMean } from "./moving-mean.ts";

/** The mean of a phase follows its last ten periods. */
const RATE = 0.1;
/** A phase's own spread counts for as many times as it was seen, the whole series' for this many, and in any case for a share. */
const PRIOR_PERIODS = 3;
const COMMON_SHARE = 0.3;

export interface SeasonalOptions {
  /** Bins of a period. */
  readonly bins: number;
  /** How many of the newest residuals are averaged. */
  readonly over: number;
}

/** What is known of a series' rhythm, in milliseconds, and its usual distance from its mean. A step of 0 is not known yet. */
export interface Season {
  readonly periodMs: number;
  readonly stepMs: number;
  readonly scale: number;
}

/** How far values are from what was usual at this phase of the period, in units of what they usually are. 0 where a phase was never seen. */
export class SeasonalResidual {
  readonly #options: SeasonalOptions;
  readonly #recent: MovingMean;
  #periodMs = 0;
  #means = new Float64Array(0);
  #spreads = new Float64Array(0);
  #counts = new Float64Array(0);

  constructor(options: SeasonalOptions) {
    this.#options = options;
    this.#recent = new MovingMean(options.over);
  }

  /** Another period begins anew; a bin is no shorter than a step. */
  next(value: number, timeMs: number, { periodMs, stepMs, scale }: Season): number {
    const most = stepMs > 0 ? Math.round(periodMs / stepMs) : this.#options.bins;
    const bins = Math.max(2, Math.min(this.#options.bins, most));
    if (periodMs !== this.#periodMs || bins !== this.#means.length) this.#begin(periodMs, bins);
    const phase = (((timeMs % periodMs) + periodMs) % periodMs) / periodMs;
    const bin = Math.min(bins - 1, Math.floor(phase * bins));
    const count = this.#counts[bin] ?? 0;
    const residual = count === 0 ? 0 : value - (this.#means[bin] ?? 0);
    const own = this.#spreads[bin] ?? 0;
    const spread = (own * count + scale * PRIOR_PERIODS) / (count + PRIOR_PERIODS);
    this.#learn(bin, count === 0 ? value : residual);
    return Math.abs(this.#recent.next(residual)) / (spread + COMMON_SHARE * (scale - spread));
  }

  #learn(bin: number, residual: number): void {
    const count = (this.#counts[bin] ?? 0) + 1;
    const rate = Math.max(RATE, 1 / count);
    const spread = this.#spreads[bin] ?? 0;
    this.#counts[bin] = count;
    this.#means[bin] = (this.#means[bin] ?? 0) + residual * rate;
    this.#spreads[bin] = count === 1 ? 0 : spread + (Math.abs(residual) - spread) * rate;
  }

  #begin(periodMs: number, bins: number): void {
    this.#periodMs = periodMs;
    this.#means = new Float64Array(bins);
    this.#spreads = new Float64Array(bins);
    this.#counts = new Float64Array(bins);
  }
}

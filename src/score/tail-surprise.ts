export interface TailOptions {
  /** Share of the past that counts as tail. */
  readonly share: number;
  /** How many past values weigh fully; older ones fade by halves. */
  readonly keep: number;
  /** Largest surprise, in powers of ten. */
  readonly cap: number;
  /** The tail index that is believed before any was seen, in units of ln, and how many exceedances it is worth. */
  readonly priorIndex: number;
  readonly priorWeight: number;
}

const BINS = 3_000;
const BINS_PER_LOG = 100;
const LOWEST_LOG = -5;
/** Before this many values the past says nothing about its own tail. */
const MIN_VALUES = 60;

/**
 * How rare a value is among the past values of the same statistic, in powers of ten: 3 means that one in a thousand is as large.
 *
 * Up to the high quantile nothing is a surprise. Beyond it the logarithm of the statistic is taken as exponential (a power law), with the mean
 * excess of the past as its index, drawn towards a prior while few exceedances have been seen. The past is a histogram of fixed size, whose
 * counts are halved now and then: it forgets, and its memory does not grow. 24 KB.
 */
export class TailSurprise {
  readonly #options: TailOptions;
  readonly #counts = new Float64Array(BINS);
  #total = 0;
  /** The tail is the bins above this one. */
  #edge = 0;
  #above = 0;
  /** Σ bin over the tail. */
  #sumAbove = 0;

  constructor(options: TailOptions) {
    this.#options = options;
  }

  /** The surprise of a statistic, judged by what was seen before; then learns it. Statistics are positive and near 1 where nothing happens. */
  next(statistic: number): number {
    const log = Math.log(statistic);
    const surprise = this.#surprise(log);
    this.#learn(log);
    return surprise;
  }

  #surprise(log: number): number {
    const { share, cap, priorIndex, priorWeight } = this.#options;
    if (this.#total < MIN_VALUES) return 0;
    const excess = log - (LOWEST_LOG + (this.#edge + 1) / BINS_PER_LOG);
    if (excess <= 0) return 0;
    const sumExcess = (this.#sumAbove - this.#above * (this.#edge + 0.5)) / BINS_PER_LOG;
    const index = (sumExcess + priorIndex * priorWeight) / (this.#above + priorWeight);
    return Math.min(cap, Math.log10(1 / share) + excess / (index * Math.LN10));
  }

  #learn(log: number): void {
    const bin = Math.max(0, Math.min(BINS - 1, Math.floor((log - LOWEST_LOG) * BINS_PER_LOG)));
    this.#counts[bin] = (this.#counts[bin] ?? 0) + 1;
    this.#total++;
    if (bin > this.#edge) {
      this.#above++;
      this.#sumAbove += bin;
    }
    if (this.#total >= 2 * this.#options.keep) this.#fade();
    this.#moveEdge();
  }

  #moveEdge(): void {
    const wanted = this.#options.share * this.#total;
    while (this.#above > wanted) {
      this.#edge++;
      const count = this.#counts[this.#edge] ?? 0;
      this.#above -= count;
      this.#sumAbove -= count * this.#edge;
    }
    for (;;) {
      const count = this.#counts[this.#edge] ?? 0;
      if (this.#edge === 0 || this.#above + count > wanted) return;
      this.#above += count;
      this.#sumAbove += count * this.#edge;
      this.#edge--;
    }
  }

  #fade(): void {
    for (let bin = 0; bin < BINS; bin++) this.#counts[bin] = (this.#counts[bin] ?? 0) / 2;
    this.#total /= 2;
    this.#above /= 2;
    this.#sumAbove /= 2;
  }
}

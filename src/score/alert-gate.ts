export interface GateOptions {
  /** The surprise that an alert takes, in powers of ten. */
  readonly bar: number;
  /** Rows after an alert in which there is no other. */
  readonly silence: number;
  /** How much the bar grows with the logarithm of the rows seen. */
  readonly growth: number;
  /** How much higher the bar is right after the silence, and over how many rows that fades. */
  readonly extra: number;
  readonly fade: number;
}

/** An alert scores at least this. */
export const ALERT_SCORE = 0.5;

/**
 * Turns surprises into scores: what passes the bar is an alert, unless one was just before. An incident is one alert, however long it goes on. The bar
 * grows with the rows seen, since the largest of more values is larger, and stands higher for a while after an alert, since trouble comes in runs.
 */
export class AlertGate {
  readonly #options: GateOptions;
  #seen = 0;
  #since = Infinity;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** 0 to 1; alerts from `ALERT_SCORE` on, by how far they pass the bar. */
  next(surprise: number): number {
    const { bar, silence, growth, extra, fade } = this.#options;
    this.#seen++;
    this.#since++;
    const isSilent = this.#since <= silence;
    const after = isSilent ? 1 : Math.exp((silence - this.#since) / fade);
    const wanted = bar * (1 + growth * Math.log((this.#seen + 1_000) / 5_000) + extra * after);
    const ratio = surprise / wanted;
    if (isSilent || ratio < 1) return ALERT_SCORE * Math.min(0.999, ratio / 2);
    this.#since = 0;
    return 1 - ALERT_SCORE / ratio;
  }
}

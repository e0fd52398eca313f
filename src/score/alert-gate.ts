export interface GateOptions {
  /** The surprise that a first alert takes, in powers of ten. */
  readonly bar: number;
  /** How much each alert raises the bar, as a share, and over how many rows that fades. */
  readonly raise: number;
  readonly fadeRows: number;
  /** After an alert there is no other for this share of a period, within these rows. */
  readonly silentPeriods: number;
  readonly minSilentRows: number;
  readonly maxSilentRows: number;
}

/** An alert scores at least this. */
export const ALERT_SCORE = 0.5;

/**
 * Turns surprises into scores: what passes the bar is an alert, unless one was just before. An incident is one alert, however long it goes on. Each alert
 * raises the bar for the next ones: who has cried often must show more, so series that are full of bursts settle at few alerts by themselves.
 */
export class AlertGate {
  readonly #options: GateOptions;
  readonly #keep: number;
  #raised = 0;
  #silentRows = 0;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#keep = Math.exp(-1 / options.fadeRows);
  }

  /** 0 to 1; alerts from `ALERT_SCORE` on, by how far they pass the bar. */
  next(surprise: number, periodRows: number): number {
    const { bar, raise } = this.#options;
    this.#raised *= this.#keep;
    const ratio = surprise / (bar * (1 + this.#raised));
    const isSilent = this.#silentRows > 0;
    if (isSilent) this.#silentRows--;
    // What is no alert stays below, also a greater surprise in an incident that has alerted.
    if (isSilent || ratio < 1) return ALERT_SCORE * Math.min(0.99, ratio / 2);
    this.#raised += raise;
    this.#silentRows = this.#silence(periodRows);
    return 1 - (1 - ALERT_SCORE) / ratio;
  }

  #silence(periodRows: number): number {
    const { silentPeriods, minSilentRows, maxSilentRows } = this.#options;
    return Math.round(Math.max(minSilentRows, Math.min(maxSilentRows, silentPeriods * periodRows)));
  }
}

/**
 * The score of the Numenta Anomaly Benchmark, written from its method (Lavin and Ahmad 2015, "Evaluating real-time anomaly detection algorithms").
 *
 * Each labelled window pays for its earliest alert, by a sigmoid over the window: nearly 1 at its begin, 0 at its end. Each alert outside costs by the same
 * sigmoid, little right behind a window, fully far from one. A window without an alert costs 1 (in the low-FN profile 2). The first 15 % of a series, 750
 * rows at most, are not judged. One threshold for all series, the best for the profile. 0 is who never alerts, 100 an alert at the begin of each window.
 */

/** A series as NAB judges it: how many rows, and the windows as first and last row. */
export interface NabSeries {
  readonly rows: number;
  readonly windows: readonly (readonly [first: number, last: number])[];
}

/** What a profile pays: for a hit at the begin of a window, a false alert, a missed window. */
export interface NabProfile {
  readonly tpWeight: number;
  readonly fpWeight: number;
  readonly fnWeight: number;
}

export interface NabResult {
  /** 0 to 100; at a threshold that is given also less. */
  readonly score: number;
  readonly threshold: number;
  readonly hits: number;
  readonly windows: number;
  readonly falseAlerts: number;
}

/** One judged row: what an alert on it earns, before weights; `window` is null outside. */
interface Row {
  readonly score: number;
  readonly window: number | null;
  readonly worth: number;
}

const PROBATION_SHARE = 0.15;
const PROBATION_ROWS = 5_000;
/** Farther behind a window, in its widths, an alert costs all. */
const FAR = 3;

/** The score of `scores`, one array a series, of any scale: at the best threshold, or at one that is given (then it may be negative). */
export function nabScore(
  series: readonly NabSeries[],
  scores: readonly ArrayLike<number>[],
  profile: NabProfile,
  threshold?: number,
): NabResult {
  const rows = series.flatMap((one, at) => judgedRows(one, scores[at] ?? [], at));
  rows.sort((a, b) => b.score - a.score);
  const windows = series.reduce((sum, one) => sum + one.windows.length, 0);
  const sweep = new Sweep(windows, profile);
  if (threshold === undefined) {
    rows.forEach((row, at) => sweep.alert(row, rows[at + 1]?.score !== row.score));
    return sweep.best();
  }
  for (const row of rows) if (row.score >= threshold) sweep.alert(row, false);
  return sweep.at(threshold);
}

export function probationOf(rows: number): number {
  return Math.floor(PROBATION_SHARE * Math.min(rows, PROBATION_ROWS));
}

interface Standing extends Omit<NabResult, "windows" | "score"> {
  readonly sum: number;
}

/** Lowers the threshold row by row and keeps the best. */
class Sweep {
  readonly #windows: number;
  readonly #profile: NabProfile;
  readonly #hits = new Map<number, number>();
  #sum: number;
  #falseAlerts = 0;
  #best: Standing;

  constructor(windows: number, profile: NabProfile) {
    this.#windows = windows;
    this.#profile = profile;
    this.#sum = -profile.fnWeight * windows;
    this.#best = { sum: this.#sum, threshold: Infinity, hits: 0, falseAlerts: 0 };
  }

  /** `isLast`: the next row has a lower score, so that a threshold may lie here. */
  alert({ score, window, worth }: Row, isLast: boolean): void {
    const { tpWeight, fpWeight, fnWeight } = this.#profile;
    if (window === null) {
      this.#sum += fpWeight * worth;
      this.#falseAlerts++;
    } else {
      const before = this.#hits.get(window) ?? -fnWeight;
      const now = Math.max(before, tpWeight * worth);
      this.#sum += now - before;
      this.#hits.set(window, now);
    }
    if (!isLast || this.#sum <= this.#best.sum) return;
    const hits = this.#hits.size;
    this.#best = { sum: this.#sum, threshold: score, hits, falseAlerts: this.#falseAlerts };
  }

  best(): NabResult {
    return this.#result(this.#best);
  }

  /** What it is now. */
  at(threshold: number): NabResult {
    const [sum, hits, falseAlerts] = [this.#sum, this.#hits.size, this.#falseAlerts];
    return this.#result({ sum, threshold, hits, falseAlerts });
  }

  #result({ sum, ...found }: Standing): NabResult {
    const { tpWeight, fnWeight } = this.#profile;
    const nothing = -fnWeight * this.#windows;
    const all = tpWeight * this.#windows - nothing;
    return { ...found, score: all > 0 ? (100 * (sum - nothing)) / all : 0, windows: this.#windows };
  }
}

function judgedRows(series: NabSeries, scores: ArrayLike<number>, at: number): Row[] {
  const rows: Row[] = [];
  const from = probationOf(series.rows);
  let next = 0;
  for (let row = 0; row < series.rows; row++) {
    while (row > (series.windows[next]?.[1] ?? Infinity)) next++;
    const score = scores[row] ?? 0;
    if (row < from) continue;
    const window = series.windows[next];
    const inside = window !== undefined && row >= window[0];
    const key = inside ? at * 1e6 + next : null;
    rows.push({
      score,
      window: key,
      worth: inside ? hitAt(row, window) : missAt(row, series.windows[next - 1]),
    });
  }
  return rows;
}

function hitAt(row: number, [first, last]: readonly [number, number]): number {
  return sigmoid(-(last - row + 1) / (last - first + 1)) / sigmoid(-1);
}

/** -1 before the first window; behind one, by the distance to its end in its widths. */
function missAt(row: number, before: readonly [number, number] | undefined): number {
  if (before === undefined) return -1;
  const distance = (row - before[1]) / (before[1] - before[0]);
  return distance > FAR ? -1 : sigmoid(distance);
}

function sigmoid(position: number): number {
  return 2 / (1 + Math.exp(5 * position)) - 1;
}

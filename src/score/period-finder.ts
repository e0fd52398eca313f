import { autocorrelation } from "./autocorrelation.ts";

const GRID = 8_192;
/** A period is believed once this many of it were seen. */
const PERIODS_SEEN = 3;
const SHORTEST_STEPS = 8;
/** How alike values one period apart must be, and how much more alike than values at the least similar distance below it. */
const MIN_CORRELATION = 0.25;
const MIN_RISE = 0.2;
/** Among peaks nearly as high the shortest is the period, the others its multiples. */
const NEARLY = 0.9;
/** A period this close to a day or a week is one. */
const SNAP = 0.04;
/** A period that was found stays while it is at least this high, beside the highest: else it would jump between multiples. */
const STAYS = 0.8;
export const DAY_MS = 86_400_000;

/**
 * The step of a series, from its timestamps, and its period, from the autocorrelation of the last 8,192 steps; both from the past alone.
 * Looks again each time an eighth more has been seen, so it costs little a value. 200 KB.
 */
export class PeriodFinder {
  readonly #intervals = new Float64Array(63);
  #intervalCount = 0;
  #lastMs = NaN;
  #stepMs = 0;
  readonly #grid = new Float64Array(GRID);
  #gridSize = 0;
  #lastCell = 0;
  #lastValue = 0;
  #rows = 0;
  #nextLook = 128;
  #periodMs: number | null = null;

  /** Milliseconds between rows; 0 before it is known. */
  get stepMs(): number {
    return this.#stepMs;
  }

  /** Milliseconds; null while none shows. */
  get periodMs(): number | null {
    return this.#periodMs;
  }

  observe(timeMs: number, value: number): void {
    this.#observeStep(timeMs);
    this.#lastMs = timeMs;
    this.#rows++;
    if (this.#stepMs > 0) this.#put(Math.round(timeMs / this.#stepMs), value);
    if (this.#rows < this.#nextLook) return;
    this.#nextLook = Math.ceil(this.#rows + Math.min(this.#rows / 8, GRID / 8));
    this.#look();
  }

  #observeStep(timeMs: number): void {
    const interval = timeMs - this.#lastMs;
    if (!(interval > 0)) return;
    const size = this.#intervals.length;
    this.#intervals[this.#intervalCount++ % size] = interval;
    const isTurn = this.#intervalCount % size === 0 || this.#intervalCount === 15;
    if (!isTurn) return;
    const seen = this.#intervals.slice(0, Math.min(size, this.#intervalCount)).sort();
    const stepMs = seen[seen.length >> 1] ?? 0;
    if (this.#stepMs > 0 && Math.abs(stepMs / this.#stepMs - 1) < 0.5) return;
    this.#stepMs = stepMs;
    this.#gridSize = 0;
  }

  /** A missing step repeats the value before it; a long gap begins anew. */
  #put(cell: number, value: number): void {
    const missing = this.#gridSize === 0 ? 0 : cell - this.#lastCell - 1;
    if (missing > GRID / 8) this.#gridSize = 0;
    else for (let one = 0; one < missing; one++) this.#append(this.#lastValue);
    if (missing >= 0) this.#append(value);
    this.#lastCell = cell;
    this.#lastValue = value;
  }

  #append(value: number): void {
    this.#grid[this.#gridSize++ % GRID] = value;
  }

  #look(): void {
    const size = Math.min(this.#gridSize, GRID);
    const longest = Math.floor(size / PERIODS_SEEN);
    if (longest <= SHORTEST_STEPS) return;
    const start = this.#gridSize > GRID ? this.#gridSize % GRID : 0;
    const ordered = new Float64Array(size);
    for (let at = 0; at < size; at++) ordered[at] = this.#grid[(start + at) % GRID] ?? 0;
    const peaks = peaksOf(autocorrelation(ordered, longest + 1), longest);
    const lag = this.#known(peaks) ?? shortestLag(peaks);
    this.#periodMs = lag === null ? null : snapped(lag * this.#stepMs);
  }

  /** The peak of the period found before, or of a day, where it is nearly the highest. */
  #known(peaks: readonly Peak[]): number | null {
    const enough = STAYS * highest(peaks);
    for (const periodMs of [DAY_MS, this.#periodMs]) {
      const near = peaks.find(
        ({ lag, height }) =>
          height >= enough && Math.abs((lag * this.#stepMs) / (periodMs ?? 0) - 1) <= SNAP,
      );
      if (near !== undefined) return near.lag;
    }
    return null;
  }
}

interface Peak {
  readonly lag: number;
  readonly height: number;
}

function highest(peaks: readonly Peak[]): number {
  return Math.max(...peaks.map(({ height }) => height));
}

function snapped(periodMs: number): number {
  for (const known of [DAY_MS, 7 * DAY_MS]) {
    if (Math.abs(periodMs / known - 1) <= SNAP) return known;
  }
  return periodMs;
}

function peaksOf(correlations: Float64Array, longest: number): Peak[] {
  const peaks: Peak[] = [];
  let lowest = 1;
  for (let lag = 1; lag < longest; lag++) {
    const height = correlations[lag] ?? 0;
    lowest = Math.min(lowest, height);
    const isPeak = height >= (correlations[lag - 1] ?? 0) && height > (correlations[lag + 1] ?? 0);
    if (!isPeak || lag < SHORTEST_STEPS) continue;
    if (height >= MIN_CORRELATION && height - lowest >= MIN_RISE) peaks.push({ lag, height });
  }
  return peaks;
}

function shortestLag(peaks: readonly Peak[]): number | null {
  const near = peaks.filter(({ height }) => height >= NEARLY * highest(peaks));
  const [first] = near;
  if (first === undefined) return null;
  // the top of the first hill, not a bump on its slope
  const hill = near.filter(({ lag }) => lag <= first.lag * 1.25);
  return hill.reduce((best, one) => (one.height > best.height ? one : best)).lag;
}

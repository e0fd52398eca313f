import { AlertGate } from "./alert-gate.ts";
import { LevelResidual } from "./level-residual.ts";
import { NearestShape } from "./nearest-shape.ts";
import { DAY_MS, PeriodFinder } from "./period-finder.ts";
import { SeasonalResidual, type Season } from "./seasonal-residual.ts";
import { SpreadChange } from "./spread-change.ts";
import { TailSurprise } from "./tail-surprise.ts";

export { ALERT_SCORE } from "./alert-gate.ts";

/** One part at its cap does not pass the bar: no statistic decides alone. The prior is worth the exceedances of the first 2,000 rows. */
const TAIL = { share: 0.03, keep: 8_000, cap: 5, priorIndex: 0.2, priorWeight: 60 };
/** An incident of most of half a period is one alert; of a series without a long rhythm, at least a dozen rows. */
const GATE = {
  bar: 5.4,
  raise: 0.1,
  fadeRows: 16_000,
  silentPeriods: 0.4,
  minSilentRows: 12,
  maxSilentRows: 150,
};
/** Rows of a period while neither the step nor the period is known. */
const USUAL_PERIOD_ROWS = 288;
/** Of the scale of the series: what is smaller than this is no difference. */
const NOTHING = 0.01;
const SCALE_ROWS = 2_000;
/** Squares of larger values are not finite. */
const MAX_VALUE = 1e100;

interface Part {
  readonly tail: TailSurprise;
  readonly statistic: (value: number, timeMs: number, season: Season) => number;
}

/**
 * Scores a series row by row, each by the rows before it: a sum of calibrated surprises over several statistics, behind an alert gate. src/README.md,
 * "Series detector", tells what they are, why, and what was measured. Pure but for its own memory: about 400 KB, however long the series.
 */
export class SeriesScorer {
  readonly #period = new PeriodFinder();
  readonly #parts = parts();
  readonly #gate = new AlertGate(GATE);
  #seen = 0;
  #mean = 0;
  #scale = 0;

  /** The anomaly score of a row, 0 to 1; `ALERT_SCORE` or more is an alert. A row without a value scores 0 and is not learnt. */
  next(timeMs: number, value: number | null): number {
    if (value === null) return 0;
    const bounded = Math.max(-MAX_VALUE, Math.min(MAX_VALUE, value));
    const { stepMs, periodMs } = this.#period;
    const scale = this.#scale > 0 ? this.#scale : 1e-9 + Math.abs(bounded) * 1e-6;
    const season = { stepMs, periodMs: periodMs ?? DAY_MS, scale };
    let sum = 0;
    for (const { statistic, tail } of this.#parts) {
      sum += tail.next(statistic(bounded, timeMs, season) + NOTHING);
    }
    this.#period.observe(timeMs, bounded);
    this.#learnScale(bounded);
    return this.#gate.next(sum, stepMs > 0 ? season.periodMs / stepMs : USUAL_PERIOD_ROWS);
  }

  #learnScale(value: number): void {
    const rate = Math.max(1 / SCALE_ROWS, 1 / ++this.#seen);
    this.#mean += rate * (value - this.#mean);
    this.#scale += rate * (Math.abs(value - this.#mean) - this.#scale);
  }
}

function parts(): readonly Part[] {
  const part = (statistic: Part["statistic"]): Part => ({
    statistic,
    tail: new TailSurprise(TAIL),
  });
  const shape = new NearestShape({ length: 12, keep: 4_000, rank: 5 });
  const nearestValue = new NearestShape({ length: 1, keep: 4_000, rank: 1 });
  const phase = new SeasonalResidual({ bins: 96, over: 1 });
  const phaseDrift = new SeasonalResidual({ bins: 48, over: 6 });
  const spread = new SpreadChange({ over: 48 });
  const level = new LevelResidual({ over: 24, slow: 1_000 });
  return [
    part((value, _, { scale }) => shape.next(value) / scale),
    part((value, _, { scale }) => nearestValue.next(value) / scale),
    part((value, timeMs, season) => phase.next(value, timeMs, season)),
    part((value, timeMs, season) => phaseDrift.next(value, timeMs, season)),
    part((value, _, { scale }) => level.next(value) / scale),
    part((value, _, { scale }) => spread.next(value, scale)),
  ];
}

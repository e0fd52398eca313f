import type { HourSample } from "./hour-log.ts";
import { COLUMN } from "./statistics.ts";
import { TimeRing } from "./time-ring.ts";

/** A day of five-minute steps and room for late events: the charts, and the windows of hours. */
const STEPS = 320;
const STEPS_PER_HOUR = 12;
/** Up to the last column that an hour is made of. */
const held = new Float64Array(COLUMN.loads);

/** Sums by steps of five minutes: the first `columns` of COLUMN without the errors. What is not kept is 0. */
export class StepRing extends TimeRing {
  readonly #columns: number;

  constructor(columns: number) {
    super(STEPS, placeOf(columns));
    this.#columns = columns;
  }

  has(column: number): boolean {
    return column < this.#columns && column !== COLUMN.errors;
  }

  /** `columns`: in order of COLUMN; without the errors when it returns. */
  override addRow(step: number, columns: Float64Array): void {
    columns.copyWithin(COLUMN.errors, COLUMN.errors + 1);
    super.addRow(step, columns);
  }

  override sum(column: number, after: number, to: number): number {
    return this.has(column) ? super.sum(placeOf(column), after, to) : 0;
  }

  /** What a whole hour held. */
  hour(hour: number, activeUsers: number): HourSample {
    const first = hour * STEPS_PER_HOUR;
    this.sums(first - 1, first + STEPS_PER_HOUR - 1, held);
    return {
      usd: this.#held(COLUMN.usd),
      requests: this.#held(COLUMN.requests),
      tokens: this.#held(COLUMN.tokens),
      activeUsers,
      cells: this.#held(COLUMN.cells),
      starts: this.#held(COLUMN.starts),
      loads: this.#held(COLUMN.loads),
    };
  }

  #held(column: number): number {
    return this.has(column) ? (held[placeOf(column)] as number) : 0;
  }
}

/** Where a column's sums are: errors take no place. */
function placeOf(column: number): number {
  return column > COLUMN.errors ? column - 1 : column;
}

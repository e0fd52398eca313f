import type { HourSample } from "./hour-log.ts";
import type { MinuteUse, UseParts } from "./minute-use.ts";
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

  override add(step: number, column: number, value: number): void {
    if (this.has(column)) super.add(step, placeOf(column), value);
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

  /** What a use says of its user and of its price, as far as it is kept. */
  addParts(step: number, use: MinuteUse, parts: UseParts): void {
    if (!this.has(COLUMN.cells)) return;
    if (parts.cells > 0) this.add(step, COLUMN.cells, parts.cells);
    if (!this.has(COLUMN.usualUsd)) return;
    this.add(step, COLUMN.usualUsd, parts.usualUsd);
    if (parts.ratedCells > 0) {
      this.add(step, COLUMN.ratedCells, parts.ratedCells);
      this.add(step, COLUMN.priceShift, parts.priceShift);
    }
    if (use.cacheReadTokens > 0) this.add(step, COLUMN.cacheReadTokens, use.cacheReadTokens);
    if (use.outputTokens > 0) this.add(step, COLUMN.outputTokens, use.outputTokens);
    this.add(step, COLUMN.modelUsd, parts.modelUsd);
    if (this.has(COLUMN.starts)) this.#addOfGroup(step, parts);
  }

  #addOfGroup(step: number, parts: UseParts): void {
    if (parts.starts > 0) this.add(step, COLUMN.starts, parts.starts);
    this.add(step, COLUMN.loads, parts.loads);
    if (parts.usualRequests > 0) this.add(step, COLUMN.usualRequests, parts.usualRequests);
    this.add(step, COLUMN.usualTokens, parts.usualTokens);
    if (parts.ratedCells === 0) return;
    this.add(step, COLUMN.sizeShift, parts.sizeShift);
    this.add(step, COLUMN.paceShift, parts.paceShift);
    this.add(step, COLUMN.mixShift, parts.mixShift);
    this.add(step, COLUMN.cacheShift, parts.cacheShift);
  }
}

/** Where a column's sums are: errors take no place. */
function placeOf(column: number): number {
  return column > COLUMN.errors ? column - 1 : column;
}

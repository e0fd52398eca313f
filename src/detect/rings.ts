import type { Level } from "./incident.ts";
import type { MinuteUse, UseParts } from "./minute-use.ts";
import { COLUMN, COLUMNS, columnsOf, MINUTE_COLUMNS } from "./statistics.ts";
import { StepRing } from "./step-ring.ts";
import { TimeRing } from "./time-ring.ts";

/** Minutes of detail: the longest window of minutes, and room for late events. */
export const DETAIL_MINUTES = 128;
export const STEP_MINUTES = 5;

/** What a series adds up: by the minute for two hours, by five minutes for a day. */
export class Rings {
  readonly minutes = new TimeRing(DETAIL_MINUTES, MINUTE_COLUMNS);
  readonly steps: StepRing;

  constructor(level: Level) {
    this.steps = new StepRing(columnsOf(level));
  }

  add(use: MinuteUse, parts: UseParts): void {
    const { minute } = use;
    layOut(use, parts);
    if (parts.hasMinute) this.minutes.addRow(minute, row);
    else this.#addWithoutMinute(minute);
    this.steps.addRow(Math.floor(minute / STEP_MINUTES), row);
  }

  /** Only what has no steps: who asks for so old a time asks for whole hours. */
  #addWithoutMinute(minute: number): void {
    for (let column = 0; column < MINUTE_COLUMNS; column++) {
      const value = row[column] as number;
      if (value !== 0 && !this.steps.has(column)) this.minutes.add(minute, column, value);
    }
  }

  /** One of COLUMN over (minute − window, minute], a day at most. A whole hour is the same by its steps, and of what is long over there are only those. */
  sum(column: number, minute: number, window: number): number {
    const isBySteps = isWholeHour(minute, window) && this.steps.has(column);
    if (window <= HOUR && column < MINUTE_COLUMNS && !isBySteps) {
      return this.minutes.sum(column, minute - window, minute);
    }
    return this.sumOfSteps(column, minute, window);
  }

  /** `sum` by five minutes, however short the window: what is asked for beside columns that have no minutes. */
  sumOfSteps(column: number, minute: number, window: number): number {
    const step = Math.floor(minute / STEP_MINUTES);
    return this.steps.sum(column, step - Math.ceil(window / STEP_MINUTES), step);
  }

  forget(minute: number): void {
    this.minutes.forget(minute);
    this.steps.forget(Math.floor(minute / STEP_MINUTES));
  }

  /** Room for another hour like the last. */
  reserve(): void {
    this.minutes.reserve(60);
    this.steps.reserve(12);
  }
}

const HOUR = 60;

function isWholeHour(minute: number, window: number): boolean {
  return window === HOUR && minute % HOUR === HOUR - 1;
}

/** What one use adds, in order of COLUMN. */
const row = new Float64Array(COLUMNS);

/** Into `row`. */
function layOut(use: MinuteUse, parts: UseParts): void {
  row[COLUMN.usd] = use.usd;
  row[COLUMN.requests] = use.requests;
  row[COLUMN.tokens] = use.tokens;
  row[COLUMN.errors] = use.errors;
  row[COLUMN.cells] = parts.cells;
  row[COLUMN.usualUsd] = parts.usualUsd;
  row[COLUMN.cacheReadTokens] = use.cacheReadTokens;
  row[COLUMN.outputTokens] = use.outputTokens;
  row[COLUMN.modelUsd] = parts.modelUsd;
  row[COLUMN.starts] = parts.starts;
  row[COLUMN.usualRequests] = parts.usualRequests;
  row[COLUMN.usualTokens] = parts.usualTokens;
  row[COLUMN.loads] = parts.loads;
  // Where no step ends, the shifts are of one that has been counted.
  const rated = Number(parts.ratedCells > 0);
  row[COLUMN.ratedCells] = parts.ratedCells;
  row[COLUMN.priceShift] = rated * parts.priceShift;
  row[COLUMN.sizeShift] = rated * parts.sizeShift;
  row[COLUMN.paceShift] = rated * parts.paceShift;
  row[COLUMN.mixShift] = rated * parts.mixShift;
  row[COLUMN.cacheShift] = rated * parts.cacheShift;
}

import type { Level } from "./incident.ts";
import { valueOf, type MinuteUse, type UseParts } from "./minute-use.ts";
import { columnsOf, MINUTE_COLUMNS } from "./statistics.ts";
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
    const step = Math.floor(minute / STEP_MINUTES);
    for (let column = 0; column < MINUTE_COLUMNS; column++) {
      const value = valueOf(use, column);
      if (value === 0) continue;
      if (parts.hasMinute || !this.steps.has(column)) this.minutes.add(minute, column, value);
      this.steps.add(step, column, value);
    }
    this.steps.addParts(step, use, parts);
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

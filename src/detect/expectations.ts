import {
  centreOf,
  expectHour,
  expectUsd,
  type HourCentre,
  type HourExpectation,
} from "./baseline.ts";
import { HourLog, type HourSample } from "./hour-log.ts";

/** This hour, the one before and the next. */
const CENTRES = 3;
/** This hour and the one before. */
const HOURS = 2;
/** A chart shows a day. */
const CHART_HOURS = 48;

/**
 * The history of one series, and what was worked out from it. A centre (medians and deviations) stands on past days and weeks: it outlives the
 * closing of an hour, and can be known before its hour begins. What the newest hours add are two sums, which only a series near a bar is asked for.
 */
export class Expectations {
  readonly log = new HourLog();
  /** Most series are far from every bar: for them nothing of this is kept. */
  #centres: HourCentre[] | null = null;
  #hours: Map<number, HourExpectation> | null = null;
  #chartUsd: Map<number, number> | null = null;

  /** What past days and weeks say of an hour. */
  centre(hour: number): HourCentre {
    const known = this.#centres?.find((one) => one.hour === hour);
    if (known !== undefined) return known;
    const centre = centreOf(this.log, hour);
    this.#centres ??= [];
    this.#centres.push(centre);
    if (this.#centres.length > CENTRES) this.#dropOldest(this.#centres);
    return centre;
  }

  /** The expectation of one hour. */
  of(hour: number): HourExpectation {
    let value = this.#hours?.get(hour);
    if (value === undefined) {
      value = expectHour(this.log, hour, this.centre(hour));
      this.#hours ??= new Map<number, HourExpectation>();
      if (this.#hours.size >= HOURS) this.#hours.clear();
      this.#hours.set(hour, value);
    }
    return value;
  }

  /** Expected dollars of an hour of a chart, as they were when first asked for. */
  chartUsd(hour: number): number {
    let usd = this.#chartUsd?.get(hour);
    if (usd === undefined) {
      usd = expectUsd(this.log, hour);
      this.#chartUsd ??= new Map<number, number>();
      if (this.#chartUsd.size >= CHART_HOURS) this.#chartUsd.clear();
      this.#chartUsd.set(hour, usd);
    }
    return usd;
  }

  /** Writes a closed hour into the history; what it changes is worked out anew when it is asked for. */
  close(hour: number, sample: HourSample): void {
    const { firstHour } = this.log;
    this.log.append(hour, sample);
    this.#hours = null;
    if (this.log.firstHour !== firstHour) this.#centres = null;
    else if (this.#centres?.some(({ settled }) => !settled) === true) {
      this.#centres = this.#centres.filter(({ settled }) => settled);
    }
  }

  #dropOldest(centres: HourCentre[]): void {
    let oldest = 0;
    for (let at = 1; at < centres.length; at++) {
      if ((centres[at] as HourCentre).hour < (centres[oldest] as HourCentre).hour) oldest = at;
    }
    centres.splice(oldest, 1);
  }
}

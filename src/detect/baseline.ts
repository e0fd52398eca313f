import { median, medianAbsoluteDeviation } from "simple-statistics";
import {
  EMPTY_HOUR,
  HISTORY_HOURS,
  HOUR,
  HOURS_PER_WEEK,
  type HourColumn,
  type HourLog,
  type HourSample,
} from "./hour-log.ts";

/** What a series is expected to hold in one hour, and how much that hour usually varies (robust sd, in dollars). */
export interface HourExpectation extends HourSample {
  readonly spreadUsd: number;
  /** Mean dollars a day over the whole history. */
  readonly dailyUsd: number;
  /** Past hours the centre stands on; 0: nothing is known yet. */
  readonly samples: number;
}

/** The part of an expectation that stands on past days and weeks alone. */
export interface HourCentre extends HourSample {
  readonly hour: number;
  /** Robust standard deviation of it and its neighbours, dollars. */
  readonly deviationUsd: number;
  readonly samples: number;
  /** Whether the hours that are still to be closed before it change nothing. */
  readonly settled: boolean;
}

/** MAD × this estimates the standard deviation of a normal distribution. */
const MAD_TO_SD = 1.4826;
const WEEKS = 5;
const MIN_SAMPLES = 3;
/** The same hour of so many other days stands in for missing weeks. */
const MAX_DAYS = 10;
/** A spread is never below these shares of the centre and of a typical busy hour: few samples agree by chance. */
const CENTRE_FLOOR = 0.1;
const TYPICAL_FLOOR = 0.05;

/**
 * Hour-of-week baseline: the median of the same hour of the last five weeks, spread by the MAD of the deviations of it and its
 * two neighbours from their own medians (three times the samples for the same bias). Where fewer than three weeks are
 * known: the same hour of other days of the same kind (weekday, weekend), then every hour. Medians do not learn an incident.
 */
export function centreOf(log: HourLog, hour: number): HourCentre {
  const { indices, settled } = samplesFor(log, hour);
  if (indices.length === 0) return { ...NOTHING_KNOWN, hour };
  const usd = middleOf(log, indices, HOUR.usd);
  const deviations = [0, ...indices.map((index) => log.value(index, HOUR.usd) - usd)];
  deviations.push(...deviationsAt(log, hour - 1), ...deviationsAt(log, hour + 1));
  return {
    hour,
    usd,
    requests: middleOf(log, indices, HOUR.requests),
    tokens: middleOf(log, indices, HOUR.tokens),
    activeUsers: middleOf(log, indices, HOUR.activeUsers),
    deviationUsd: MAD_TO_SD * medianAbsoluteDeviation(deviations),
    samples: indices.length,
    settled,
  };
}

/** The expectation of an hour; its centre may be handed in. */
export function expectHour(
  log: HourLog,
  hour: number,
  { usd, requests, tokens, activeUsers, deviationUsd, samples }: HourCentre = centreOf(log, hour),
): HourExpectation {
  if (samples === 0) return UNKNOWN_HOUR;
  const from = log.indexFrom(hour - HISTORY_HOURS);
  const to = log.indexFrom(hour);
  const sumUsd = sumOf(log, HOUR.usd, from, to);
  const busyUsd = to === from ? 0 : sumUsd / (to - from);
  const spreadUsd = Math.max(deviationUsd, CENTRE_FLOOR * usd, TYPICAL_FLOOR * busyUsd);
  const dailyUsd = dailyMean(log, hour, sumUsd);
  return { usd, requests, tokens, activeUsers, spreadUsd, dailyUsd, samples };
}

/** The dollars of `expectHour` alone. */
export function expectUsd(log: HourLog, hour: number): number {
  const { indices } = samplesFor(log, hour);
  return indices.length === 0 ? 0 : middleOf(log, indices, HOUR.usd);
}

/** Mean of the past hours that held anything. */
export function busyHour(log: HourLog, hour: number): HourSample {
  const from = log.indexFrom(hour - HISTORY_HOURS);
  const to = log.indexFrom(hour);
  if (to === from) return EMPTY_HOUR;
  const mean = (column: HourColumn): number => sumOf(log, column, from, to) / (to - from);
  return {
    usd: mean(HOUR.usd),
    requests: mean(HOUR.requests),
    tokens: mean(HOUR.tokens),
    activeUsers: mean(HOUR.activeUsers),
  };
}

function sumOf(log: HourLog, column: HourColumn, from: number, to: number): number {
  let sum = 0;
  for (let index = from; index < to; index++) sum += log.value(index, column);
  return sum;
}

/** Mean dollars a day over the history, which held `sumUsd`. */
function dailyMean(log: HourLog, hour: number, sumUsd: number): number {
  if (log.firstHour < 0) return 0;
  const hours = Math.min(HISTORY_HOURS, hour - log.firstHour);
  return hours <= 0 ? 0 : (sumUsd / hours) * 24;
}

const UNKNOWN_HOUR: HourExpectation = {
  ...EMPTY_HOUR,
  spreadUsd: 0,
  dailyUsd: 0,
  samples: 0,
};
const NOTHING_KNOWN = { ...EMPTY_HOUR, deviationUsd: 0, samples: 0, settled: false };

function middleOf(log: HourLog, indices: readonly number[], column: HourColumn): number {
  return median(indices.map((index) => log.value(index, column)));
}

function deviationsAt(log: HourLog, hour: number): number[] {
  const indices = log.sameHourOfWeek(hour, WEEKS);
  if (indices.length < MIN_SAMPLES) return [];
  const values = indices.map((index) => log.value(index, HOUR.usd));
  const centre = median(values);
  return values.map((value) => value - centre);
}

/** The past hours that an hour is compared with, as indices of the log. */
function samplesFor(log: HourLog, hour: number): { indices: number[]; settled: boolean } {
  const weeks = log.sameHourOfWeek(hour, WEEKS);
  if (weeks.length >= MIN_SAMPLES) return { indices: weeks, settled: true };
  const days = sameKindOfHour(log, hour);
  if (days.length > 0) return { indices: days, settled: true };
  const from = log.indexFrom(hour - HOURS_PER_WEEK);
  const week = Array.from({ length: log.indexFrom(hour) - from }, (_, index) => from + index);
  return { indices: week, settled: false };
}

/** The same hour of the day on past days of the same kind, newest first. */
function sameKindOfHour(log: HourLog, hour: number): number[] {
  if (log.firstHour < 0) return [];
  const indices: number[] = [];
  const weekend = isWeekend(hour);
  for (let past = hour - 24; past >= log.firstHour && indices.length < MAX_DAYS; past -= 24) {
    if (isWeekend(past) === weekend) indices.push(log.find(past));
  }
  return indices;
}

/** Epoch hour 0 was a Thursday, 00:00 UTC. */
function isWeekend(hour: number): boolean {
  const day = (Math.floor(hour / 24) + 4) % 7;
  return day === 0 || day === 6;
}

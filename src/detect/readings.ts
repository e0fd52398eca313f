import { apartness } from "./apart.ts";
import { HOUR } from "./hour-log.ts";
import type { Level } from "./incident.ts";
import { noiseOf, riseOver } from "./measure.ts";
import { asksForMoney, earlyUsd, spentOver } from "./money.ts";
import { BUSY, DEAD, personalRegime, QUIET } from "./regimes.ts";
import { STEP_MINUTES } from "./rings.ts";
import type { SeriesNode } from "./series-node.ts";
import type { Statistic } from "./statistic.ts";
import { COLUMN, hourOfColumn } from "./statistics.ts";

/** A window is quiet where less than this part of a mean hour is expected. */
const QUIET_BELOW = 0.35;
const QUIET_DAYS_BELOW = 0.6;
/** A profile says nothing before it has seen a day. */
const PROFILE_HOURS = 24;
/** An incident that explains more than this part of a window's dollars silences its counts and rates. */
const WEIGHTY = 0.02;

/** What one statistic holds at a minute. Reused: no object per statistic and minute. */
export const held = { value: 0, regime: 0, isKnown: false };

/** Reads a statistic of a series at a minute into `held`: its logarithmic value and regime. `explainedUsd`: what incidents account for. */
export function read(
  node: SeriesNode,
  statistic: Statistic,
  minute: number,
  explainedUsd = 0,
): void {
  const { window, column, against } = statistic;
  held.isKnown = false;
  held.regime = BUSY;
  // Counts and rates cannot be told apart by incident: where one weighs, they say nothing.
  const isDollars = column === COLUMN.usd && against !== "rates";
  if (!isDollars && explainedUsd > WEIGHTY * node.usd(minute, window)) return;
  // The cheapest look first: most of what people do is too cheap at any hour.
  if (statistic.costly === "always" && spentOver(node, statistic, minute) < earlyUsd(node, DEAD)) {
    return;
  }
  const reads = READS[against];
  if (reads !== undefined) {
    reads(node, statistic, minute);
    return;
  }
  const explained = isDollars ? explainedUsd : 0;
  const actual = Math.max(0, node.sum(column, minute, window) - explained);
  if (against === "past") readPast(node, statistic, minute, actual);
  else readTotal(node, statistic, minute, actual);
}

type Reads = (node: SeriesNode, statistic: Statistic, minute: number) => void;

/** What is no sum of a window. */
const READS: Readonly<Partial<Record<Statistic["against"], Reads>>> = {
  rates: readRates,
  crowd: readCrowd,
  together: readTogether,
  people: readPeople,
  slow: readSlow,
  pace: readPace,
  sessions: readSessions,
  lately: readLately,
  apart: readApart,
  demand: readDemand,
};

/** The mean over users' steps of how far each is from its user's usual rate. */
function readRates(node: SeriesNode, { window, shift, floor }: Statistic, minute: number): void {
  const cells = node.sum(COLUMN.ratedCells, minute, window);
  if (cells === 0) return;
  const typical = (node.profile.mean(HOUR.cells) * window) / 60;
  const noise = floor + RATES_SHARE * typical;
  held.value = node.sum(shift as number, minute, window) / (cells + noise);
  held.isKnown = true;
}

/** What a user runs at once: requests against as many steps of their usual pace as the window has. */
function readPace(node: SeriesNode, statistic: Statistic, minute: number): void {
  if (node.rates?.known !== true) return;
  const { window, floor } = statistic;
  const usual = (node.rates.requestsPerCell * window) / STEP_MINUTES;
  held.value = Math.log((node.requests(minute, window) + floor) / (usual + floor));
  knowPersonal(node, statistic, minute);
}

/** The sum itself: it is measured by the series' own past. */
function readPast(node: SeriesNode, statistic: Statistic, minute: number, actual: number): void {
  if (actual <= 0) return;
  held.value = Math.log(actual + statistic.floor);
  if (statistic.window <= 360) knowPersonal(node, statistic, minute);
  else held.isKnown = true;
}

/** What was read is somebody's, at their kind of hour. Where the statistic asks for it, it must have cost something. */
function knowPersonal(node: SeriesNode, statistic: Statistic, minute: number): void {
  held.regime = personalRegime(node, minute);
  held.isKnown =
    !asksForMoney(statistic, held.regime) ||
    spentOver(node, statistic, minute) >= earlyUsd(node, held.regime);
}

/** Sessions that a person began: measured by that person's past. */
function readSessions(node: SeriesNode, { window, floor }: Statistic, minute: number): void {
  const count = node.begun?.count(minute, window) ?? 0;
  if (count === 0) return;
  held.value = Math.log(count + floor);
  held.regime = personalRegime(node, minute);
  held.isKnown = true;
}

/** A total against its profile. */
function readTotal(
  node: SeriesNode,
  { window, column, floor }: Statistic,
  minute: number,
  actual: number,
): void {
  if (node.profile.hours < PROFILE_HOURS) return;
  const hour = hourOfColumn(column);
  const expected = node.expectedWindow(hour, minute, window);
  const typical = (node.profile.mean(hour) * window) / 60;
  const noise = noiseOf(typical, floor);
  held.value = riseOver(actual, expected, typical, noise);
  held.regime = isQuiet(expected, typical, window) ? QUIET : BUSY;
  held.isKnown = true;
}

/** Nights, and of days weekends: where little is expected, twice as much is nothing. */
function isQuiet(expected: number, typical: number, window: number): boolean {
  return expected < (window < 1440 ? QUIET_BELOW : QUIET_DAYS_BELOW) * typical;
}

/** Whether a window of days is about days off: now, or half of it before. */
function isOff({ hours }: SeriesNode, minute: number, window: number): boolean {
  const half = Math.min(window, DAY_MINUTES) / 2;
  return (
    hours.bin(Math.floor(minute / 60)) >= DAY_HOURS ||
    hours.bin(Math.floor((minute - half) / 60)) >= DAY_HOURS
  );
}
const DAY_MINUTES = 1440;
const DAY_HOURS = 24;

/** The mean of the rises of dollars, requests, active steps and starts. */
function readDemand(node: SeriesNode, { window }: Statistic, minute: number): void {
  if (node.profile.hours < PROFILE_HOURS) return;
  let sum = 0;
  for (const { column, hour, floor, weight } of window >= DAY_MINUTES ? DAYS : DEMAND) {
    const actual = node.sum(column, minute, window);
    const expected = node.expectedWindow(hour, minute, window);
    const typical = (node.profile.mean(hour) * window) / 60;
    const noise = floor + (window >= 1440 ? 0.1 : DEMAND_SHARE) * typical;
    sum += weight * riseOver(actual, expected, typical, noise);
    if (hour === HOUR.cells && isQuiet(expected, typical, window)) held.regime = QUIET;
  }
  if (window >= DAY_MINUTES && isOff(node, minute, window)) held.regime = QUIET;
  held.value = sum;
  held.isKnown = true;
}
/** Weights by how steady a count is. */
const DEMAND = [
  { column: COLUMN.usd, hour: HOUR.usd, floor: 0.5, weight: 0.1 },
  { column: COLUMN.loads, hour: HOUR.loads, floor: 1, weight: 0.4 },
  { column: COLUMN.cells, hour: HOUR.cells, floor: 1, weight: 0.25 },
  { column: COLUMN.starts, hour: HOUR.starts, floor: 1, weight: 0.25 },
] as const;
/** Over days people do not begin more often, they do more. */
const DAYS = [
  { column: COLUMN.usd, hour: HOUR.usd, floor: 0.5, weight: 0.1 },
  { column: COLUMN.requests, hour: HOUR.requests, floor: 1, weight: 0.5 },
  { column: COLUMN.cells, hour: HOUR.cells, floor: 1, weight: 0.4 },
] as const;
const DEMAND_SHARE = 0.5;
const RATES_SHARE = 0.5;

const CROWD_LEVELS: Readonly<Partial<Record<Level, Level>>> = {
  team: "user",
  department: "team",
  organisation: "department",
};
const CROWD_CLIP = 3;
const CROWD_FROM = 0.5;

/** One alone is found by itself. */
const TOGETHER_CLIP = 4;
const TOGETHER_FROM = 0.7;

/** The evidence of the children that were active in a window beyond what every tenth day holds, added up. */
function readTogether(node: SeriesNode, { window }: Statistic, minute: number): void {
  const count = addChildren(node, minute - window, ({ evidence }) =>
    beyond(evidence, TOGETHER_FROM, TOGETHER_CLIP),
  );
  if (count >= 2) held.value = Math.sqrt(held.value);
}

/** People who are further beyond their usual than the others of their team. */
function readApart(node: SeriesNode, { window, of }: Statistic, minute: number): void {
  if (of === undefined) return;
  held.value = apartness(node, { minute, window, of });
  held.isKnown = held.value > 0;
}

/** How far what a person's last steps cost is from usual. */
function readLately({ rates }: SeriesNode, { of }: Statistic): void {
  if (rates?.known !== true || of === undefined || of === "sessions") return;
  held.value = rates.lately(of);
  held.isKnown = true;
}

const PEOPLE_CLIP = 1.2;
const LEAST_PEOPLE = 2;

/** The mean over the people of a window of how much more than usual each made of it (logarithm), the busier ones weighing more. */
function readPeople(node: SeriesNode, { window }: Statistic, minute: number): void {
  const level = CROWD_LEVELS[node.level];
  if (level !== "user") return;
  let sum = 0;
  let weights = 0;
  let count = 0;
  for (const { lastMinute, day } of node.children(level).values()) {
    if (lastMinute <= minute - window || day === null) continue;
    sum += day.weight * Math.max(-1, Math.min(PEOPLE_CLIP, day.rise));
    weights += day.weight;
    count++;
  }
  if (count < LEAST_PEOPLE || weights === 0) return;
  held.value = sum / weights;
  held.isKnown = true;
  if (isOff(node, minute, window)) held.regime = QUIET;
}

/** What days that were each a little beyond the usual have come to. */
function readSlow({ teamDays }: SeriesNode): void {
  if (teamDays === null || Number.isNaN(teamDays.slow.value)) return;
  held.value = teamDays.slow.value;
  held.isKnown = true;
}

/** What the children that were active in a window are beyond their usual day, together. */
function readCrowd(node: SeriesNode, { window }: Statistic, minute: number): void {
  const count = addChildren(node, minute - window, ({ heat }) =>
    beyond(heat - CROWD_FROM, 0, CROWD_CLIP),
  );
  if (count >= 2) held.value /= Math.sqrt(count);
}

/** Adds something of each child that was active after a minute up in `held`; gives how many there are. One alone is no crowd. */
function addChildren(node: SeriesNode, after: number, of: (child: SeriesNode) => number): number {
  const level = CROWD_LEVELS[node.level];
  if (level === undefined) return 0;
  let sum = 0;
  let count = 0;
  for (const child of node.children(level).values()) {
    if (child.lastMinute <= after) continue;
    sum += of(child);
    count++;
  }
  held.value = sum;
  held.isKnown = count >= 2;
  return count;
}

/** What is over `from`, of at most `most`. */
function beyond(value: number, from: number, most: number): number {
  return Math.max(0, Math.min(most, value) - from);
}

import type { Verdict } from "./detector.ts";
import { expectWindow } from "./expectation.ts";
import { HOUR } from "./hour-log.ts";
import type { IncidentKind, Level, Severity } from "./incident.ts";
import { BUSY } from "./regimes.ts";
import type { SeriesNode } from "./series-node.ts";
import { COLUMN } from "./statistics.ts";

/** Rules whose evidence is structure, not size: they need no calibrated tail. Each gives what it found, and the series that it found it at. */
export interface Finding {
  readonly node: SeriesNode;
  readonly verdict: Verdict;
}

/** A storm of retries: many calls fail, far more than usual, and there are more calls than usual. */
const STORM_WINDOW = 15;
const STORM_STATISTIC = "errors_15m";
const STORM_ERRORS = 25;
const STORM_SHARE = 0.3;
const STORM_RISE = 4;
const STORM_REQUESTS = 1.5;
const STORM_LEVELS: readonly Level[] = ["tool", "key", "agent", "user"];

export function retryStorm(team: SeriesNode, minute: number): Finding | null {
  const errors = team.sum(COLUMN.errors, minute, STORM_WINDOW);
  if (errors < STORM_ERRORS) return null;
  const requests = team.requests(minute, STORM_WINDOW);
  const share = errors / requests;
  if (share < Math.max(STORM_SHARE, STORM_RISE * team.errorShare)) return null;
  const expected = team.expectedWindow(HOUR.requests, minute, STORM_WINDOW);
  if (requests < STORM_REQUESTS * expected) return null;
  const node = holderOf(team, minute, errors);
  const verdict = verdictOf(node, minute, {
    kind: "waste",
    severity: "page",
    statistic: STORM_STATISTIC,
    window: STORM_WINDOW,
    score: Math.log10(errors / Math.max(1, team.errorShare * requests)),
    bar: Math.log10(STORM_RISE),
  });
  return isOnItsWay(node, verdict) ? { node, verdict } : null;
}

/** Whether something was found by the errors of retries. */
export function isStormOfErrors({ statistic }: { readonly statistic: string }): boolean {
  return statistic === STORM_STATISTIC;
}

/** The tool, key, agent or user that most of the errors are about. */
function holderOf(team: SeriesNode, minute: number, errors: number): SeriesNode {
  for (const level of STORM_LEVELS) {
    for (const child of team.children(level).values()) {
      if (child.sum(COLUMN.errors, minute, STORM_WINDOW) >= 0.8 * errors) return child;
    }
  }
  return team;
}

/** A user or key that nobody has seen before yesterday, in a team that is old, which works without a pause. */
const NEW_DAYS = 1.5;
const OLD_TEAM_DAYS = 14;
const PAUSELESS_WINDOW = 120;
const PAUSELESS_STEPS = 24;

export function newcomer(node: SeriesNode, minute: number): Finding | null {
  if (node.level !== "user" && (node.level !== "key" || node.soleUser !== null)) return null;
  const { parent: team } = node;
  if (team === null || node.ageDays(minute) > NEW_DAYS) return null;
  if (team.ageDays(minute) < OLD_TEAM_DAYS) return null;
  if (node.sum(COLUMN.cells, minute, PAUSELESS_WINDOW) < PAUSELESS_STEPS) return null;
  if (isKnownElsewhere(node)) return null;
  const verdict = verdictOf(node, minute, {
    kind: "new",
    severity: "page",
    statistic: "new_120m",
    window: PAUSELESS_WINDOW,
    score: 1,
    bar: 0.5,
  });
  return isOnItsWay(node, verdict) ? { node, verdict } : null;
}

/** Somebody who has changed teams is not new. */
function isKnownElsewhere(node: SeriesNode): boolean {
  for (const department of node.parent?.parent?.parent?.children("department").values() ?? []) {
    for (const team of department.children("team").values()) {
      if (team !== node.parent && team.children(node.level).has(node.name)) return true;
    }
  }
  return false;
}

/** A team that stops in busy time. `window`: long enough that silence means something. */
const DROP_WINDOWS = [60, 180] as const;
const DROP_STEPS = 20;
const DROP_LEFT = 0.15;
const DROP_LEFT_STEPS = 0.35;
const DROP_USD = 10;
/** Share of a team's busy hours that were silent without being anybody's incident. */
const OFTEN_SILENT = 0.015;
/** Busy hours that a team must have lived through without ever falling silent. */
const DROP_HOURS = 60;

/** Whether a team would have been called silent at the end of an hour; null: too little was expected to tell. */
function wasSilent(team: SeriesNode, hour: number): boolean | null {
  const minute = hour * 60 + 59;
  for (const window of DROP_WINDOWS) {
    const expected = team.expectedWindow(HOUR.cells, minute, window);
    if (expected < DROP_STEPS) continue;
    return isLow(team, minute, window);
  }
  return null;
}

/** Nearly nothing is left of what is expected: of requests, and of the people who make them. */
function isLow(team: SeriesNode, minute: number, window: number): boolean {
  const requests = team.expectedWindow(HOUR.requests, minute, window);
  const steps = team.expectedWindow(HOUR.cells, minute, window);
  return (
    team.requests(minute, window) <= DROP_LEFT * requests &&
    team.sum(COLUMN.cells, minute, window) <= DROP_LEFT_STEPS * steps &&
    isMidday(team, minute, window)
  );
}

/** Neither end of the window is where a day begins or ends: there some days are late and some are over early. */
function isMidday(team: SeriesNode, minute: number, window: number): boolean {
  const last = Math.floor(minute / 60);
  const first = Math.floor((minute - window) / 60);
  let most = 0;
  for (let hour = last - 12; hour <= last + 12; hour++) {
    most = Math.max(most, team.expected(HOUR.cells, hour));
  }
  for (let hour = first; hour <= last + 1; hour++) {
    if (team.expected(HOUR.cells, hour) < MIDDAY * most) return false;
  }
  return true;
}
const MIDDAY = 0.55;

export function dropOf(team: SeriesNode, minute: number): Finding | null {
  if (team.ageDays(minute) < OLD_TEAM_DAYS) return null;
  if (team.busyHours < DROP_HOURS || team.silentHours > 1 + OFTEN_SILENT * team.busyHours)
    return null;
  for (const window of DROP_WINDOWS) {
    const expected = team.expectedWindow(HOUR.cells, minute, window);
    if (expected < DROP_STEPS) continue;
    const usd = team.expectedWindow(HOUR.usd, minute, window);
    if (usd < DROP_USD || !isLow(team, minute, window)) continue;
    const verdict = verdictOf(team, minute, {
      kind: "drop",
      severity: "ticket",
      statistic: `drop_${window}m`,
      window,
      score: expected / DROP_STEPS,
      bar: 1,
    });
    return { node: team, verdict };
  }
  return null;
}

/** Whether money goes at a rate that matters, for evidence that needs little of it. */
const RATE_SHARE = 0.25;
const SPENT_SHARE = 0.05;

function isOnItsWay(node: SeriesNode, { excessUsd, windowMinutes }: Verdict): boolean {
  const { minimumUsd } = node.settings;
  const perHour = (excessUsd * 60) / windowMinutes;
  return excessUsd >= SPENT_SHARE * minimumUsd && perHour >= RATE_SHARE * minimumUsd;
}

function verdictOf(
  node: SeriesNode,
  minute: number,
  what: {
    readonly kind: IncidentKind;
    readonly severity: Severity;
    readonly statistic: string;
    readonly window: number;
    readonly score: number;
    readonly bar: number;
  },
): Verdict {
  const { window, kind, severity, statistic, score, bar } = what;
  const expected = expectWindow(node, minute, window);
  const actualUsd = node.usd(minute, window);
  return {
    kind,
    severity,
    statistic,
    factor: kind === "waste" ? "requests_per_active_user" : "dollars",
    windowMinutes: window,
    basis: "profile",
    actualUsd,
    expected,
    expectedUsd: expected.usd,
    excessUsd: actualUsd - expected.usd,
    score,
    bar,
    regime: BUSY,
    fires: true,
  };
}

/** Before an hour becomes history: which teams were silent in it although work was expected. Memory: about half a year of busy hours. */
export function noteSilence(teams: readonly SeriesNode[], hour: number): void {
  for (const node of teams) {
    // Before its weeks are known, nights look like silence.
    const silent = node.ageDays(hour * 60) < OLD_TEAM_DAYS ? null : wasSilent(node, hour);
    if (silent === null) continue;
    node.busyHours = node.busyHours * SILENCE_FADE + 1;
    node.silentHours = node.silentHours * SILENCE_FADE + (silent ? 1 : 0);
  }
}
const SILENCE_FADE = 0.999;

/** Whether next to nothing came from anybody in the last minutes, although much was expected: a gap of the feed is no team's drop. */
const FEED_WINDOW = 20;
const FEED_STEPS = 8;

export function isFeedSilent(organisation: SeriesNode, minute: number): boolean {
  const expected = organisation.expectedWindow(HOUR.cells, minute, FEED_WINDOW);
  if (expected < FEED_STEPS) return false;
  return organisation.sum(COLUMN.cells, minute, FEED_WINDOW) <= 0.1 * expected;
}

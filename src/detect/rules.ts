import { isAncestor } from "./explained.ts";
import type { Verdict } from "./detector.ts";
import { HOUR } from "./hour-log.ts";
import type { Level } from "./incident.ts";
import { STEP_MINUTES } from "./rings.ts";
import { ruleVerdict } from "./rule-verdict.ts";
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
const SOME_ERRORS = 4;
const STORM_SHARE = 0.3;
const STORM_RISE = 4;
const STORM_REQUESTS = 1.5;
const STORM_LEVELS: readonly Level[] = ["tool", "key", "agent", "user"];

export function retryStorm(team: SeriesNode, minute: number): Finding | null {
  const errors = team.sum(COLUMN.errors, minute, STORM_WINDOW);
  if (errors < STORM_ERRORS || !isFailing(team, minute, STORM_WINDOW)) return null;
  const requests = team.requests(minute, STORM_WINDOW);
  const usual = team.errors?.value ?? 0;
  const expected = team.expectedWindow(HOUR.requests, minute, STORM_WINDOW);
  if (requests < STORM_REQUESTS * expected) return null;
  const node = holderOf(team, minute, errors);
  const verdict = ruleVerdict(node, minute, {
    kind: "waste",
    severity: "page",
    statistic: STORM_STATISTIC,
    window: STORM_WINDOW,
    score: Math.log10(errors / Math.max(1, usual * requests)),
    bar: Math.log10(STORM_RISE),
  });
  return isOnItsWay(node, verdict) ? { node, verdict } : null;
}

/** Whether so large a part of a team's calls fails, few as they may be yet. */
function isFailing(team: SeriesNode, minute: number, window: number): boolean {
  const errors = team.sum(COLUMN.errors, minute, window);
  if (errors < SOME_ERRORS) return false;
  const usual = team.errors?.value ?? 0;
  const share = errors / team.requests(minute, window);
  return share >= Math.max(STORM_SHARE, STORM_RISE * usual);
}

/**
 * Whether calls fail in a series' team and in another one at once: what they call is down, whoever pays for retries first. Minutes say it before a quarter of
 * an hour does.
 */
export function isWidelyFailing(
  teams: readonly SeriesNode[],
  node: SeriesNode,
  minute: number,
): boolean {
  const failing = teams.filter((team) => isFailing(team, minute, FIRST_MINUTES));
  return (
    failing.length >= FAILING_TEAMS &&
    failing.some((team) => team === node || isAncestor(team, node))
  );
}
const FAILING_TEAMS = 2;
const FIRST_MINUTES = 5;

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
/** In a large team somebody begins every week or two, and now and then works through two hours. */
const LARGE_TEAM = 60;
const LARGE_TEAM_WINDOW = 240;

export function newcomer(node: SeriesNode, minute: number): Finding | null {
  if (node.level !== "user" && (node.level !== "key" || node.soleUser !== null)) return null;
  const { parent: team } = node;
  if (team === null || node.ageDays(minute) > NEW_DAYS) return null;
  if (team.ageDays(minute) < OLD_TEAM_DAYS) return null;
  const window = team.children("user").size > LARGE_TEAM ? LARGE_TEAM_WINDOW : PAUSELESS_WINDOW;
  if (node.sum(COLUMN.cells, minute, window) < window / STEP_MINUTES) return null;
  if (isKnownElsewhere(node)) return null;
  const verdict = ruleVerdict(node, minute, {
    kind: "new",
    severity: "page",
    statistic: `new_${window}m`,
    window,
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

/** Whether money goes at a rate that matters, for evidence that needs little of it. */
const RATE_SHARE = 0.25;
const SPENT_SHARE = 0.05;

function isOnItsWay(node: SeriesNode, { excessUsd, windowMinutes }: Verdict): boolean {
  const { minimumUsd } = node.settings;
  const perHour = (excessUsd * 60) / windowMinutes;
  return excessUsd >= SPENT_SHARE * minimumUsd && perHour >= RATE_SHARE * minimumUsd;
}

import { HOUR, type HourColumn } from "./hour-log.ts";
import type { SeriesNode } from "./series-node.ts";

/** Regimes of a window: what is ordinary at work is not so in the evening, and at night nothing is. */
export const BUSY = 0;
export const QUIET = 1;
export const DEAD = 2;
export const REGIMES = 3;

/** Where a series keeps a statistic in a regime. */
export function slotOf(index: number, regime: number): number {
  return REGIMES * index + regime;
}

/** A team is quiet where less than this part of a mean hour's dollars is expected of it. */
const QUIET_BELOW = 0.35;
/** Nobody works where less than this part of a mean hour's steps is expected, of the person and of the team. */
const DEAD_BELOW = 0.04;
const TEAM_DEAD_BELOW = 0.1;
/** A team that works at night says nothing of a person who does not: then hours around must be dead too. */
const AROUND_HOURS = 2;
/** A person's own hours count from so many on. */
const KNOWN_HOURS = 240;
const WINDOW = 60;

/** At what kind of hour somebody, or a key or agent, is at work. */
export function personalRegime(node: SeriesNode, minute: number): number {
  const team = node.parent ?? node;
  if (share(team, HOUR.usd, minute) >= QUIET_BELOW && !isOwnNight(node, minute)) return BUSY;
  return isDead(node, team, minute) ? DEAD : QUIET;
}

function isDead(node: SeriesNode, team: SeriesNode, minute: number): boolean {
  const isTeamDead = share(team, HOUR.cells, minute) < TEAM_DEAD_BELOW;
  if (!node.profile.has(HOUR.cells) || node.profile.hours < KNOWN_HOURS) return isTeamDead;
  return share(node, HOUR.cells, minute) < DEAD_BELOW && (isTeamDead || isOwnNight(node, minute));
}

/** Whether somebody never works at this hour, nor in those around it. */
function isOwnNight(node: SeriesNode, minute: number): boolean {
  const { profile } = node;
  if (!profile.has(HOUR.cells) || profile.hours < KNOWN_HOURS) return false;
  const hour = Math.floor(minute / 60);
  const least = DEAD_BELOW * profile.mean(HOUR.cells);
  for (let one = hour - AROUND_HOURS; one <= hour + AROUND_HOURS; one++) {
    if (node.expected(HOUR.cells, one) >= least) return false;
  }
  return true;
}

/** What is expected of the last hour, as a part of a mean hour. */
function share(node: SeriesNode, column: HourColumn, minute: number): number {
  const mean = node.profile.mean(column);
  return mean === 0 ? 0 : node.expectedWindow(column, minute, WINDOW) / mean;
}

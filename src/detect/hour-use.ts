import { STEP_MINUTES } from "./rings.ts";
import type { PaneUse } from "./series-tree.ts";

const HOUR_MINUTES = 60;

/**
 * What an hour of one user's key and agent adds, of whatever models and tools. Bit i of `steps` is set where its i-th five minutes held something; `minute` is
 * the last of the hour.
 */
export interface HourUse extends PaneUse {
  readonly steps: number;
}

/** One user's use in one hour: `steps` of all of it. */
export interface UserHour {
  readonly hour: number;
  readonly steps: number;
  readonly uses: readonly HourUse[];
}

/** Uses in order of hour, department, team and user, user by user. */
export function* userHours(uses: readonly HourUse[]): Generator<UserHour> {
  for (let from = 0; from < uses.length;) {
    const first = uses[from] as HourUse;
    const hour = Math.floor(first.minute / HOUR_MINUTES);
    let steps = 0;
    let to = from;
    for (let use = first; isOfSame(use, first, hour); use = uses[to] as HourUse) {
      steps |= use.steps;
      if (++to === uses.length) break;
    }
    yield { hour, steps, uses: uses.slice(from, to) };
    from = to;
  }
}

function isOfSame(one: HourUse, first: HourUse, hour: number): boolean {
  const { user, team, department, minute } = one;
  return (
    user === first.user &&
    team === first.team &&
    department === first.department &&
    Math.floor(minute / HOUR_MINUTES) === hour
  );
}

/** The minute in which the last step begins. */
export function lastMinuteOf({ hour, steps }: Pick<UserHour, "hour" | "steps">): number {
  return hour * HOUR_MINUTES + STEP_MINUTES * (31 - Math.clz32(steps | 1));
}

/** How many steps were active, and how many of them began after so many minutes of silence: `last` is the minute in which its user was active before, −1: never. */
export function activityOf(
  { hour, steps }: Pick<UserHour, "hour" | "steps">,
  last: number,
  silence: number,
): { readonly cells: number; readonly starts: number } {
  let cells = 0;
  let starts = 0;
  let before = last;
  for (let bit = 0; bit < HOUR_MINUTES / STEP_MINUTES; bit++) {
    if ((steps & (1 << bit)) === 0) continue;
    const minute = hour * HOUR_MINUTES + STEP_MINUTES * bit;
    cells++;
    if (before < 0 || minute - before > silence) starts++;
    before = minute;
  }
  return { cells, starts };
}

import { HOUR } from "./hour-log.ts";
import { ruleVerdict } from "./rule-verdict.ts";
import type { Finding } from "./rules.ts";
import type { SeriesNode } from "./series-node.ts";
import { COLUMN } from "./statistics.ts";

/** A team that stops in busy time. A window is so long that silence in it means something: some teams pause for an hour every week, few for four. */
const DROP_WINDOWS = [60, 120, 240] as const;
const DROP_STEPS = 42;
const DROP_LEFT = 0.15;
const DROP_LEFT_STEPS = 0.35;
const DROP_USD = 10;
/** Share of a team's busy hours at whose end a window may have fallen silent without being anybody's incident, and silences that are one team's bad luck. */
const OFTEN_SILENT = 0.003;
const BAD_LUCK = 0.25;
/** Busy hours, in the middle of its day, that a team must have lived through before its silence says anything. */
const DROP_HOURS = 40;
/** Before its weeks are known, nights look like silence. */
const OLD_TEAM_DAYS = 14;
/** Memory: about half a year of busy hours. */
const FADE = 0.999;

/** How often a team fell silent at work: for each window the busy hours that it has seen, and the silences among them; fading. */
export class Silences {
  readonly #busy = new Float64Array(DROP_WINDOWS.length);
  readonly #silent = new Float64Array(DROP_WINDOWS.length);
  readonly #hour = new Int32Array(DROP_WINDOWS.length).fill(-2);

  /** A busy hour is over. What goes on for hours is one silence. */
  note(index: number, hour: number, isSilent: boolean): void {
    const isNew = isSilent && this.#hour[index] !== hour - 1;
    if (isSilent) this.#hour[index] = hour;
    this.#busy[index] = (this.#busy[index] as number) * FADE + 1;
    this.#silent[index] = (this.#silent[index] as number) * FADE + Number(isNew);
  }

  /** Whether the team is known, and hardly ever falls silent for so long. */
  isRare(index: number): boolean {
    const busy = this.#busy[index] as number;
    return busy >= DROP_HOURS && (this.#silent[index] as number) <= BAD_LUCK + OFTEN_SILENT * busy;
  }
}

/** The team has stopped: in the shortest window in which it hardly ever does. null: it has not, or nothing can be said. */
export function dropOf(team: SeriesNode, minute: number): Finding | null {
  if (team.teamDays === null || team.ageDays(minute) < OLD_TEAM_DAYS) return null;
  for (const [index, window] of DROP_WINDOWS.entries()) {
    // Asked of every team every few minutes: what is mostly not so comes first.
    if (!isLow(team, minute, window) || !isBusy(team, minute, window)) continue;
    if (!team.teamDays.silences.isRare(index)) continue;
    if (team.expectedWindow(HOUR.usd, minute, window) < DROP_USD) continue;
    const verdict = ruleVerdict(team, minute, {
      kind: "drop",
      severity: "ticket",
      statistic: `drop_${window}m`,
      window,
      score: team.expectedWindow(HOUR.cells, minute, window) / DROP_STEPS,
      bar: 1,
    });
    return { node: team, verdict };
  }
  return null;
}

/** Before an hour becomes history: which teams were silent in it although work was expected. */
export function noteSilence(teams: readonly SeriesNode[], hour: number): void {
  const minute = hour * 60 + 59;
  for (const team of teams) {
    if (team.ageDays(hour * 60) < OLD_TEAM_DAYS) continue;
    DROP_WINDOWS.forEach((window, index) => {
      if (!isBusy(team, minute, window)) return;
      team.teamDays?.silences.note(index, hour, isLow(team, minute, window));
    });
  }
}

/** Whether so much is expected that silence would tell something, and neither end is where a day begins or ends: there some are late and some over early. */
function isBusy(team: SeriesNode, minute: number, window: number): boolean {
  return (
    team.expectedWindow(HOUR.cells, minute, window) >= DROP_STEPS && isMidday(team, minute, window)
  );
}

/** Nearly nothing is left of what is expected: of requests, and of the people who make them. */
function isLow(team: SeriesNode, minute: number, window: number): boolean {
  const requests = team.expectedWindow(HOUR.requests, minute, window);
  const steps = team.expectedWindow(HOUR.cells, minute, window);
  return (
    team.requests(minute, window) <= DROP_LEFT * requests &&
    team.sum(COLUMN.cells, minute, window) <= DROP_LEFT_STEPS * steps
  );
}

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

/** Whether next to nothing came from anybody in the last minutes, although much was expected: a gap of the feed is no team's drop. */
const FEED_WINDOW = 20;
const FEED_STEPS = 8;

export function isFeedSilent(organisation: SeriesNode, minute: number): boolean {
  const expected = organisation.expectedWindow(HOUR.cells, minute, FEED_WINDOW);
  if (expected < FEED_STEPS) return false;
  return organisation.sum(COLUMN.cells, minute, FEED_WINDOW) <= 0.1 * expected;
}

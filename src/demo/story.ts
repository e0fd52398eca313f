import { Random } from "./random.ts";
import { hire, type Person } from "./staff.ts";
import { TEAMS, type Team } from "./teams.ts";
import { loadTraces, type Traces } from "./traces.ts";

export const DAY_MS = 86_400_000;
export const MINUTE_MS = 60_000;

/** What every part of the simulation knows: the company, the calendar and the traces. Day 0 is the first day of history. */
export interface Story {
  readonly seed: number;
  readonly firstDayMs: number;
  /** Index of the live day, and how many days of history there are. */
  readonly liveDay: number;
  readonly teams: readonly Team[];
  readonly people: readonly Person[];
  readonly traces: Traces;
}

export function tellStory(seed: number, liveDayMs: number, historyDays: number): Story {
  return {
    seed,
    firstDayMs: liveDayMs - historyDays * DAY_MS,
    liveDay: historyDays,
    teams: TEAMS,
    people: hire(TEAMS, seed, historyDays + 1),
    traces: loadTraces(),
  };
}

export function midnightOf(story: Story, day: number): number {
  return story.firstDayMs + day * DAY_MS;
}

/** 0 is Sunday. */
export function weekdayOf(story: Story, day: number): number {
  return new Date(midnightOf(story, day)).getUTCDay();
}

/** What a draw is for: each has its own stream of random numbers, so that one does not move another. */
const PURPOSES = { team: 2, person: 3, bot: 4, batch: 5, culprit: 6, runaway: 7 } as const;

export function randomFor(
  story: Story,
  purpose: keyof typeof PURPOSES,
  day: number,
  who: number,
): Random {
  return new Random(story.seed, PURPOSES[purpose], day, who);
}

import { AppError } from "../runtime/errors.ts";
import { EventLog } from "./event-log.ts";
import { runJobs } from "./jobs.ts";
import { chooseRunaway, type Culprit, runAway, type Runaway } from "./runaway.ts";
import type { Person } from "./staff.ts";
import { DAY_MS, midnightOf, type Story, tellStory } from "./story.ts";
import type { Team } from "./teams.ts";
import { workDay } from "./workday.ts";

export interface CompanyOptions {
  /** Any integer. The same seed is the same company, people, use and culprit. */
  readonly seed: number;
  /** Midnight UTC of the live day. */
  readonly startMs: number;
  /** Whole days of history before it, 28 by default. */
  readonly historyDays?: number;
}

export interface LiveEvent {
  readonly timeMs: number;
  /** One canonical event of NDJSON, its newline included. */
  readonly line: string;
}

/** A simulated company: weeks of ordinary use, and one live day with a runaway agent in it. */
export interface Company {
  readonly teams: readonly Team[];
  readonly people: readonly Person[];
  readonly culprit: Culprit;
  /** History as NDJSON in blocks of about 64 KiB of whole lines, in the order collectors would send it: nearly that of time. */
  history(): Generator<Buffer>;
  /** The live day in order of event time. Together with the history no event is there twice, none is missing. */
  liveDay(): Generator<LiveEvent>;
}

const BLOCK_BYTES = 64 * 1024;

/** Draws a company. Nothing is generated before it is asked for. Throws AppError on a start that is no midnight or a seed that is no integer. */
export function createCompany({ seed, startMs, historyDays = 28 }: CompanyOptions): Company {
  if (!Number.isSafeInteger(seed)) {
    throw new AppError(`the seed ${seed} is no integer: give one like 7`, { code: "usage" });
  }
  if (!Number.isSafeInteger(startMs) || startMs % DAY_MS !== 0) {
    throw new AppError(`the live day cannot start at ${startMs}: give a midnight UTC in ms`, {
      code: "usage",
    });
  }
  const story = tellStory(seed, startMs, historyDays);
  const runaway = chooseRunaway(story);
  return {
    teams: story.teams,
    people: story.people,
    culprit: runaway.culprit,
    history: () => history(story),
    liveDay: () => liveDay(story, runaway),
  };
}

/** Everything that begins on `day`; sessions of its evening may reach into the next. */
function usageOfDay(story: Story, day: number): EventLog {
  const log = new EventLog();
  for (const person of story.people) workDay(story, person, day, log);
  runJobs(story, day, log);
  return log;
}

/** One day in memory at a time. What happens, not what arrives, before the live day's midnight is history. */
function* history(story: Story): Generator<Buffer> {
  const liveMs = midnightOf(story, story.liveDay);
  let carried = new EventLog();
  for (let day = 0; day < story.liveDay; day++) {
    const last = day === story.liveDay - 1;
    const untilMs = last ? Number.POSITIVE_INFINITY : midnightOf(story, day + 1);
    const log = usageOfDay(story, day);
    log.take(carried, "arrived", 0);
    yield* blocks(log, untilMs, liveMs);
    carried = new EventLog();
    carried.take(log, "arrived", untilMs);
  }
}

function* blocks(log: EventLog, untilMs: number, liveMs: number): Generator<Buffer> {
  let block = Buffer.allocUnsafe(BLOCK_BYTES);
  let filled = 0;
  for (const index of log.order("arrived", 0, untilMs)) {
    if (log.time(index, "happened") >= liveMs) continue;
    const line = log.line(index);
    if (filled + line.length > BLOCK_BYTES) {
      yield block.subarray(0, filled);
      block = Buffer.allocUnsafe(BLOCK_BYTES);
      filled = 0;
    }
    block.set(line, filled);
    filled += line.length;
  }
  if (filled > 0) yield block.subarray(0, filled);
}

function* liveDay(story: Story, runaway: Runaway): Generator<LiveEvent> {
  const fromMs = midnightOf(story, story.liveDay);
  const log = usageOfDay(story, story.liveDay);
  if (story.liveDay > 0) log.take(usageOfDay(story, story.liveDay - 1), "happened", fromMs);
  runAway(story, runaway, log);
  for (const index of log.order("happened", fromMs, fromMs + DAY_MS)) {
    yield { timeMs: log.time(index, "happened"), line: log.line(index).toString("latin1") };
  }
}

import { Random } from "../../../src/demo/random.ts";
import { midnight } from "./calendar.ts";
import { STREAM } from "./company.ts";
import { everySession, type TeamDay } from "./day.ts";
import type { Effect } from "./effects.ts";
import { playLoop, playSession, type SessionPlan } from "./sessions.ts";
import type { Backfill } from "./traps.ts";
import type { SimUse } from "./types.ts";

/** Streams of an incident's copies of days begin here, and there are at most so many. */
const FIRST_STREAM = 1000;
const MOST_COPIES = 16;

/** Further copies of the day, cut to the incident's window: the same people, tools, models and sizes, only more of it. */
export function applyCopies(effect: Effect, at: TeamDay, rows: SimUse[]): void {
  const { change, truth } = effect;
  if (change.what !== "copies") return;
  const { startMinute, endMinute } = truth;
  const played: SimUse[] = [];
  for (let copy = 0; copy < Math.ceil(change.most); copy++) {
    const stream = FIRST_STREAM + truth.id * MOST_COPIES + copy;
    const on = (plan: SessionPlan, playSeed: number): void => {
      const { start } = plan;
      if (start >= endMinute || start < startMinute - 600) return;
      if (change.tool !== null && plan.who.slot.habit.tool !== change.tool) return;
      const wanted = change.copies(Math.max(start, startMinute)) - copy;
      if (wanted < 1 && new Random(playSeed, 1).next() >= wanted) return;
      // What has begun before the incident is no session that begins with it.
      const isCut = start < startMinute;
      playSession(played, isCut ? { ...plan, session: "" } : plan, playSeed, null);
    };
    everySession(at, stream, on, change.people);
  }
  for (const row of played) {
    if (!effect.covers(row.minute)) continue;
    rows.push(row);
    effect.tally(row.minute, row.usd);
    if (change.people === null) effect.tallyOf(row.user, row.usd);
  }
}

export function applyLoops(effect: Effect, at: TeamDay, rows: SimUse[]): void {
  const { change, truth } = effect;
  if (change.what !== "loop") return;
  change.windows.forEach((window, index) => {
    if (!beginsToday(window.from, at)) return;
    const played: SimUse[] = [];
    const random = new Random(at.company.seed, STREAM.effect, truth.id, index);
    playLoop(played, change.who, window, random);
    for (const row of played) {
      rows.push(row);
      effect.tally(row.minute, row.usd);
    }
  });
}

function beginsToday(minute: number, at: TeamDay): boolean {
  const tomorrow = midnight(at.team.zone, at.company.firstDay + at.day + 1);
  return minute >= at.midnight && minute < tomorrow;
}

/** A harmless one: nothing is tallied. */
export function applyBackfills(backfills: readonly Backfill[], at: TeamDay, rows: SimUse[]): void {
  for (const { team, who, windows } of backfills) {
    if (team !== at.team.index) continue;
    for (const window of windows) {
      if (!beginsToday(window.from, at)) continue;
      playLoop(rows, who, window, new Random(at.company.seed, STREAM.effect, -1, window.from));
    }
  }
}

/** A stop takes rows away; a storm of retries repeats them. */
export function applyDropAndRetries(effect: Effect, at: TeamDay, rows: SimUse[]): SimUse[] {
  const { change, truth } = effect;
  const random = new Random(at.company.seed, STREAM.effect, truth.id, at.team.index, at.day, 2);
  if (change.what === "drop") {
    return rows.filter((row) => {
      if (!effect.covers(row.minute) || random.chance(change.keep)) return true;
      effect.tally(row.minute, -row.usd);
      return false;
    });
  }
  if (change.what !== "retry") return rows;
  const repeated: SimUse[] = [];
  for (const row of rows) {
    if (row.tool !== change.tool || !effect.covers(row.minute)) continue;
    const more = Math.round(row.requests * change.times * random.swing(0.3));
    const minute = Math.min(row.minute + random.below(3), truth.endMinute - 1);
    if (more === 0) continue;
    const again = retried(row, { more, billed: change.billed, minute });
    repeated.push(again);
    effect.tally(minute, again.usd);
  }
  return rows.concat(repeated);
}

/** Failed attempts carry the tokens of the call they repeat, where they are billed at all. */
function retried(
  row: SimUse,
  { more, billed, minute }: { more: number; billed: number; minute: number },
): SimUse {
  const calls = (more * billed) / row.requests;
  return {
    ...row,
    minute,
    arrival: minute,
    usd: row.usd * calls,
    usdSquared: row.usdSquared * calls,
    requests: more,
    tokens: Math.round(row.tokens * calls),
    errors: more,
    outputTokens: Math.round(row.outputTokens * calls),
    cacheReadTokens: Math.round(row.cacheReadTokens * calls),
  };
}

export function concernsSession(effect: Effect, person: number, start: number): boolean {
  const { change } = effect;
  return change.what === "edit" && change.people.has(person) && effect.covers(start);
}

/** The same calls twice: as they would have been, for the account, and as they are. */
export function playEdited(
  effect: Effect,
  rows: SimUse[],
  plan: SessionPlan,
  playSeed: number,
): void {
  const { change } = effect;
  if (change.what !== "edit") return;
  const originals: SimUse[] = [];
  playSession(originals, plan, playSeed, null);
  for (const row of originals) {
    effect.seeOriginal(row);
    effect.tally(row.minute, -row.usd);
  }
  const from = rows.length;
  playSession(rows, plan, playSeed, change.edit);
  for (let index = from; index < rows.length; index++) {
    const row = rows[index] as SimUse;
    effect.tally(row.minute, row.usd);
  }
}

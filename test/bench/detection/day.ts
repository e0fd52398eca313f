import { Random } from "../../../src/demo/random.ts";
import { DAY, midnight, weekdayOf } from "./calendar.ts";
import { STREAM, type Company } from "./company.ts";
import { turnsOf, type SessionPlan, type Who } from "./sessions.ts";
import type { Person, Program, Team } from "./staff.ts";
import type { Traps } from "./traps.ts";

/** Sunday first. */
const WEEKDAY_SHAPE = [0.3, 0.94, 1.05, 1.06, 1.03, 0.87, 0.3];
/** Chance of a session to begin in each tenth of the working day: a slow start, a dip at noon. */
const DAY_SHAPE = [0.7, 1.1, 1.3, 1.15, 0.6, 0.9, 1.2, 1.2, 1, 0.65];
const HOUR_SWING = 0.15;
const PERSON_SWING = 0.3;
const EVENING = 0.05;
const HEAVY = { share: 0.01, low: 2.5, high: 6 };
const MOST_TURNS = 360;

/** Called with each session of a day and the seed to play it with: played twice, it is twice the same. */
export type OnSession = (plan: SessionPlan, playSeed: number) => void;

/** What the whole team has in common on one day. */
export interface TeamDay {
  readonly company: Company;
  readonly team: Team;
  readonly day: number;
  /** Epoch minute of local midnight. */
  readonly midnight: number;
  readonly weekday: number;
  readonly demand: number;
  readonly shape: readonly { readonly tenth: number; readonly weight: number }[];
  readonly isHoliday: boolean;
}

export function teamDay(company: Company, traps: Traps, team: Team, day: number): TeamDay {
  const random = new Random(company.seed, STREAM.day, team.index, day);
  const weekday = weekdayOf(company.firstDay + day);
  const growth = (1 + team.weeklyGrowth) ** (day / 7);
  return {
    company,
    team,
    day,
    midnight: midnight(team.zone, company.firstDay + day),
    weekday,
    demand: growth * random.swing(team.swing) * traps.demand(team, day),
    shape: DAY_SHAPE.map((weight, tenth) => ({
      tenth,
      weight: weight * random.swing(HOUR_SWING),
    })),
    isHoliday: company.holidays.has(company.firstDay + day),
  };
}

function isWeekend({ weekday }: TeamDay): boolean {
  return weekday === 0 || weekday === 6;
}

/** Whether somebody works: drawn apart, so that an incident's further copies of a day agree with the day. */
export function works(at: TeamDay, person: Person): boolean {
  const { day, weekday } = at;
  if (day < person.firstDay || day >= person.lastDay) return false;
  if (person.away.some(({ from, to }) => day >= from && day <= to)) return false;
  const random = new Random(at.company.seed, STREAM.person, person.id, day, 1);
  if (isWeekend(at)) return random.chance(person.weekend);
  if (at.isHoliday) return random.chance(0.1);
  return weekday !== person.dayOff;
}

/** The sessions of one person on one day. `stream` 0 is the day itself, each other one a further day like it. */
export function personDay(at: TeamDay, person: Person, stream: number, on: OnSession): void {
  if (!works(at, person)) return;
  const random = new Random(at.company.seed, STREAM.person, person.id, at.day, 2, stream);
  // A holiday is in who works already.
  const demand = at.isHoliday ? Math.max(at.demand, 0.5) : at.demand;
  const shape = WEEKDAY_SHAPE[at.weekday] ?? 1;
  const drive = person.appetite * demand * shape * random.swing(PERSON_SWING);
  const heavy = random.chance(HEAVY.share) ? random.between(HEAVY.low, HEAVY.high) : 1;
  let first = true;
  for (const slot of person.slots) {
    const sessions = random.poisson(slot.habit.sessionsPerDay * drive);
    for (let one = 0; one < sessions; one++) {
      const turns = turnsOf(slot.habit, random) * (first ? heavy : 1);
      first = false;
      const who = whoOf(at.team, person.user, slot);
      const start = at.midnight + person.startMinute + startOf(at, person, random);
      on({ who, start, turns: Math.min(Math.round(turns), MOST_TURNS), pace: 1 }, seedFrom(random));
    }
  }
}

function seedFrom(random: Random): number {
  return random.below(0x7fff_ffff);
}

function startOf(at: TeamDay, person: Person, random: Random): number {
  if (random.chance(EVENING)) return person.workMinutes + random.exponential(80);
  return ((random.weighted(at.shape).tenth + random.next()) / 10) * person.workMinutes;
}

function whoOf(team: Team, user: string, slot: Who["slot"]): Who {
  return { department: team.department, team: team.name, user, slot };
}

/** What a service account does on one day. */
export function programDay(at: TeamDay, program: Program, stream: number, on: OnSession): void {
  const random = new Random(at.company.seed, STREAM.program, program.id, at.day, stream);
  const who = whoOf(at.team, program.user, program.slot);
  PATTERNS[program.pattern]({ at, program, who, random, on });
}

interface ProgramDay {
  readonly at: TeamDay;
  readonly program: Program;
  readonly who: Who;
  readonly random: Random;
  readonly on: OnSession;
}

/** Commits follow the working day, come in bursts, and each starts a few runs. */
function commits({ at, program, who, random, on }: ProgramDay): void {
  const quiet = isWeekend(at) ? 0.12 : at.isHoliday ? 0.15 : 1;
  const release = random.chance(0.06) ? random.between(1.6, 2.4) : 1;
  const bursts = random.poisson((program.scale / 3.2) * at.demand * quiet * release);
  for (let burst = 0; burst < bursts; burst++) {
    const spread = random.chance(0.12)
      ? random.between(0, DAY)
      : 510 + ((random.weighted(at.shape).tenth + random.next()) / 10) * 600;
    const pushes = 1 + random.poisson(2.2);
    for (let push = 0; push < pushes; push++) {
      const start = at.midnight + spread + random.exponential(9);
      on({ who, start, turns: turnsOf(who.slot.habit, random), pace: 1 }, seedFrom(random));
    }
  }
}

/** Some workers share one night's items; now and then the job fails and is run again, or does not run at all. */
function nightly({ at, program, who, random, on }: ProgramDay): void {
  if (random.chance(0.02)) return;
  const monthly = at.company.firstDay + at.day;
  const isFirst = new Date(monthly * 86_400_000).getUTCDate() === 1;
  const weekly = at.weekday === 0 ? 1.6 : 1;
  const items = program.scale * random.swing(0.18) * at.demand * weekly * (isFirst ? 4 : 1);
  const runs = random.chance(0.025) ? 2 : 1;
  const workers = 6;
  for (let run = 0; run < runs; run++) {
    const start = at.midnight + 120 + 15 * random.normal() + run * random.between(120, 420);
    for (let worker = 0; worker < workers; worker++) {
      const turns = Math.max(1, Math.round((items / workers) * random.swing(0.1)));
      on({ who, start: start + random.exponential(2), turns, pace: 1 }, seedFrom(random));
    }
  }
}

/** Customers at all hours; a fault at a customer brings many at once. */
function bot({ at, program, who, random, on }: ProgramDay): void {
  const fault = random.chance(0.06)
    ? { from: random.below(DAY), minutes: random.between(15, 60), factor: random.between(1.6, 2.6) }
    : null;
  const quiet = isWeekend(at) ? 0.75 : 1;
  let drift = 0.3 * random.normal();
  for (let minute = 0; minute < DAY; minute++) {
    drift = 0.98 * drift + 0.3 * Math.sqrt(1 - 0.98 ** 2) * random.normal();
    const daily = 0.55 + 0.45 * Math.sin(((minute - 540) / DAY) * 2 * Math.PI);
    const inFault = fault !== null && minute >= fault.from && minute < fault.from + fault.minutes;
    const calls = program.scale * at.demand * quiet * daily * Math.exp(drift - 0.045);
    const mean = (calls / who.slot.habit.turns) * (inFault ? fault.factor : 1);
    for (let left = random.poisson(mean); left > 0; left--) {
      const start = at.midnight + minute + random.next();
      on({ who, start, turns: turnsOf(who.slot.habit, random), pace: 1 }, seedFrom(random));
    }
  }
}

/** Seldom, at any hour, and of any size. */
function experiments({ at, program, who, random, on }: ProgramDay): void {
  const quiet = isWeekend(at) ? 0.4 : 1;
  for (let left = random.poisson(program.scale * quiet * at.demand); left > 0; left--) {
    const start = at.midnight + 540 + 260 * random.normal();
    const calls = 500 * Math.exp(0.9 * random.normal());
    const workers = 1 + random.below(6);
    for (let worker = 0; worker < workers; worker++) {
      const turns = Math.max(1, Math.round(Math.min(calls, 8000) / workers));
      on({ who, start, turns, pace: random.between(1, 4) }, seedFrom(random));
    }
  }
}

const PATTERNS: Readonly<Record<Program["pattern"], (day: ProgramDay) => void>> = {
  commits,
  nightly,
  bot,
  experiments,
};

/** Everybody and everything of a team on one day. */
export function everySession(
  at: TeamDay,
  stream: number,
  on: OnSession,
  only?: ReadonlySet<number> | null,
): void {
  for (const person of at.team.staff) {
    if (only == null || only.has(person.id)) personDay(at, person, stream, on);
  }
  if (only != null) return;
  for (const program of at.team.programs) programDay(at, program, stream, on);
}

import type { EventLog } from "./event-log.ts";
import type { Random } from "./random.ts";
import type { Person, PersonalTool } from "./staff.ts";
import { MINUTE_MS, midnightOf, randomFor, type Story, weekdayOf } from "./story.ts";
import { Conversation } from "./turns.ts";

/** Use of a whole team swings by 12 % from day to day. */
const TEAM_SWING = 0.12;
const PERSON_SWING = 0.35;
const SICK_SHARE = 0.02;
/** Sunday first: Mondays and Fridays are quieter; who works at a weekend does a little. */
const WEEKDAY_SHAPE = [0.35, 0.95, 1.05, 1.06, 1.02, 0.86, 0.35];
/** Chance of a session to begin in each tenth of the working day: a slow start, a dip at noon. */
const DAY_SHAPE = [0.7, 1.1, 1.3, 1.15, 0.6, 0.9, 1.2, 1.2, 1, 0.65].map((weight, tenth) => ({
  tenth,
  weight,
}));
const EVENING_SHARE = 0.04;
/** A day on which somebody has one very long session: a migration, an incident, a big review. */
const HEAVY = { share: 0.008, low: 3, high: 7 };
const TURN_SPREAD = 0.8;
const MOST_TURNS = 160;
/** A session's next call waits for the answer to the last one. */
const SHORTEST_CALL_MS = 900;
/** A cache lives five minutes: a call that finds it cold comes after a longer pause. */
const COLD_PAUSE_MS = { least: 300_000, extra: 420_000 };

/** Whether the person works on `day`: holidays, part time, weekends, sick days, joiners and leavers. */
export function works(story: Story, person: Person, day: number, random: Random): boolean {
  const well = !random.chance(SICK_SHARE);
  const weekendShift = random.chance(person.kind.weekend);
  if (day < person.firstDay || day > person.lastDay) return false;
  if (day >= person.away.from && day <= person.away.to) return false;
  const weekday = weekdayOf(story, day);
  if (weekday === 0 || weekday === 6) return weekendShift;
  return well && weekday !== person.dayOff;
}

/** Adds everything one person does on one day. Sessions may last past midnight. */
export function workDay(story: Story, person: Person, day: number, log: EventLog): void {
  const random = randomFor(story, "person", day, person.index);
  if (!works(story, person, day, random)) return;
  const heavy = random.chance(HEAVY.share) ? random.between(HEAVY.low, HEAVY.high) : 1;
  const drive = driveOf(story, person, day, random);
  let sessions = 0;
  for (const tool of person.tools) {
    const count = random.poisson(tool.habit.sessionsPerDay * drive);
    for (let index = 0; index < count; index++) {
      const turns = turnsOf(tool, random) * (sessions === 0 ? heavy : 1);
      const startMs = startOf(story, person, day, random);
      const name = `${story.seed.toString(36)}-${day.toString(36)}-p${person.index}-${sessions++}`;
      holdSession({ story, tool, name, startMs, turns: Math.min(turns, MOST_TURNS), random, log });
    }
  }
}

function driveOf(story: Story, person: Person, day: number, random: Random): number {
  const teamRandom = randomFor(story, "team", day, story.teams.indexOf(person.team));
  const growth = (1 + person.team.weeklyGrowth) ** ((day - story.liveDay) / 7);
  const shape = WEEKDAY_SHAPE[weekdayOf(story, day)] ?? 1;
  return (
    person.appetite * growth * shape * teamRandom.swing(TEAM_SWING) * random.swing(PERSON_SWING)
  );
}

/** How many calls one session has. */
export function turnsOf(tool: PersonalTool, random: Random): number {
  return Math.max(1, Math.round(tool.habit.turnsPerSession * random.swing(TURN_SPREAD)));
}

function startOf(story: Story, person: Person, day: number, random: Random): number {
  const minute = random.chance(EVENING_SHARE)
    ? person.workMinutes + random.exponential(70)
    : ((random.weighted(DAY_SHAPE).tenth + random.next()) / DAY_SHAPE.length) * person.workMinutes;
  return Math.floor(midnightOf(story, day) + (person.workStartMinute + minute) * MINUTE_MS);
}

interface Session {
  readonly story: Story;
  readonly tool: PersonalTool;
  /** Unique: the events' ids are made from it. */
  readonly name: string;
  readonly startMs: number;
  readonly turns: number;
  readonly random: Random;
  readonly log: EventLog;
}

function holdSession({ story, tool, name, startMs, turns, random, log }: Session): void {
  const { traces } = story;
  const { mode, paceSeconds } = tool.habit;
  const { stream } = random.weighted(tool.streams);
  const talk = new Conversation({ mode, provider: stream.model.provider, traces, random });
  const trace = mode === "chat" ? traces.conversation : traces.code;
  const rhythm = trace.rhythm(random, () => paceSeconds * 1000);
  let timeMs = startMs;
  for (let turn = 0; turn < turns; turn++) {
    talk.turn();
    if (mode === "agent" && talk.cold) {
      timeMs += COLD_PAUSE_MS.least + random.exponential(COLD_PAUSE_MS.extra);
    } else if (turn > 0) {
      timeMs += SHORTEST_CALL_MS + rhythm.next().value;
    }
    const id = `${name}-${turn}`;
    log.add(stream, { timeMs: Math.floor(timeMs), id, session: name }, talk.usage, random);
  }
}

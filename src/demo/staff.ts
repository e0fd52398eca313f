import { KINDS, type Kind, type ToolHabit } from "./kinds.ts";
import { MODELS, type Model } from "./models.ts";
import { GIVEN_NAMES } from "./names.ts";
import { Random } from "./random.ts";
import type { Team } from "./teams.ts";

/** One person's use of one tool with one model: everything about an event that does not change from call to call. */
export interface Stream {
  readonly department: string;
  readonly team: string;
  readonly user: string;
  readonly key: string;
  readonly agent: string | undefined;
  readonly tool: string;
  readonly model: Model;
  readonly serviceTier: "standard" | "batch";
}

/** A tool in one person's hands. */
export interface PersonalTool {
  readonly habit: ToolHabit;
  /** The usual model first; the other one takes the odd session. */
  readonly streams: readonly { readonly stream: Stream; readonly weight: number }[];
}

export interface Person {
  readonly index: number;
  readonly user: string;
  readonly team: Team;
  readonly kind: Kind;
  readonly tools: readonly PersonalTool[];
  /** How much this person uses tools, the average person being 1. */
  readonly appetite: number;
  /** Minutes after midnight UTC. */
  readonly workStartMinute: number;
  readonly workMinutes: number;
  /** A weekday off (1 is Monday), 0 for none. */
  readonly dayOff: number;
  /** Days of the story (0 is its first), inclusive. */
  readonly firstDay: number;
  readonly lastDay: number;
  readonly away: { readonly from: number; readonly to: number };
}

const NEVER = { from: -1, to: -1 };
const WORK_START = { low: 7 * 60, high: 9.5 * 60 };
/** Minutes to take from local time to get UTC: most work an hour east of Greenwich, a few overseas. */
const ZONES = [
  { minutes: 60, weight: 7 },
  { minutes: 0, weight: 2 },
  { minutes: -300, weight: 1 },
];

/** Everybody who works in the company during `days` days, in a stable order. */
export function hire(teams: readonly Team[], seed: number, days: number): Person[] {
  const random = new Random(seed, 1);
  const taken = new Set<string>();
  return teams
    .flatMap((team) => Array.from({ length: team.size }, () => team))
    .map((team, index) => hireOne({ team, index, random, taken, days }));
}

interface Opening {
  readonly team: Team;
  readonly index: number;
  readonly random: Random;
  readonly taken: Set<string>;
  readonly days: number;
}

function hireOne({ team, index, random, taken, days }: Opening): Person {
  const user = newName(random, taken);
  const kind: Kind = KINDS[team.kind];
  const habits = kind.habits.filter((habit, at) => at === 0 || random.chance(habit.adoption));
  const zone = random.weighted(ZONES).minutes;
  const joins = random.chance(0.05);
  const leaves = !joins && random.chance(0.015);
  const holiday = random.chance(0.3) ? random.below(days) : -1;
  return {
    index,
    user,
    team,
    kind,
    tools: habits.map((habit) => personalTool(team, user, habit, random)),
    appetite: random.swing(0.5),
    workStartMinute: Math.round(random.between(WORK_START.low, WORK_START.high)) - zone,
    workMinutes: Math.round(random.between(7.5, 9.5) * 60),
    dayOff: random.chance(0.12) ? 1 + random.below(5) : 0,
    firstDay: joins ? random.below(days) : 0,
    lastDay: leaves ? random.below(days) : Number.MAX_SAFE_INTEGER,
    away: holiday < 0 ? NEVER : { from: holiday, to: holiday + 2 + random.below(12) },
  };
}

function newName(random: Random, taken: Set<string>): string {
  for (;;) {
    const letter = String.fromCharCode(97 + random.below(26));
    const name = `${random.pick(GIVEN_NAMES)}.${letter}`;
    if (taken.has(name)) continue;
    taken.add(name);
    return name;
  }
}

function personalTool(team: Team, user: string, habit: ToolHabit, random: Random): PersonalTool {
  const usual = random.weighted(habit.models).model;
  const other = random.weighted(habit.models).model;
  const stream = (model: Model): Stream => ({
    department: team.department,
    team: team.name,
    user,
    key: habit.key === "team" ? `${team.name}-${habit.tool}` : `${user}-${habit.tool}`,
    agent: habit.agent,
    tool: habit.tool,
    model,
    serviceTier: "standard",
  });
  return {
    habit,
    streams: [
      { stream: stream(MODELS[usual]), weight: 7 },
      { stream: stream(MODELS[other]), weight: 1 },
    ],
  };
}

import { Random } from "../../../src/demo/random.ts";
import type { Zone } from "./calendar.ts";
import {
  answerBot,
  bulk,
  CLERKS,
  ENGINEERS,
  evaluation,
  RESEARCHERS,
  reviewer,
  type Habit,
} from "./habits.ts";
import type { Slot } from "./sessions.ts";
import type { TeamInfo, TeamKind } from "./types.ts";

/** Days are indices from the first day of the simulation. */
export interface Person {
  /** Unique in the company: their random streams are made from it. */
  readonly id: number;
  readonly user: string;
  readonly slots: readonly Slot[];
  readonly appetite: number;
  /** Local minute of the day. */
  readonly startMinute: number;
  readonly workMinutes: number;
  /** 0 Sunday … 6 Saturday; -1: full time. */
  readonly dayOff: number;
  readonly away: readonly { readonly from: number; readonly to: number }[];
  readonly firstDay: number;
  readonly lastDay: number;
  /** Chance of working a little on a weekend day. */
  readonly weekend: number;
}

export type Pattern = "nightly" | "commits" | "bot" | "experiments";
/** A service account: what runs by itself. */
export interface Program {
  readonly id: number;
  readonly user: string;
  readonly slot: Slot;
  readonly pattern: Pattern;
  /** nightly: calls a night; commits: a working day; bot: calls a minute at its busiest; experiments: a day. */
  readonly scale: number;
}

export interface Team extends TeamInfo {
  readonly index: number;
  readonly zone: Zone;
  readonly firstDay: number;
  readonly staff: readonly Person[];
  readonly programs: readonly Program[];
  /** 0.02: two per cent a week. */
  readonly weeklyGrowth: number;
  /** Lognormal sigma of the whole team's day. */
  readonly swing: number;
}

interface KindPlan {
  readonly size: readonly [number, number];
  readonly habits: readonly (readonly Habit[])[];
  readonly programs: readonly {
    readonly pattern: Pattern;
    readonly habit: Habit;
    readonly scale: readonly [number, number];
  }[];
  readonly swing: readonly [number, number];
  /** Factor on everybody's sessions. */
  readonly activity: number;
}

const people = {
  size: [22, 28],
  habits: [ENGINEERS, CLERKS],
  programs: [],
  swing: [0.1, 0.14],
  activity: 1,
} as const satisfies KindPlan;

const PLANS: Readonly<Record<TeamKind, KindPlan>> = {
  "small-office": { ...people, size: [7, 9], swing: [0.12, 0.18] },
  office: people,
  "large-office": { ...people, size: [80, 110], activity: 0.6, swing: [0.1, 0.13] },
  "night-shift": { ...people, size: [18, 26] },
  "new-team": { ...people, size: [12, 22], swing: [0.12, 0.16] },
  batch: {
    size: [4, 6],
    habits: [ENGINEERS],
    programs: [
      { pattern: "nightly", habit: bulk, scale: [1200, 2600] },
      { pattern: "nightly", habit: { ...bulk, tool: "etl-extract" }, scale: [400, 1200] },
    ],
    swing: [0.14, 0.2],
    activity: 0.8,
  },
  agents: {
    size: [5, 8],
    habits: [ENGINEERS],
    programs: [
      { pattern: "commits", habit: reviewer, scale: [60, 110] },
      {
        pattern: "commits",
        habit: { ...reviewer, agent: "fixer", turns: 18 },
        scale: [25, 45],
      },
    ],
    swing: [0.16, 0.24],
    activity: 0.8,
  },
  "support-bot": {
    size: [3, 5],
    habits: [CLERKS],
    programs: [{ pattern: "bot", habit: answerBot, scale: [6, 11] }],
    swing: [0.12, 0.18],
    activity: 0.7,
  },
  research: {
    size: [6, 9],
    habits: [RESEARCHERS],
    programs: [
      { pattern: "experiments", habit: { ...evaluation, tool: "lab" }, scale: [0.3, 0.5] },
    ],
    swing: [0.25, 0.35],
    activity: 0.8,
  },
};

/** Share of a team with another trade than most. */
const OUTSIDERS = 0.25;

function round(value: number): number {
  return Math.round(value);
}

function drawAway(random: Random, days: number): { from: number; to: number }[] {
  const away: { from: number; to: number }[] = [];
  for (let chances = days / 91; chances > 0; chances--) {
    if (!random.chance(0.55 * Math.min(1, chances))) continue;
    const from = random.below(days);
    away.push({ from, to: from + random.pick([2, 5, 7, 12, 14]) });
  }
  // Sick days, a few in a row.
  for (let from = random.exponential(60); from < days; from += random.exponential(60)) {
    away.push({ from: round(from), to: round(from) + random.below(4) });
  }
  return away;
}

interface Hire {
  readonly team: TeamInfo;
  readonly id: number;
  readonly days: number;
  /** What most of the team do. */
  readonly trade: readonly Habit[];
}

function drawPerson(random: Random, { team, id, days, trade }: Hire): Person {
  const plan = PLANS[team.kind];
  const user = `${team.name}.u${id.toString(36)}`;
  const own = random.chance(OUTSIDERS) ? random.pick(plan.habits) : trade;
  const used = own.filter((habit) => random.chance(habit.adoption));
  const habits = used.length > 0 ? used : [own[0] as Habit];
  const joins = random.chance(0.1) ? random.below(days) : 0;
  const leaves = random.chance(0.07) ? random.below(days) : days;
  return {
    id,
    user,
    slots: habits.map((habit) => ({
      habit,
      model: random.weighted(habit.models).model,
      key: habit.key === "person" ? `k-${user}` : `k-${team.name}-${habit.tool}`,
    })),
    appetite: plan.activity * random.swing(0.55),
    startMinute: round(540 + 55 * random.normal()),
    workMinutes: round(random.between(390, 560)),
    dayOff: random.chance(0.15) ? 1 + random.below(5) : -1,
    away: drawAway(random, days),
    firstDay: joins,
    lastDay: leaves < joins ? days : leaves,
    weekend: random.chance(0.15) ? random.between(0.1, 0.4) : 0.03,
  };
}

/** Draws a team with its people and programs. `firstId` is the first of their numbers. */
export function drawTeam(
  random: Random,
  info: Omit<TeamInfo, "people" | "startMinute"> & { zone: Zone },
  at: { index: number; firstDay: number; days: number; firstId: number },
): Omit<Team, "startMinute"> {
  const plan = PLANS[info.kind];
  const size = round(random.between(...plan.size));
  const trade = random.pick(plan.habits);
  const partial = { ...info, people: size, startMinute: 0 };
  const staff = Array.from({ length: size }, (_, index) =>
    drawPerson(random, { team: partial, id: at.firstId + index, days: at.days, trade }),
  );
  const programs = plan.programs.map(({ pattern, habit, scale }, index) => ({
    id: at.firstId + size + index,
    user: `svc-${info.name}-${index}`,
    slot: {
      habit,
      model: random.weighted(habit.models).model,
      key: `k-svc-${info.name}-${index}`,
    },
    pattern,
    scale: random.between(...scale),
  }));
  return {
    ...info,
    ...at,
    people: size,
    staff,
    programs,
    weeklyGrowth: random.between(0, 0.04),
    swing: random.between(...plan.swing),
  };
}

import type { Random } from "../../../src/demo/random.ts";
import { DAY, midnight, weekdayOf } from "./calendar.ts";
import type { Company } from "./company.ts";
import type { Change } from "./effects.ts";
import { bulk, reviewer } from "./habits.ts";
import { DEARER, MODELS } from "./models.ts";
import type { Slot, Who } from "./sessions.ts";
import type { Person, Team } from "./staff.ts";
import type { LeafName, SimKind } from "./types.ts";

export interface DrawAt {
  readonly company: Company;
  readonly team: Team;
  /** A working day of the team. */
  readonly day: number;
  /** People who change teams: their rows tell of two. */
  readonly moved: ReadonlySet<number>;
  readonly random: Random;
}

export interface Drawn {
  readonly teams: readonly string[];
  readonly startMinute: number;
  readonly endMinute: number;
  readonly names: readonly LeafName[];
  readonly teamIsRight: boolean;
  readonly size: string;
  readonly change: Change;
}

type Draw = (at: DrawAt) => Drawn | null;

function dawn({ company, team, day }: DrawAt): number {
  return midnight(team.zone, company.firstDay + day);
}

/** When the team is busy: programs at their hours, people at theirs. */
function busyStart(at: DrawAt): number {
  const { team, random } = at;
  if (team.kind === "batch" && random.chance(0.5)) return dawn(at) + 125 + random.below(40);
  if (team.kind === "support-bot") return dawn(at) + 480 + random.below(780);
  return dawn(at) + 555 + random.below(330);
}

function isAtWork({ day, company, moved }: DrawAt, person: Person): boolean {
  const weekday = weekdayOf(company.firstDay + day);
  const away = person.away.some(({ from, to }) => day >= from && day <= to);
  return (
    !away &&
    !moved.has(person.id) &&
    day >= person.firstDay &&
    day + 6 < person.lastDay &&
    weekday !== person.dayOff
  );
}

function present(at: DrawAt): Person[] {
  return at.team.staff.filter((person) => isAtWork(at, person));
}

function personalSlots(at: DrawAt): Who[] {
  const { department, name } = at.team;
  return present(at).flatMap(({ user, slots }) =>
    slots
      .filter(({ habit }) => habit.key === "person" && habit.tool !== "notebook")
      .map((slot) => ({ department, team: name, user, slot })),
  );
}

function leaf(level: LeafName["level"], value: string): LeafName {
  return { level, value };
}

function programWho(team: Team, random: Random): Who | null {
  if (team.programs.length === 0) return null;
  const { user, slot } = random.pick(team.programs);
  return { department: team.department, team: team.name, user, slot };
}

const runaway: Draw = (at) => {
  const { random, team } = at;
  const people = personalSlots(at);
  const program = random.chance(0.5) ? programWho(team, random) : null;
  const who = program ?? (people.length > 0 ? random.pick(people) : null);
  if (who === null) return null;
  const usdPerMinute = random.pick([0.5, 1, 2, 4]);
  const minutes = Math.max(35 / usdPerMinute, random.between(40, 240));
  const anyTime = random.chance(0.3);
  const from = anyTime ? dawn(at) + random.below(DAY) : dawn(at) + 540 + random.below(480);
  const window = { from, to: from + minutes, usdPerMinute };
  return {
    teams: [team.name],
    startMinute: from,
    endMinute: from + minutes,
    names: [leaf("user", who.user), leaf("key", who.slot.key)],
    teamIsRight: false,
    size: `${usdPerMinute} USD/min`,
    change: { what: "loop", who, windows: [window] },
  };
};

const spike: Draw = (at) => {
  const { random, team } = at;
  const factor = random.pick([3, 5, 5, 5, 8, 10]);
  const from = busyStart(at);
  const small = team.people < 10 && team.programs.length === 0;
  const minutes = random.between(small ? 90 : 40, small ? 300 : 180);
  return {
    teams: [team.name],
    startMinute: from,
    endMinute: from + minutes,
    names: [],
    teamIsRight: true,
    size: `${factor}x`,
    change: {
      what: "copies",
      people: null,
      tool: null,
      copies: () => factor - 1,
      most: factor - 1,
    },
  };
};

/** A tool of the team's programs, or one that people use, likely as they use it. */
function mainTool(at: DrawAt): string | null {
  const { team, random } = at;
  const [program] = team.programs;
  if (program !== undefined && random.chance(0.7)) return program.slot.habit.tool;
  const agents = present(at).flatMap(({ slots, appetite }) =>
    slots
      .filter(({ habit }) => habit.mode === "agent")
      .map(({ habit }) => ({ tool: habit.tool, weight: appetite * habit.sessionsPerDay })),
  );
  return agents.length === 0 ? null : random.weighted(agents).tool;
}

/** What nobody calls cannot be called again: nightly jobs storm at night. */
function retryStart(at: DrawAt, tool: string): number {
  const program = at.team.programs.find(({ slot }) => slot.habit.tool === tool);
  if (program?.pattern === "nightly") return dawn(at) + 125 + at.random.below(20);
  return at.team.kind === "batch" ? dawn(at) + 600 + at.random.below(300) : busyStart(at);
}

const retryStorm: Draw = (at) => {
  const { random, team } = at;
  const tool = mainTool(at);
  if (tool === null) return null;
  const times = random.pick([6, 12, 25]);
  const from = retryStart(at, tool);
  return {
    teams: [team.name],
    startMinute: from,
    endMinute: from + random.between(45, 150),
    names: [leaf("tool", tool)],
    teamIsRight: false,
    size: `${times} retries`,
    change: { what: "retry", tool, times, billed: random.between(0.35, 1) },
  };
};

function slotsOf(people: readonly Person[]): Slot[] {
  return people.flatMap(({ slots }) => [...slots]);
}

const priceSwitch: Draw = (at) => {
  const { random, team } = at;
  const staff = present(at);
  if (staff.length < 2) return null;
  const share = random.between(0.2, 0.8);
  const shuffled = [...staff].sort((a, b) => hash(a.id, at.day) - hash(b.id, at.day));
  const some = shuffled.slice(0, Math.max(1, Math.round(share * staff.length)));
  const people = new Set(some.map(({ id }) => id));
  const cold = random.chance(0.4);
  const names: LeafName[] = cold
    ? [...new Set(slotsOf(some).map(({ habit }) => habit.tool))].map((tool) => leaf("tool", tool))
    : [...new Set(slotsOf(some).map(({ model }) => MODELS[DEARER[model]].name))].map((model) =>
        leaf("model", model),
      );
  if (some.length <= 2) names.push(...some.map(({ user }) => leaf("user", user)));
  const from = dawn(at) + 540 + random.below(360);
  const bucket = share < 0.4 ? "20-40 %" : share < 0.6 ? "40-60 %" : "60-80 %";
  return {
    teams: [team.name],
    startMinute: from,
    endMinute: from + random.between(1.5, 5) * DAY,
    names,
    teamIsRight: cold,
    size: `${cold ? "no cache" : "dearer"}, ${bucket}`,
    change: {
      what: "edit",
      people,
      edit: cold ? { cold } : { model: (used) => DEARER[used] },
    },
  };
};

function hash(...numbers: number[]): number {
  let mixed = 17;
  for (const one of numbers) mixed = Math.imul(mixed ^ one, 0x9e3779b1) ^ (mixed >>> 13);
  return mixed >>> 0;
}

const offHours: Draw = (at) => {
  const { random, team } = at;
  const people = personalSlots(at);
  if (people.length === 0) return null;
  const who = random.pick(people);
  const low = random.chance(0.5);
  const usd = low ? random.between(25, 30) : random.between(60, 80);
  const start = 1380 + random.below(180);
  const minutes = random.between(90, 240);
  const nights = 2 + random.below(3);
  const windows = Array.from({ length: nights }, (_, night) => {
    const from = dawn(at) + night * DAY + start + random.below(40);
    const spent = usd * random.swing(0.05);
    return { from, to: from + minutes, usdPerMinute: spent / minutes };
  });
  return {
    teams: [team.name],
    startMinute: windows[0]?.from ?? 0,
    endMinute: windows.at(-1)?.to ?? 0,
    names: [leaf("user", who.user), leaf("key", who.slot.key)],
    teamIsRight: false,
    size: low ? "25-30 USD a night" : "60-80 USD a night",
    change: { what: "loop", who, windows },
  };
};

const tokenmaxxing: Draw = (at) => {
  const { random, team } = at;
  const staff = present(at);
  if (staff.length < 4) return null;
  const share = random.between(0.12, 0.4);
  const count = Math.max(2, Math.round(share * staff.length));
  const shuffled = [...staff].sort((a, b) => hash(a.id, at.day, 3) - hash(b.id, at.day, 3));
  const some = shuffled.slice(0, count);
  const factor = random.pick([3, 4, 6]);
  return {
    teams: [team.name],
    startMinute: dawn(at) + 540 + random.below(60),
    endMinute: dawn(at) + (1 + random.below(3)) * DAY + 1100,
    names: some.map(({ user }) => leaf("user", user)),
    teamIsRight: count > 2,
    size: `${factor}x`,
    change: {
      what: "copies",
      people: new Set(some.map(({ id }) => id)),
      tool: null,
      copies: () => factor - 1,
      most: factor - 1,
    },
  };
};

const newSpender: Draw = (at) => {
  const { random, team, day } = at;
  const habit = random.chance(0.5)
    ? { ...bulk, tool: "pipeline", agent: `worker-${day}` }
    : { ...reviewer, agent: `helper-${day}` };
  const user = `svc-${team.name}-n${day}`;
  const slot = { habit, model: random.weighted(habit.models).model, key: `k-${user}` };
  const who = { department: team.department, team: team.name, user, slot };
  const usdPerHour = random.pick([6, 12, 24]);
  const days = 1 + random.below(3);
  const windows = Array.from({ length: days }, (_, index) => {
    const from = dawn(at) + index * DAY + 540 + random.below(240);
    return { from, to: from + random.between(200, 480), usdPerMinute: usdPerHour / 60 };
  });
  const names = [leaf("user", user), leaf("key", slot.key), leaf("agent", habit.agent)];
  return {
    teams: [team.name],
    startMinute: windows[0]?.from ?? 0,
    endMinute: windows.at(-1)?.to ?? 0,
    names,
    teamIsRight: false,
    size: `${usdPerHour} USD/h`,
    change: { what: "loop", who, windows },
  };
};

export const BASIC_DRAWS = {
  runaway,
  spike,
  "retry-storm": retryStorm,
  "price-switch": priceSwitch,
  "off-hours": offHours,
  tokenmaxxing,
  "new-spender": newSpender,
} as const satisfies Partial<Record<SimKind, Draw>>;
export { busyStart, dawn, type Draw };

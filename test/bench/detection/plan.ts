import { Random } from "../../../src/demo/random.ts";
import { DAY, midnight, weekdayOf } from "./calendar.ts";
import { STREAM, type Company } from "./company.ts";
import { drawChange, type DrawAt, type Drawn } from "./draw.ts";
import { Effect } from "./effects.ts";
import type { Team } from "./staff.ts";
import type { SimKind, TruthIncident } from "./types.ts";

/** First day on which incidents begin: before it is history. */
export const HISTORY_DAYS = 35;
const APART = 3 * DAY;
const TRIES = 60;

export interface PlanOptions {
  readonly seed: number;
  /** Only these; null: all but the surge. */
  readonly only: readonly SimKind[] | null;
  readonly moved: ReadonlySet<number>;
}

/** How many of each a company of ten teams and eight watched weeks gets on average: a team has an incident every five weeks or so. Were there more, they would be its normal. */
const COUNTS: Readonly<Record<SimKind, readonly [number, number]>> = {
  storm: [0.7, 1.3],
  ramp: [0.7, 1.3],
  shift: [0.7, 1.3],
  "off-hours": [0.7, 1.3],
  tokenmaxxing: [0.7, 1.3],
  "price-switch": [0.7, 1.3],
  "new-spender": [0.7, 1.3],
  drop: [0.7, 1.3],
  runaway: [0.7, 1.3],
  spike: [1, 1.6],
  "retry-storm": [0.7, 1.3],
  surge: [0, 0],
};
/** What nobody has to be woken for: nothing of it gets worse within the hour. A page will do as well. */
const TICKETS: readonly SimKind[] = [
  "drop",
  "surge",
  "shift",
  "ramp",
  "price-switch",
  "tokenmaxxing",
];
const ORDER = Object.keys(COUNTS) as SimKind[];

/** Draws the incidents of a company: random kinds, teams, times and sizes, and never two within three days in one team. */
export function planIncidents(company: Company, options: PlanOptions): Effect[] {
  const random = new Random(options.seed, STREAM.plan, 3);
  const effects: Effect[] = [];
  const scale = ((company.days - HISTORY_DAYS) / 56) * (company.teams.length / 10);
  for (const kind of ORDER) {
    if (options.only !== null && !options.only.includes(kind)) continue;
    const [low, high] = COUNTS[kind];
    const drawn = random.between(low, high) * scale;
    const asked = options.only === null ? 0 : kind === "surge" ? 1 : Math.max(1, 4 * scale);
    const wanted = Math.max(drawn, asked);
    const count = Math.floor(wanted) + (random.chance(wanted % 1) ? 1 : 0);
    for (let one = 0; one < count; one++) {
      const effect = place(kind, effects, { company, moved: options.moved, random });
      if (effect !== null) effects.push(effect);
    }
  }
  return effects;
}

function place(
  kind: SimKind,
  taken: readonly Effect[],
  at: Omit<DrawAt, "team" | "day">,
): Effect | null {
  const { company, random } = at;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const team = random.pick(company.teams);
    const day = drawDay(company, team, random);
    const drawn = drawChange(kind, { ...at, team, day });
    if (drawn === null || !isFree(drawn, taken)) continue;
    const last = midnight(team.zone, company.firstDay + company.days - 1) + DAY / 2;
    if (drawn.endMinute > last) continue;
    return effectOf(taken.length, kind, team, drawn);
  }
  return null;
}

function effectOf(id: number, kind: SimKind, team: Team, drawn: Drawn): Effect {
  const truth: TruthIncident = {
    id,
    kind,
    department: drawn.teams.length === 1 ? team.department : "",
    teams: drawn.teams,
    startMinute: Math.floor(drawn.startMinute),
    endMinute: Math.ceil(drawn.endMinute),
    names: [...drawn.names],
    teamIsRight: drawn.teamIsRight,
    size: drawn.size,
    asks: TICKETS.includes(kind) ? "ticket" : "page",
    excessUsd: 0,
    normalUsd: 0,
    curve: [],
  };
  return new Effect(truth, drawn.change);
}

function drawDay(company: Company, team: Team, random: Random): number {
  const first = Math.max(HISTORY_DAYS, team.firstDay + 5);
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const day = first + random.below(Math.max(1, company.days - first));
    const weekday = weekdayOf(company.firstDay + day);
    const isOff = weekday === 0 || weekday === 6 || company.holidays.has(company.firstDay + day);
    if (!isOff) return day;
  }
  return first;
}

function isFree(drawn: Drawn, taken: readonly Effect[]): boolean {
  return taken.every(({ truth }) => {
    const meets = truth.teams.some((team) => drawn.teams.includes(team));
    const near =
      truth.startMinute < drawn.endMinute + APART && truth.endMinute > drawn.startMinute - APART;
    return !(meets && near);
  });
}

import { Random } from "../../../src/demo/random.ts";
import {
  clockChanges,
  DAY,
  dateOf,
  epochDayOf,
  firstMonday,
  midnight,
  weekdayOf,
  type Zone,
} from "./calendar.ts";
import { drawTeam, type Team } from "./staff.ts";
import type { TeamKind } from "./types.ts";

export interface Company {
  readonly seed: number;
  /** Epoch day of its first Monday. */
  readonly firstDay: number;
  readonly days: number;
  readonly home: Zone;
  readonly teams: readonly Team[];
  /** Epoch days nobody is expected to work. */
  readonly holidays: ReadonlySet<number>;
}

/** A company's usual ten teams. */
export const USUAL: readonly TeamKind[] = [
  "small-office",
  "office",
  "office",
  "large-office",
  "night-shift",
  "batch",
  "agents",
  "support-bot",
  "research",
  "new-team",
];
/** A smaller one without incidents but a slow surge of most of it. */
export const SURGING: readonly TeamKind[] = [
  "small-office",
  "office",
  "office",
  "night-shift",
  "agents",
  "support-bot",
];
const DEPARTMENTS = ["engineering", "operations", "business"] as const;
const NAMES = [
  "payments",
  "search",
  "ledger",
  "mobile",
  "growth",
  "orders",
  "risk",
  "content",
  "fleet",
  "claims",
  "billing",
  "catalog",
  "pricing",
  "studio",
  "atlas",
  "harbour",
] as const;
/** A stream of random numbers for each purpose. */
export const STREAM = { company: 1, team: 2, day: 3, person: 4, program: 5, plan: 6, effect: 7 };

function drawHolidays(random: Random, firstDay: number, days: number): Set<number> {
  const { year } = dateOf(firstDay);
  const fixed = [
    [1, 1],
    [5, 1],
    [7, 4],
    [10, 3],
    [12, 25],
    [12, 26],
  ].flatMap(([month, day]) => [year, year + 1].map((one) => epochDayOf(one, month ?? 1, day ?? 1)));
  const holidays = new Set(fixed.filter((day) => day >= firstDay && day < firstDay + days));
  // Each quarter has one more somewhere: Easter and its like.
  const moving = firstDay + random.below(days);
  if (weekdayOf(moving) !== 0 && weekdayOf(moving) !== 6) holidays.add(moving);
  return holidays;
}

function zoneOf(kind: TeamKind, home: Zone, random: Random): Zone {
  if (kind !== "night-shift") return home;
  return random.pick(["Asia/Kolkata", "Asia/Tokyo"] as const);
}

/** Draws a company: who works there, when, with what. Deterministic by seed. */
export function drawCompany(seed: number, weeks: number, kinds: readonly TeamKind[]): Company {
  const random = new Random(seed, STREAM.company);
  const home = random.pick(["Europe/Berlin", "America/New_York"] as const);
  const firstDay = firstMonday(epochDayOf(2026, 1, 1) + random.below(360));
  const days = weeks * 7;
  const teams: Team[] = [];
  let firstId = 0;
  const firstName = random.below(NAMES.length);
  kinds.forEach((kind, index) => {
    const zone = zoneOf(kind, home, random);
    const name = NAMES[(firstName + index) % NAMES.length] ?? "team";
    const suffix = index >= NAMES.length ? `-${index}` : "";
    const start = kind === "new-team" ? 28 + random.below(28) : 0;
    const team = drawTeam(
      new Random(seed, STREAM.team, index),
      { name: name + suffix, department: DEPARTMENTS[index % 3] ?? "business", kind, zone },
      { index, firstDay: start, days, firstId },
    );
    teams.push({ ...team, startMinute: midnight(zone, firstDay + start) });
    firstId += team.staff.length + team.programs.length;
  });
  return { seed, firstDay, days, home, teams, holidays: drawHolidays(random, firstDay, days) };
}

/** Epoch day of each change of clocks within the company's time. */
export function companyClockChanges({ home, firstDay, days }: Company): number[] {
  const { year } = dateOf(firstDay);
  return [year, year + 1]
    .flatMap((one) => clockChanges(home, one))
    .filter((day) => day >= firstDay && day < firstDay + days);
}

/** First minute and first minute after, of the whole simulation, in the home zone. */
export function spanOf({ home, firstDay, days }: Company): { start: number; end: number } {
  return { start: midnight(home, firstDay), end: midnight(home, firstDay) + days * DAY };
}

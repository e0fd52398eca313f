import { DEFAULT_DETECTION } from "../../../src/detect/settings.ts";
import { DAY } from "./calendar.ts";
import { HISTORY_DAYS } from "./plan.ts";
import type { Simulation } from "./simulate.ts";
import type { Told } from "./told.ts";
import type { SimKind, TeamKind, Trap, TruthIncident } from "./types.ts";

/** A page later than this after an incident's end is about nothing; a ticket, whose windows are longer, later. */
const PAGE_GRACE = 120;
const TICKET_GRACE = DAY;
const FOUND_GRACE = 30;
const AFTERMATH = 3 * DAY;
const MOVERS = 2;
export const MINIMUM_EXCESS_USD = 25;
export const MINIMUM_RATIO = 1.3;

/** Minutes within which each kind is to be told (issue 5); absent: before its end. */
export const LIMITS: Readonly<Partial<Record<SimKind, number>>> = {
  runaway: 30,
  spike: 15,
  "retry-storm": 15,
  "price-switch": 360,
  "off-hours": 90,
  tokenmaxxing: 240,
  shift: DAY,
  storm: 30,
  surge: 14 * DAY,
};

export interface Outcome {
  readonly truth: TruthIncident;
  readonly teamKind: TeamKind;
  /** At least 25 USD of excess and 1.3 times normal: counts for recall. */
  readonly counts: boolean;
  /** What told first, in its time; null: missed. */
  readonly told: Told | null;
  /** Minutes from its start; Infinity: missed. */
  readonly minutes: number;
  readonly inTime: boolean;
  /** By a page, whatever the kind asks for. */
  readonly pagedInTime: boolean;
  /** Twenty dollars of excess, the default gate, had been spent when the limit came: who asks for money first could not be in time without. */
  readonly moneyInTime: boolean;
  readonly burntUsd: number;
  /** Messages of their own. */
  readonly pages: number;
  /** The scope names one of the right leaves; `leads`: or a contributor with half the excess does. */
  readonly named: boolean;
  readonly leads: boolean;
}

export interface False {
  readonly told: Told;
  /** "large-office" and so on; "organisation" where the scope has no team. */
  readonly where: TeamKind | "organisation";
  readonly why: "nothing there" | "repeat";
  /** What harmless or past thing was near, for the list. */
  readonly near: readonly string[];
}

export interface Evaluation {
  readonly outcomes: readonly Outcome[];
  readonly falsePages: readonly False[];
  readonly falseTickets: readonly False[];
  /** Pages in the weeks of history, when the detector knows little. */
  readonly coldPages: readonly False[];
  /** Watched minutes by team kind, without the time under incidents; and in the weeks of history. */
  readonly minutes: ReadonlyMap<TeamKind, number>;
  readonly coldMinutes: number;
}

/** Judges what was told of one simulation that has been played to its end. */
export function evaluate(simulation: Simulation, told: readonly Told[]): Evaluation {
  const watchedFrom = simulation.startMinute + HISTORY_DAYS * DAY;
  const matched = new Map<TruthIncident, Told[]>();
  const falsePages: False[] = [];
  const falseTickets: False[] = [];
  const coldPages: False[] = [];
  for (const one of told) {
    const truth = matching(simulation, one, matched);
    const isPage = one.severity === "page";
    if (truth !== null) {
      const before = matched.get(truth) ?? [];
      matched.set(truth, [...before, one]);
      const page = before.findLast(({ severity }) => severity === "page");
      if (!isPage || page === undefined || one.minute - page.minute >= DAY) continue;
    }
    if (one.kind === "pipeline") continue;
    const why = truth === null ? "nothing there" : "repeat";
    const wrong: False = {
      told: one,
      where: whereOf(simulation, one),
      why,
      near: near(simulation, one),
    };
    if (one.minute < watchedFrom) {
      if (isPage) coldPages.push(wrong);
    } else (isPage ? falsePages : falseTickets).push(wrong);
  }
  return {
    outcomes: simulation.incidents.map((truth) => outcomeOf(simulation, truth, matched.get(truth))),
    falsePages,
    falseTickets,
    coldPages,
    ...watchedMinutes(simulation, watchedFrom),
  };
}

function touches(simulation: Simulation, truth: TruthIncident, { scope }: Told): boolean {
  if (scope.team !== undefined) return truth.kind !== "surge" && truth.teams.includes(scope.team);
  if (scope.department === undefined) return true;
  return simulation.teams.some(
    ({ name, department }) => department === scope.department && truth.teams.includes(name),
  );
}

/** The incident a page or ticket is about: one that is not told of yet before one that is, and of those the one in the team that a page about several names first. */
function matching(
  simulation: Simulation,
  told: Told,
  matched: ReadonlyMap<TruthIncident, readonly Told[]>,
): TruthIncident | null {
  const grace = told.severity === "page" ? PAGE_GRACE : TICKET_GRACE;
  const candidates = simulation.incidents.filter(
    (truth) =>
      told.minute >= truth.startMinute &&
      told.minute <= truth.endMinute + grace &&
      touches(simulation, truth, told),
  );
  const [mover] = told.scope.team === undefined ? told.teams : [];
  const isMovers = ({ teams }: TruthIncident): boolean =>
    mover !== undefined && teams.includes(mover);
  const fresh = candidates.filter((truth) => !matched.has(truth));
  return fresh.find(isMovers) ?? fresh[0] ?? candidates.find(isMovers) ?? candidates[0] ?? null;
}

function answers(truth: TruthIncident, told: Told): boolean {
  if (told.minute > truth.endMinute + FOUND_GRACE) return false;
  if (told.severity === "page") return true;
  if (truth.asks === "page") return false;
  return (truth.kind === "drop") === (told.kind === "drop");
}

function outcomeOf(
  simulation: Simulation,
  truth: TruthIncident,
  matched: readonly Told[] = [],
): Outcome {
  const told = matched.find((one) => answers(truth, one)) ?? null;
  const minutes = told === null ? Infinity : told.minute - truth.startMinute;
  const limit = LIMITS[truth.kind] ?? truth.endMinute - truth.startMinute + FOUND_GRACE;
  const team = simulation.teams.find(({ name }) => name === truth.teams[0]);
  const ratio = truth.kind === "drop" || truth.kind === "surge" ? 0 : MINIMUM_RATIO;
  const pages = matched.filter(({ severity }) => severity === "page");
  const messages = pages.filter(({ again }) => again !== true);
  return {
    truth,
    teamKind: team?.kind ?? "office",
    counts:
      truth.excessUsd >= MINIMUM_EXCESS_USD &&
      truth.excessUsd + truth.normalUsd >= ratio * truth.normalUsd,
    told,
    minutes,
    inTime: minutes <= limit,
    pagedInTime: pages.some(({ minute }) => minute - truth.startMinute <= limit),
    moneyInTime:
      Math.abs(spentBy(truth, truth.startMinute + limit)) >= DEFAULT_DETECTION.minimumUsd,
    burntUsd: told === null ? truth.excessUsd : Math.abs(spentBy(truth, told.minute)),
    pages: messages.length,
    named: told !== null && namesRightly(truth, told),
    leads: told !== null && leads(truth, told),
  };
}

/** Excess up to and with a minute, dollars. */
function spentBy(truth: TruthIncident, minute: number): number {
  let spent = 0;
  for (const [at, sum] of truth.curve) {
    if (at > minute) break;
    spent = sum;
  }
  return spent;
}

/** A surge is told with its movers; elsewhere the scope's own name will do. */
function leads(truth: TruthIncident, told: Told): boolean {
  const named = namesRightly(truth, told);
  return truth.kind === "surge"
    ? named && leadsRightly(truth, told)
    : named || leadsRightly(truth, told);
}

const LEAVES = ["user", "key", "agent", "model", "tool"] as const;

function namesRightly(truth: TruthIncident, { scope }: Told): boolean {
  if (truth.teams.length > 1) return scope.team === undefined;
  if (scope.team === undefined) return false;
  const named = LEAVES.find((level) => scope[level] !== undefined);
  if (named === undefined) return truth.teamIsRight;
  return truth.names.some((one) => one.level === named && same(scope[named], one.value));
}

/** Of many teams: most of the three that the page puts first are in it. */
function leadsRightly(truth: TruthIncident, { leading, scope, teams }: Told): boolean {
  if (truth.teams.length > 1) return movers(truth, teams) >= MOVERS;
  if (scope.team === undefined) return false;
  return leading.some(({ level, value }) =>
    truth.names.some((one) => one.level === level && same(value, one.value)),
  );
}

function movers(truth: TruthIncident, teams: readonly string[]): number {
  return teams.slice(0, 3).filter((name) => truth.teams.includes(name)).length;
}

/** A key that got a new name on the way is the same key. */
function same(told: string | undefined, truth: string): boolean {
  return told === truth || told === `${truth}-r2`;
}

function whereOf({ teams }: Simulation, { scope }: Told): False["where"] {
  return teams.find(({ name }) => name === scope.team)?.kind ?? "organisation";
}

function near(simulation: Simulation, { scope, minute }: Told): string[] {
  const about = (teams: readonly string[]): boolean =>
    scope.team === undefined || teams.includes(scope.team);
  const traps = simulation.traps
    .filter((trap: Trap) => trap.team === "" || about([trap.team]))
    .filter(({ startMinute, endMinute }) => minute >= startMinute && minute <= endMinute)
    .map(({ kind }) => kind);
  const over = simulation.incidents
    .filter(({ teams }) => about(teams))
    .filter(({ startMinute, endMinute }) => minute > startMinute && minute < endMinute + AFTERMATH)
    .map(({ kind, endMinute }) => (minute > endMinute ? `after ${kind}` : `in ${kind}`));
  return [...new Set([...traps, ...over])];
}

function watchedMinutes(
  simulation: Simulation,
  watchedFrom: number,
): { minutes: Map<TeamKind, number>; coldMinutes: number } {
  const minutes = new Map<TeamKind, number>();
  let coldMinutes = 0;
  for (const { name, kind, startMinute } of simulation.teams) {
    coldMinutes += Math.max(0, watchedFrom - startMinute);
    let watched = simulation.endMinute - Math.max(watchedFrom, startMinute);
    for (const truth of simulation.incidents) {
      if (truth.kind === "surge" || !truth.teams.includes(name)) continue;
      watched -= truth.endMinute + PAGE_GRACE - truth.startMinute;
    }
    minutes.set(kind, (minutes.get(kind) ?? 0) + watched);
  }
  return { minutes, coldMinutes };
}

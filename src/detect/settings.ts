import type { CalendarEntry } from "../config/calendar-file.ts";
import type { IncidentKind, Scope } from "./incident.ts";

/** `detection:` of a pipeline file, ready to use. */
export interface DetectionSettings {
  /** Chance pages that a team may get in a quarter. */
  readonly pagesPerQuarter: number;
  /** Dollars of excess below which nobody is told. */
  readonly minimumUsd: number;
  /** Multiplies `pagesPerQuarter`. */
  readonly sensitivity: number;
  /** IANA name of the organisation's time zone. */
  readonly timezone: string;
  readonly calendar: readonly CalendarEntry[];
  readonly overrides: readonly DetectionOverride[];
}

/** Other settings for a scope, and all below it; null: as above it. */
export interface DetectionOverride {
  /** Names at least one. */
  readonly scope: Scope;
  readonly pagesPerQuarter: number | null;
  readonly minimumUsd: number | null;
  readonly sensitivity: number | null;
  readonly timezone: string | null;
  readonly muteKinds: readonly IncidentKind[] | null;
}

/** What holds for one scope. */
export interface ScopeSettings {
  /** The budget, `sensitivity` in it. */
  readonly pagesPerQuarter: number;
  readonly minimumUsd: number;
  readonly timezone: string;
  /** Nobody is told of incidents of these kinds. */
  readonly muteKinds: readonly IncidentKind[];
  /** The entries that are about this scope; scopes with the same entries share one array. */
  readonly calendar: readonly CalendarEntry[];
}

/** What a pipeline file has that says nothing about detection. */
export const DEFAULT_DETECTION: DetectionSettings = Object.freeze({
  pagesPerQuarter: 1,
  minimumUsd: 20,
  sensitivity: 1,
  timezone: "UTC",
  calendar: Object.freeze([]),
  overrides: Object.freeze([]),
});

/** From the widest down; one of the last five is a leaf. */
const DEPTH: Readonly<Record<keyof Scope, number>> = {
  department: 1,
  team: 2,
  user: 3,
  key: 3,
  agent: 3,
  model: 3,
  tool: 3,
};

/**
 * What holds for a scope: each setting from the most specific override that has it, else the pipeline's. More specific is what names a deeper level, then
 * what names more of the path, then what stands later. Looks at all overrides: keep what it gives.
 */
export function settingsFor(settings: DetectionSettings, scope: Scope): ScopeSettings {
  const found = settings.overrides.filter((one) => covers(one.scope, scope));
  const nearest = found.reverse().sort(bySpecificity);
  const pick = <K extends keyof DetectionOverride>(key: K): DetectionOverride[K] | null =>
    nearest.find((one) => one[key] !== null)?.[key] ?? null;
  const pages = pick("pagesPerQuarter") ?? settings.pagesPerQuarter;
  return {
    pagesPerQuarter: pages * (pick("sensitivity") ?? settings.sensitivity),
    minimumUsd: pick("minimumUsd") ?? settings.minimumUsd,
    timezone: pick("timezone") ?? settings.timezone,
    muteKinds: pick("muteKinds") ?? [],
    calendar: calendarOf(settings.calendar, scope),
  };
}

function covers(wide: Scope, scope: Scope): boolean {
  return namesOf(wide).every((name) => wide[name] === scope[name]);
}

function bySpecificity(a: DetectionOverride, b: DetectionOverride): number {
  const [inA, inB] = [namesOf(a.scope), namesOf(b.scope)];
  return depthOf(inB) - depthOf(inA) || inB.length - inA.length;
}

function namesOf(scope: Scope): (keyof Scope)[] {
  return (Object.keys(scope) as (keyof Scope)[]).filter((name) => scope[name] !== undefined);
}

function depthOf(names: readonly (keyof Scope)[]): number {
  return Math.max(0, ...names.map((name) => DEPTH[name]));
}

/** By the pipeline's calendar: its parts by the entries in them, so that scopes share them. */
const parts = new WeakMap<readonly CalendarEntry[], Map<string, readonly CalendarEntry[]>>();

/** An entry for teams or departments is about them and what is below, not about the sums above them. */
function calendarOf(calendar: readonly CalendarEntry[], scope: Scope): readonly CalendarEntry[] {
  const { department, team } = scope;
  const own = calendar.filter(({ departments, teams }) => {
    const forAll = departments.length === 0 && teams.length === 0;
    const forDepartment = department !== undefined && departments.includes(department);
    return forAll || forDepartment || (team !== undefined && teams.includes(team));
  });
  if (own.length === calendar.length) return calendar;
  const known = parts.get(calendar) ?? new Map<string, readonly CalendarEntry[]>();
  parts.set(calendar, known);
  const name = own.map((entry) => calendar.indexOf(entry)).join();
  const shared = known.get(name) ?? own;
  known.set(name, shared);
  return shared;
}

import type { CalendarEntry } from "../config/calendar-file.ts";
import type { Scope } from "./incident.ts";
import { localMinute } from "./local-time.ts";
import { settingsFor, type DetectionSettings, type ScopeSettings } from "./settings.ts";

export { localHour } from "./local-time.ts";

/** What the calendar says about a minute: nothing, a day off, or that `expect` times normal is expected (a planned event, a month's end). */
export type CalendarFactor =
  | { readonly kind: "none" }
  | { readonly kind: "holiday" }
  | { readonly kind: "event"; readonly expect: number };

const DAY_MINUTES = 1440;
const NONE: CalendarFactor = Object.freeze({ kind: "none" });
const HOLIDAY: CalendarFactor = Object.freeze({ kind: "holiday" });

/** What the calendar says about a minute (since the epoch, UTC) of a scope, by its own clock. Many questions about one scope: `factorAt`. */
export function calendarFactor(
  settings: DetectionSettings,
  scope: Scope,
  minute: number,
): CalendarFactor {
  return factorAt(settingsFor(settings, scope), minute);
}

/** The same, of settings that are already a scope's. Cheap where no entry is near. Of several events the largest counts, and before a holiday. */
export function factorAt(
  { calendar, timezone }: Pick<ScopeSettings, "calendar" | "timezone">,
  minute: number,
): CalendarFactor {
  if (calendar.length === 0) return NONE;
  const local = localMinute(timezone, minute);
  const entries = entriesOfDay(calendar, Math.floor(local / DAY_MINUTES));
  let factor = NONE;
  for (const { when, expect } of entries) {
    if (when.every === "once" && (local < when.fromMinute || local >= when.toMinute)) continue;
    if (expect === null) {
      if (factor.kind === "none") factor = HOLIDAY;
    } else if (factor.kind !== "event" || factor.expect < expect) {
      factor = { kind: "event", expect };
    }
  }
  return factor;
}

/** By calendar, which many scopes share, and local day since 1970-01-01. */
const byDay = new WeakMap<readonly CalendarEntry[], Map<number, readonly CalendarEntry[]>>();
const MAX_DAYS = 4_000;
const NO_ENTRIES: readonly CalendarEntry[] = [];

function entriesOfDay(calendar: readonly CalendarEntry[], day: number): readonly CalendarEntry[] {
  const days = byDay.get(calendar) ?? new Map<number, readonly CalendarEntry[]>();
  byDay.set(calendar, days);
  const known = days.get(day);
  if (known !== undefined) return known;
  const found = calendar.filter(({ when }) =>
    when.every === "month_end"
      ? daysLeftInMonth(day) < when.days
      : when.fromMinute < (day + 1) * DAY_MINUTES && when.toMinute > day * DAY_MINUTES,
  );
  const entries = found.length === 0 ? NO_ENTRIES : found;
  if (days.size >= MAX_DAYS) days.clear();
  days.set(day, entries);
  return entries;
}

/** 0 on a month's last day. */
function daysLeftInMonth(day: number): number {
  const date = new Date(day * DAY_MINUTES * 60_000);
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0));
  return last.getUTCDate() - date.getUTCDate();
}

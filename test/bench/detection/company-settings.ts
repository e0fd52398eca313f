import type { CalendarEntry } from "../../../src/config/calendar-file.ts";
import {
  DEFAULT_DETECTION,
  type DetectionOverride,
  type DetectionSettings,
} from "../../../src/detect/settings.ts";
import type { Simulation } from "./simulate.ts";
import type { CompanyCalendar, TeamInfo } from "./types.ts";

const DAY_MS = 86_400_000;
/** What an announced event is said to cost, times normal. */
const ANNOUNCED = 3;

export interface SettingsOptions {
  readonly pagesPerQuarter?: number;
  /** false: the company tells nothing of its holidays and events. */
  readonly calendar?: boolean;
}

/** The default settings, with what a company would write into its file: time zones, public holidays and announced events. Month ends it does not tell. */
export function settingsOf(
  { teams, calendar, zone }: Simulation,
  { pagesPerQuarter, calendar: told = true }: SettingsOptions = {},
): DetectionSettings {
  return {
    ...DEFAULT_DETECTION,
    ...(pagesPerQuarter !== undefined && { pagesPerQuarter }),
    timezone: zone,
    calendar: told ? entriesOf(calendar) : [],
    overrides: teams.filter((team) => team.zone !== zone).map(zoneOverride),
  };
}

function zoneOverride({ department, name, zone }: TeamInfo): DetectionOverride {
  return {
    scope: { department, team: name },
    pagesPerQuarter: null,
    minimumUsd: null,
    sensitivity: null,
    timezone: zone,
    muteKinds: null,
  };
}

function entriesOf({ holidays, events }: CompanyCalendar): CalendarEntry[] {
  const off = holidays.map((date): CalendarEntry => ({
    name: "public holiday",
    kind: "holiday",
    when: dayOf(date),
    departments: [],
    teams: [],
    expect: null,
  }));
  const planned = events.map(({ name, team, date }): CalendarEntry => ({
    name,
    kind: "event",
    when: dayOf(date),
    departments: [],
    teams: [team],
    expect: ANNOUNCED,
  }));
  return [...off, ...planned];
}

function dayOf(date: string): CalendarEntry["when"] {
  const fromMinute = Date.parse(date) / 60_000;
  return { every: "once", fromMinute, toMinute: fromMinute + DAY_MS / 60_000 };
}

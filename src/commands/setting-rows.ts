import type { CalendarEntry } from "../config/calendar-file.ts";
import type { DetectionOverride, DetectionSettings } from "../detect/settings.ts";

/** A setting by its name in the pipeline file, and its value for a person. Names in it are as they were written. */
export type SettingRow = readonly [name: string, value: string];

/** Every setting of detection. */
export function settingRows(settings: DetectionSettings): SettingRow[] {
  return [
    ["pages_per_quarter", String(settings.pagesPerQuarter)],
    ["minimum_usd", String(settings.minimumUsd)],
    ["sensitivity", String(settings.sensitivity)],
    ["timezone", settings.timezone],
    ["calendar", settings.calendar.map(entryText).join("; ") || "none"],
    ["overrides", settings.overrides.map(overrideText).join("; ") || "none"],
  ];
}

/** Settings in which two pipelines differ: name, value of the first, of the second. */
export function settingDifferences(
  a: DetectionSettings,
  b: DetectionSettings,
): [string, string, string][] {
  const others = new Map(settingRows(b));
  return settingRows(a).flatMap(([name, value]): [string, string, string][] => {
    const other = others.get(name) ?? "";
    return value === other ? [] : [[name, value, other]];
  });
}

function entryText({ name, kind, when, departments, teams, expect }: CalendarEntry): string {
  const time =
    when.every === "month_end"
      ? `last ${when.days} days of each month`
      : `${local(when.fromMinute)} to ${local(when.toMinute)}`;
  const about = [...departments, ...teams].join(", ");
  const load = expect === null ? "" : `, ${expect} × normal`;
  return `${name} (${kind}, ${time}${load}${about === "" ? "" : `, for ${about}`})`;
}

function overrideText({ scope, ...settings }: DetectionOverride): string {
  const where = Object.entries(scope).map(([level, name]) => `${level} ${String(name)}`);
  const what = [
    ["pages_per_quarter", settings.pagesPerQuarter],
    ["minimum_usd", settings.minimumUsd],
    ["sensitivity", settings.sensitivity],
    ["timezone", settings.timezone],
    ["mute_kinds", settings.muteKinds === null ? null : `[${settings.muteKinds.join(", ")}]`],
  ].flatMap(([name, value]) => (value === null ? [] : [`${String(name)} ${String(value)}`]));
  return `${where.join(", ")}: ${what.join(", ")}`;
}

/** Minutes of a clock on the wall. */
function local(minute: number): string {
  return new Date(minute * 60_000).toISOString().slice(0, 16).replace("T", " ");
}

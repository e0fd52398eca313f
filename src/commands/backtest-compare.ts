import { INCIDENT_KINDS, LEVELS, type Incident, type Scope } from "../detect/incident.ts";
import { cleanName } from "../notify/escape.ts";
import { formatTime, formatUsd } from "../notify/format.ts";
import { write } from "../notify/phrase.ts";
import { narrowestPhrase } from "../notify/scope-phrase.ts";
import { count, lineOf } from "./backtest-report.ts";
import type { BacktestRun } from "./backtest-run.ts";
import { settingDifferences } from "./setting-rows.ts";
import { textTable } from "./text-table.ts";

/** Two runs set against each other. */
export interface Comparison {
  readonly onlyA: readonly Incident[];
  readonly onlyB: readonly Incident[];
  /** What both found, as each tells it. */
  readonly both: readonly (readonly [a: Incident, b: Incident])[];
}

/** Incidents of different settings are the same one where they burn at one time and one's scope is the other's or lies in it: each has one twin at most. */
export function compareRuns(a: BacktestRun, b: BacktestRun): Comparison {
  const pairs = a.incidents
    .flatMap((one) => b.incidents.filter((other) => isOne(one, other)).map((other) => [one, other]))
    .map((pair) => pair as [Incident, Incident])
    .sort((x, y) => distance(x) - distance(y));
  const taken = new Set<Incident>();
  const both: [Incident, Incident][] = [];
  for (const pair of pairs) {
    if (pair.some((one) => taken.has(one))) continue;
    pair.forEach((one) => taken.add(one));
    both.push(pair);
  }
  const alone = (run: BacktestRun): Incident[] => run.incidents.filter((one) => !taken.has(one));
  both.sort(([x], [y]) => x.openedAtMs - y.openedAtMs);
  return { onlyA: alone(a), onlyB: alone(b), both };
}

function isOne(a: Incident, b: Incident): boolean {
  return beginOf(a) <= endOf(b) && beginOf(b) <= endOf(a) && isWithin(a.scope, b.scope);
}

function beginOf({ openedAtMs, windowMs }: Incident): number {
  return openedAtMs - windowMs;
}

function endOf({ resolvedAtMs, updatedAtMs }: Incident): number {
  return resolvedAtMs ?? updatedAtMs;
}

/** Whether the paths are one path, as far as both go. */
function isWithin(a: Scope, b: Scope): boolean {
  return LEVELS.every((level) => {
    if (level === "organisation") return true;
    return a[level] === undefined || b[level] === undefined || a[level] === b[level];
  });
}

/** The same kind first, then the same path, then what opened at about the same time. */
function distance([a, b]: readonly [Incident, Incident]): number {
  const kind = a.kind === b.kind ? 0 : 1;
  const path = JSON.stringify(a.scope) === JSON.stringify(b.scope) ? 0 : 1;
  return kind * 1e15 + path * 1e14 + Math.abs(a.openedAtMs - b.openedAtMs);
}

/** Counts of pages and tickets of the first and of the second run: in all, by kind, by team. Empty rows are left out. */
export function countRows(
  a: BacktestRun,
  b: BacktestRun,
): { readonly name: string; readonly counts: readonly number[] }[] {
  const row = (name: string, keep: (one: Incident) => boolean) => {
    const counts = [a, b].flatMap(({ incidents }) => {
      const { pages, tickets } = count(incidents.filter(keep));
      return [pages, tickets];
    });
    return { name, counts };
  };
  const all = [...a.incidents, ...b.incidents];
  const kinds = INCIDENT_KINDS.filter((kind) => all.some((one) => one.kind === kind));
  const teams = [...new Set(all.map(teamOf))].sort();
  return [
    row("all", () => true),
    ...kinds.map((kind) => row(`kind ${kind}`, (one) => one.kind === kind)),
    ...teams.map((team) =>
      row(team === "" ? "above a team" : `team ${team}`, (one) => teamOf(one) === team),
    ),
  ];
}

function teamOf({ scope }: Incident): string {
  return scope.team ?? "";
}

/** The comparison as tables for a terminal. */
export function comparisonText(a: BacktestRun, b: BacktestRun, found: Comparison): string {
  const clean = (text: string): string => cleanName(text, 60);
  const differences = settingDifferences(a.settings, b.settings).map(([name, one, other]) =>
    [name, one, other].map(clean),
  );
  const head = ["", "A: PAGES", "TICKETS", "B: PAGES", "TICKETS"];
  const counts = countRows(a, b).map(({ name, counts }) => [clean(name), ...counts.map(String)]);
  const told = found.both.filter(([one, other]) => one.severity !== other.severity).length;
  const other = told === 0 ? "" : `, ${told} of them as a page by one and as a ticket by the other`;
  return [
    `A: ${a.file}\nB: ${b.file}\n`,
    differences.length === 0
      ? "Detection is set the same in both.\n"
      : textTable([["SETTING", "A", "B"], ...differences]),
    textTable([head, ...counts]),
    incidentsText("Only A", found.onlyA),
    incidentsText("Only B", found.onlyB),
    `Both: ${found.both.length}${other}.\n`,
  ].join("\n");
}

function incidentsText(title: string, incidents: readonly Incident[]): string {
  if (incidents.length === 0) return `${title}: none.\n`;
  const rows = incidents.map((one) => [
    cleanName(one.id, 128),
    one.severity,
    one.kind,
    write(narrowestPhrase(one.scope), { name: (name) => cleanName(name, 32) }),
    formatTime(one.openedAtMs),
    formatUsd(one.excessUsd),
  ]);
  const head = ["ID", "SEVERITY", "KIND", "SCOPE", "SINCE", "EXCESS"];
  return `${title}: ${incidents.length}\n${textTable([head, ...rows])}`;
}

/** The comparison for machines. */
export function comparisonJson(
  a: BacktestRun,
  b: BacktestRun,
  found: Comparison,
): Record<string, unknown> {
  const counts = countRows(a, b).map(({ name, counts: [aPages, aTickets, bPages, bTickets] }) => ({
    name,
    a: { pages: aPages, tickets: aTickets },
    b: { pages: bPages, tickets: bTickets },
  }));
  const settings = settingDifferences(a.settings, b.settings);
  return {
    a: a.file,
    b: b.file,
    settings: settings.map(([name, one, other]) => ({ name, a: one, b: other })),
    counts,
    only_a: found.onlyA.map(lineOf),
    only_b: found.onlyB.map(lineOf),
    both: found.both.map(([one, other]) => ({ a: lineOf(one), b: lineOf(other) })),
  };
}

import { cleanName } from "../notify/escape.ts";
import {
  formatDuration,
  formatShare,
  formatTime,
  formatTimes,
  formatUsd,
} from "../notify/format.ts";
import { write } from "../notify/phrase.ts";
import { scopePhrase } from "../notify/scope-phrase.ts";
import { factorWords } from "../notify/who-and-why.ts";
import { incidentLine } from "./incident-table.ts";
import type { Decision, StoredIncident } from "./explain-decision.ts";
import type { Explained } from "./explain-sql.ts";
import { textTable } from "./text-table.ts";

/** What ClickHouse holds of the window (0), or of the same time that many weeks before. */
export interface StoredWeek {
  readonly weeks_ago: number;
  readonly usd: number;
  readonly tokens: number;
  readonly requests: number;
  readonly users: number;
}

export interface Explanation {
  readonly newest: StoredIncident;
  readonly decision: Decision;
  readonly explained: Explained;
  /** One for each week from 0 on, as far as anything is stored. */
  readonly weeks: readonly StoredWeek[];
  readonly sql: { readonly window: string; readonly contributors: string };
  /** Ends the commands that are shown, like ` --data DIR`. */
  readonly suffix: string;
}

/** For machines: the incident as `incidents list --json` gives it, and why. */
export function explanationJson(explanation: Explanation): string {
  const { newest, decision, explained, weeks, sql } = explanation;
  const { fromMinute, toMinute, path, timezone } = explained;
  return `${JSON.stringify({
    ...incidentLine(newest),
    factors: newest.factors,
    series: path,
    window: { from: iso(fromMinute), to: iso(toMinute), minutes: toMinute - fromMinute, timezone },
    decision: Object.fromEntries(decision),
    stored: weeks,
    sql,
  })}\n`;
}

/** For a person at a terminal. Names are cleaned. */
export function explanationText(explanation: Explanation): string {
  const { newest, sql, suffix } = explanation;
  return [
    head(newest),
    `Why it was opened\n${indent(textTable(decisionRows(explanation)))}`,
    contributors(newest),
    stored(explanation),
    `The same from ClickHouse, to paste:\n\n${paste(sql.window, suffix)}\n\n${paste(sql.contributors, suffix)}\n`,
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function head(incident: StoredIncident): string {
  const { severity, kind, state, openedAtMs, resolvedAtMs } = incident;
  const until = resolvedAtMs === null ? "" : `, over since ${formatTime(resolvedAtMs)}`;
  const sums = `${formatUsd(incident.actualUsd)} in all, ${formatUsd(incident.expectedUsd)} expected: ${formatUsd(incident.excessUsd)} too much`;
  return `${cleanName(incident.id, 128)}: ${severity}, ${kind}, ${state}\n${write(scopePhrase(incident.scope), { name: cleanName })}\nopened ${formatTime(openedAtMs)}${until}; ${sums}\n`;
}

function decisionRows({ decision, explained }: Explanation): string[][] {
  const { fromMinute, toMinute, path } = explained;
  const series = Object.entries(path).map(([level, name]) => `${level} ${cleanName(String(name))}`);
  const rows = [...decision].map(([name, value]) => [words(name), valueText(name, value)]);
  return [
    ["series", series.join(", ") || "the whole organisation"],
    ["from", formatTime(fromMinute * 60_000)],
    ["to", formatTime(toMinute * 60_000)],
    ...rows,
  ];
}

function words(name: string): string {
  return cleanName(name, 40)
    .replace(/_(usd|minutes|ms)$/, "")
    .replaceAll(/[_.]/g, " ");
}

function valueText(name: string, value: string | number | boolean): string {
  if (typeof value !== "number") return cleanName(String(value));
  if (name.endsWith("usd")) return formatUsd(value);
  if (name.endsWith("_minutes")) return formatDuration(value * 60_000);
  if (name.endsWith("_ms")) return formatTime(value);
  return String(Math.round(value * 1_000) / 1_000);
}

function contributors({ contributors, factors }: StoredIncident): string {
  const who = contributors.map((one) => [
    one.dimension,
    one.value === "__rest__" ? "all others" : cleanName(one.value),
    formatShare(one.share),
    formatUsd(one.actualUsd),
    formatUsd(one.expectedUsd),
  ]);
  const why = factors.map(({ factor, ratio, share }) => [
    factorWords({ factor, ratio, share }),
    `${formatTimes(ratio)} normal`,
    formatShare(share),
  ]);
  return [
    who.length === 0
      ? ""
      : `Who carries the excess\n${indent(textTable([["", "", "SHARE", "ACTUAL", "EXPECTED"], ...who]))}`,
    why.length === 0 ? "" : `Why it rose\n${indent(textTable([["", "", "PART"], ...why]))}`,
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function stored({ weeks, explained, decision }: Explanation): string {
  const rows = weeks.map((one) => [
    beforeText(one.weeks_ago),
    formatUsd(one.usd),
    one.tokens.toLocaleString("en-US"),
    one.requests.toLocaleString("en-US"),
    String(one.users),
  ]);
  const then = decision.get("actual_usd");
  const now = weeks[0]?.usd ?? 0;
  // What was still to come when it was decided, and late events.
  const late =
    typeof then === "number" && Math.abs(now - then) >= 0.005
      ? `${formatUsd(then)} of it was there when it was opened.\n`
      : "";
  const past = weeks.slice(1).map(({ usd }) => usd);
  const median = past.toSorted((a, b) => a - b)[Math.floor(past.length / 2)] ?? 0;
  const zone = explained.timezone === "UTC" ? "" : ` (${explained.timezone})`;
  return `What ClickHouse holds of the window, and of the same time of the weeks before${zone}\n${indent(textTable([["", "USD", "TOKENS", "REQUESTS", "USERS"], ...rows]))}${late}${past.length === 0 ? "Nothing is stored of the weeks before." : `Median of the weeks before: ${formatUsd(median)}.`}\n`;
}

function beforeText(weeksAgo: number): string {
  if (weeksAgo === 0) return "the window";
  return weeksAgo === 1 ? "1 week before" : `${weeksAgo} weeks before`;
}

/** Within double quotes of a shell: the statement holds nothing that means something there. */
function paste(sql: string, suffix: string): string {
  return `spikewatch query "${sql}"${suffix}`;
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "  ");
}

function iso(minute: number): string {
  return new Date(minute * 60_000).toISOString();
}

import { localMinute } from "../detect/local-time.ts";
import type { Scope } from "../detect/incident.ts";

/** Weeks before the window that are set beside it. */
export const PAST_WEEKS = 5;
const WEEK_SECONDS = 7 * 86_400;

/** What a decision looked at: minutes [from, to) of event time of one series. */
export interface Explained {
  readonly fromMinute: number;
  readonly toMinute: number;
  readonly path: Scope;
  /** Whose weeks are compared. */
  readonly timezone: string;
}

const TOKENS = [
  "uncached_input_tokens",
  "cache_read_input_tokens",
  "cache_write_5m_input_tokens",
  "cache_write_1h_input_tokens",
  "output_tokens",
];
const SUMS = `sum(cost_usd) AS usd, sum(${TOKENS.join(" + ")}) AS tokens, sum(requests) AS requests`;

/**
 * The window's dollars, tokens, requests and active users, and those of the same time of the weeks before by the clock on the wall: one row a week, 0 is the window
 * itself. A week without usage has no row. For `spikewatch query`, also between the double quotes of a shell.
 */
export function windowSql(explained: Explained): string {
  const { fromMinute, toMinute, timezone } = explained;
  const seconds = (toMinute - fromMinute) * 60;
  const begin = localMinute(timezone, fromMinute) * 60 - PAST_WEEKS * WEEK_SECONDS;
  const zone = timezone === "UTC" ? "" : ` + timezoneOffset(toTimeZone(minute, ${text(timezone)}))`;
  // A change of the clock moves a past week by an hour or so: a day more is looked at, the exact condition follows.
  const spare = timezone === "UTC" ? 0 : 1440;
  const earliest = fromMinute - (PAST_WEEKS * WEEK_SECONDS) / 60 - spare;
  return [
    `WITH toUnixTimestamp(minute)${zone} - ${begin} AS seconds`,
    `SELECT ${PAST_WEEKS} - intDiv(seconds, ${WEEK_SECONDS}) AS weeks_ago, ${SUMS}, uniqExact(user) AS users`,
    "FROM usage_by_minute",
    `WHERE minute >= ${time(earliest)} AND minute < ${time(toMinute)}`,
    `  AND seconds >= 0 AND seconds % ${WEEK_SECONDS} < ${seconds}${conditions(explained.path)}`,
    "GROUP BY weeks_ago ORDER BY weeks_ago",
  ].join("\n");
}

/** Who spent the window's dollars, the largest first. */
export function contributorsSql({ fromMinute, toMinute, path }: Explained): string {
  const names = "department, team, user, key, agent, model, tool";
  return [
    `SELECT ${names}, ${SUMS}`,
    "FROM usage_by_minute",
    `WHERE minute >= ${time(fromMinute)} AND minute < ${time(toMinute)}${conditions(path)}`,
    `GROUP BY ${names} ORDER BY usd DESC LIMIT 20`,
  ].join("\n");
}

/** The first and the newest revision of the incidents whose id begins so; at most as many as are worth naming. `id` holds nothing but letters, digits, - and _. */
export function revisionsSql(id: string): string {
  return `SELECT incident_id, argMin(document, revision) AS first, argMax(document, revision) AS newest
FROM incidents WHERE startsWith(incident_id, ${text(id)}) GROUP BY incident_id ORDER BY incident_id LIMIT 10`;
}

function conditions(path: Scope): string {
  return Object.entries(path)
    .map(([level, name]) => `\n  AND ${level} = ${text(String(name))}`)
    .join("");
}

function time(minute: number): string {
  const iso = new Date(minute * 60_000).toISOString();
  return `toDateTime('${iso.slice(0, 19).replace("T", " ")}', 'UTC')`;
}

const PLAIN = /[\p{L}\p{N} _.@:/+=,()#-]/u;

/**
 * A name as a literal. Whatever means something to ClickHouse, to a shell within double quotes or to a terminal is written as its bytes, so that the statement can be
 * pasted anywhere.
 */
function text(name: string): string {
  const inert = Array.from(name, (one) => {
    if (PLAIN.test(one)) return one;
    return [...Buffer.from(one)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
  });
  return `'${inert.join("")}'`;
}

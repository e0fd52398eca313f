import { findChainBreaks } from "../../../src/store/chain-check.ts";
import type { Connection } from "../../../src/store/connect.ts";
import { PARTITIONS } from "./commit-history.ts";

const PANE =
  "minute, department, team, user, key, agent, provider, model, tool, service_tier, labels, price_version";
const SUMS = [
  "requests",
  "errors",
  "uncached_input_tokens",
  "cache_read_input_tokens",
  "cache_write_5m_input_tokens",
  "cache_write_1h_input_tokens",
  "output_tokens",
  "reasoning_output_tokens",
  "cost_usd",
  "unpriced_tokens",
  "cost_usd_squared",
]
  .map((name) => `toString(sum(usage.${name})) AS ${name}`)
  .join(", ");
const CHAIN = "topic, part, incarnation";

const QUESTIONS = {
  panes: `SELECT ${PANE}, ${SUMS}, toString(max(usage.max_event_cost_usd)) AS dearest, max(usage.max_event_tokens) AS largest
FROM usage WHERE kind = 'delta' GROUP BY ${PANE} ORDER BY ${PANE}`,
  byTeamModelMinute: `SELECT minute, team, model, ${SUMS} FROM usage WHERE kind = 'delta' GROUP BY minute, team, model ORDER BY minute, team, model`,
  view: `SELECT count() AS panes, sum(requests) AS requests, toString(sum(cost_usd)) AS usd FROM usage_by_minute`,
  chains: `SELECT ${CHAIN}, min(first_offset) AS first, max(end_offset) AS end, sum(end_offset - first_offset) AS offsets, sum(usage.records) AS records,
  sum(usage.accepted) AS accepted, sum(usage.rejected) AS rejected, sum(usage.duplicates) AS duplicates, sum(usage.ignored) AS ignored
FROM usage WHERE kind = 'ckpt' GROUP BY ${CHAIN} ORDER BY ${CHAIN}`,
  newestCheckpoints: `SELECT * EXCEPT (fold, arrived), toString(arrived) AS stored FROM usage WHERE kind = 'ckpt'
ORDER BY ${CHAIN}, end_offset DESC, arrived DESC LIMIT 1 BY ${CHAIN}`,
  gaps: `SELECT * EXCEPT fold FROM usage WHERE kind = 'gap' ORDER BY ${CHAIN}, first_offset`,
  rejected: `SELECT * FROM rejected ORDER BY topic, part, incarnation, offset, arrived`,
} as const;

/** All that folding must leave as it is. */
export async function contentsOf(connection: Connection): Promise<Record<string, unknown>> {
  const contents: Record<string, unknown> = {};
  for (const [name, sql] of Object.entries(QUESTIONS)) {
    contents[name] = await connection.rows(sql);
  }
  contents["breaks"] = await findChainBreaks(connection, PARTITIONS);
  return contents;
}

/** Rows that count in every total, and those of folds that did not end. */
export async function rowsOf(connection: Connection): Promise<Record<string, number>> {
  const rows = await connection.rows<{ kind: string; rows: string }>(
    "SELECT toString(kind) AS kind, count() AS rows FROM usage GROUP BY kind",
  );
  return Object.fromEntries(rows.map(({ kind, rows: count }) => [kind, Number(count)]));
}

const TOTALS = `SELECT toString(sumIf(usage.requests, kind = 'delta')) AS requests, toString(sumIf(usage.cost_usd, kind = 'delta')) AS usd,
  toString(sumIf(end_offset - first_offset, kind = 'ckpt')) AS offsets, toString(countIf(kind = 'gap')) AS gaps`;

/** One glance at what arrived before `untilMs`. */
export async function totalsOf(connection: Connection, untilMs: number): Promise<string> {
  const [row] = await connection.rows(
    `${TOTALS} FROM usage WHERE arrived < fromUnixTimestamp64Milli({untilMs:Int64}, 'UTC')`,
    { params: { untilMs } },
  );
  return JSON.stringify(row);
}

const NAMES = "department, team, user, key, agent, model, tool";
const SUMS: Readonly<Record<string, string>> = {
  requests: "requests",
  errors: "errors",
  tokens: [
    "uncached_input_tokens",
    "cache_read_input_tokens",
    "cache_write_5m_input_tokens",
    "cache_write_1h_input_tokens",
    "output_tokens",
  ].join(" + usage."),
  cacheReadTokens: "cache_read_input_tokens",
  outputTokens: "output_tokens",
  cost: "cost_usd",
  usdSquared: "cost_usd_squared",
};

/**
 * What deltas add, by minute and names, in that order, which sessions they name, and which of those spent the most. Sessions are summed first: a minute takes many
 * flushes, and each names its own.
 */
export function usesQuery(where: string): string {
  const inner = Object.entries(SUMS).map(([name, sum]) => `sum(usage.${sum}) AS ${name}`);
  const outer = Object.keys(SUMS).filter((name) => name !== "cost");
  return `SELECT epochMinute AS minute, ${NAMES}, ${outer.map((name) => `sum(one.${name}) AS ${name}`).join(", ")},
  toFloat64(sum(one.cost)) AS usd, argMin(one.name, (-one.nameCost, one.name)) AS session, toFloat64(max(one.nameCost)) AS sessionUsd,
  groupArrayIf(one.name, one.name != '') AS sessions
FROM (
  SELECT intDiv(toUnixTimestamp(usage.minute), 60) AS epochMinute, ${NAMES}, usage.top_session AS name, ${inner.join(", ")},
    sum(usage.top_session_cost_usd) AS nameCost
  FROM usage WHERE kind = 'delta' AND ${where} GROUP BY epochMinute, ${NAMES}, name) AS one
GROUP BY minute, ${NAMES} ORDER BY minute, ${NAMES}`;
}

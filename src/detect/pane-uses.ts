import { DIM } from "../decode/usage-event.ts";
import { COUNTER, COUNTERS, PANE_KEY_LENGTH, type PaneTable } from "../reduce/pane.ts";
import type { HourRollup, Rollup } from "../store/rows.ts";
import type { HourUse } from "./hour-use.ts";
import type { PaneUse } from "./series-tree.ts";

const TOKENS = [
  COUNTER.uncached_input_tokens,
  COUNTER.cache_read_input_tokens,
  COUNTER.cache_write_5m_input_tokens,
  COUNTER.cache_write_1h_input_tokens,
  COUNTER.output_tokens,
];

/** Stored panes as detection reads them. Dollars are doubles from here on: statistics, not accounts. */
export function usesOfPanes(panes: PaneTable): PaneUse[] {
  const uses: PaneUse[] = [];
  for (let row = 0; row < panes.rows; row++) {
    const key = row * PANE_KEY_LENGTH;
    const name = (dimension: number): string =>
      panes.dictionaries.dimensions[dimension]?.value(panes.keys[key + 1 + dimension] as number) ??
      "";
    const counter = (index: number): number =>
      panes.counters[row * COUNTERS.length + index] as number;
    const session = panes.topSessions?.ids[row] ?? -1;
    uses.push({
      minute: panes.keys[key] as number,
      department: name(DIM.department),
      team: name(DIM.team),
      user: name(DIM.user),
      key: name(DIM.key),
      agent: name(DIM.agent),
      model: name(DIM.model),
      tool: name(DIM.tool),
      usd: counter(COUNTER.cost_nanos) / 1e9,
      usdSquared: counter(COUNTER.cost_usd_squared),
      requests: counter(COUNTER.requests),
      errors: counter(COUNTER.errors),
      tokens: TOKENS.reduce((sum, one) => sum + counter(one), 0),
      cacheReadTokens: counter(COUNTER.cache_read_input_tokens),
      outputTokens: counter(COUNTER.output_tokens),
      session: session < 0 ? "" : panes.dictionaries.session.value(session),
      sessionUsd: (panes.topSessions?.costNanos[row] ?? 0) / 1e9,
    });
  }
  return uses;
}

/** Five-minute rollups read back as history. A rollup keeps no squares: its requests stand for events of equal size; and not what each session spent. */
export function usesOfRollups(rollups: readonly Rollup[]): PaneUse[] {
  return rollups.map((one) => ({
    minute: Math.floor(one.startMs / 60_000),
    department: one.department,
    team: one.team,
    user: one.user,
    key: one.key,
    agent: one.agent,
    model: one.model,
    tool: one.tool,
    usd: one.costUsd,
    usdSquared: one.requests > 0 ? one.costUsd ** 2 / one.requests : 0,
    requests: one.requests,
    errors: one.errors,
    tokens: one.tokens,
    cacheReadTokens: one.cacheReadTokens,
    outputTokens: one.outputTokens,
    sessions: one.sessions,
  }));
}

/** Rollups by the hour: of what models and tools they are is not told. */
export function usesOfHours(rollups: readonly HourRollup[]): HourUse[] {
  return rollups.map((one) => ({
    minute: Math.floor(one.startMs / 60_000) + LAST_OF_HOUR,
    department: one.department,
    team: one.team,
    user: one.user,
    key: one.key,
    agent: one.agent,
    model: UNKNOWN,
    tool: UNKNOWN,
    usd: one.costUsd,
    usdSquared: 0,
    requests: one.requests,
    errors: one.errors,
    tokens: one.tokens,
    cacheReadTokens: 0,
    outputTokens: 0,
    steps: one.steps,
  }));
}
const LAST_OF_HOUR = 59;
const UNKNOWN = "unknown";

import type { PaneUse } from "../../src/detect/series-tree.ts";
import { DedupeWindow } from "../../src/reduce/dedupe-window.ts";
import type { PaneTable } from "../../src/reduce/pane.ts";
import { Reducer } from "../../src/reduce/reducer.ts";
import type { Rollup } from "../../src/store/rows.ts";
import { anEventBatch } from "./event-builders.ts";

/** A small seeded generator (mulberry32), so that a stream is the same on every run. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Monday 2026-01-05, 00:00 UTC. */
export const MONDAY_MINUTE = Date.UTC(2026, 0, 5) / 60_000;

export function aUse(overrides: Partial<PaneUse> & { readonly minute: number }): PaneUse {
  const usd = overrides.usd ?? 1;
  return {
    department: "engineering",
    team: "payments",
    user: "mara",
    key: "key-mara",
    agent: "unknown",
    model: "claude-sonnet-4-5",
    tool: "claude-code",
    usd,
    usdSquared: usd * usd,
    requests: 1,
    errors: 0,
    tokens: 10_000,
    cacheReadTokens: 0,
    outputTokens: 1_000,
    ...overrides,
  };
}

export interface OfficeOptions {
  readonly seed: number;
  readonly days: number;
  readonly teams?: number;
  readonly people?: number;
  /** First epoch minute, a Monday midnight. */
  readonly from?: number;
}

/**
 * Office work: each person is active in bursts of calls on weekdays from 8 to 18, with lognormal costs and a swing from day to
 * day; on weekends a little. Panes in order of time, a day at a time.
 */
export function* officeDays(options: OfficeOptions): Generator<PaneUse[]> {
  const random = seeded(options.seed);
  const from = options.from ?? MONDAY_MINUTE;
  const teams = options.teams ?? 3;
  const people = options.people ?? 7;
  for (let day = 0; day < options.days; day++) {
    const absence = day % 7 >= 5 ? 0.9 : 0.08;
    const uses: PaneUse[] = [];
    for (let one = 0; one < teams * people; one++) {
      const team = Math.floor(one / people);
      const who = {
        team: `team-${team}`,
        user: `user-${team}-${one % people}`,
        key: `key-${team}-${one % people}`,
      };
      if (random() >= absence) uses.push(...workday(random, from + day * 1440, who));
    }
    yield uses.sort((a, b) => a.minute - b.minute);
  }
}

function workday(random: () => number, midnight: number, who: Partial<PaneUse>): PaneUse[] {
  const calls = 45 * (0.6 + 0.8 * random());
  return Array.from({ length: Math.ceil(calls) }, () => burst(random, midnight, who)).flat();
}

function burst(random: () => number, midnight: number, who: Partial<PaneUse>): PaneUse[] {
  const hour = 8 + 10 * (0.5 + 0.5 * (random() + random() - 1));
  const length = 1 + Math.floor(random() * 4);
  return Array.from({ length }, (_, step) => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const minute = midnight + Math.floor(hour * 60) + step;
    const model = random() < 0.7 ? "claude-sonnet-4-5" : "gpt-5";
    return aUse({ ...who, minute, model, usd: 0.06 * Math.exp(1.1 * normal) });
  });
}

/** Panes as a commit hands them over: one event each. */
export function paneTableOf(uses: readonly PaneUse[]): PaneTable {
  const events = anEventBatch(
    uses.map((use) => ({
      ...use,
      timeMs: use.minute * 60_000,
      costNanos: Math.round(use.usd * 1e9),
      output: use.tokens,
    })),
  );
  const dedupe = new DedupeWindow({ windowMs: 0, maxIds: 1 });
  const reducer = new Reducer({ dedupe, labelNames: [] });
  const offsets = Float64Array.from(uses, (_, index) => index);
  reducer.add(events, { partition: 0, offsets }, new Set());
  return reducer.panes(events, [""]);
}

/** The same as they are read back: each minute at the begin of its five. */
export function rollupsOf(uses: readonly PaneUse[]): Rollup[] {
  return uses.map((use) => ({
    ...use,
    startMs: Math.floor(use.minute / 5) * 300_000,
    costUsd: use.usd,
    sessions: [use.session ?? ""].filter((name) => name !== ""),
  }));
}

import type { Incident } from "../../src/detect/incident.ts";
import type { PaneUse } from "../../src/detect/series-tree.ts";
import type { IncidentChange } from "../../src/detect/episode-book.ts";
import { DEFAULT_DETECTION } from "../../src/detect/settings.ts";
import { SpendDetector } from "../../src/detect/spend-detector.ts";
import { aUse, MONDAY_MINUTE, officeDays } from "./spend-stream.ts";

export const settings = { ...DEFAULT_DETECTION, minimumUsd: 10 };
export const WEEKS = 3;
export const LIVE_DAY = MONDAY_MINUTE + WEEKS * 7 * 1440;

/** A detector that has learnt three weeks of an office, and the office's fourth Monday. */
export function anOffice(seed: number): { detector: SpendDetector; monday: PaneUse[] } {
  const detector = new SpendDetector(settings);
  let monday: PaneUse[] = [];
  let day = 0;
  for (const uses of officeDays({ seed, days: WEEKS * 7 + 1 })) {
    if (day++ < WEEKS * 7) detector.learn(uses);
    else monday = uses;
  }
  return { detector, monday };
}

/** Plays panes in batches of a minute, as they would be stored. */
export function play(detector: SpendDetector, uses: readonly PaneUse[]): IncidentChange[] {
  const changes: IncidentChange[] = [];
  for (let from = 0; from < uses.length;) {
    const { minute } = uses[from]!;
    let to = from;
    while (uses[to]?.minute === minute) to++;
    changes.push(...detector.observe(uses.slice(from, to), minute * 60_000 + 30_000));
    from = to;
  }
  return changes;
}

/** One person's agent in a loop: `usdPerMinute` from `start` for `minutes`. */
export function aRunaway(usdPerMinute: number, start: number, minutes: number): PaneUse[] {
  return Array.from({ length: minutes }, (_, index) =>
    aUse({
      minute: start + index,
      team: "team-2",
      user: "user-2-5",
      key: "key-2-5",
      tool: "claude-code",
      usd: usdPerMinute,
      requests: 10,
      tokens: 900_000,
    }),
  );
}

export function opened(changes: readonly IncidentChange[]): Incident[] {
  return changes.filter(({ reason }) => reason === "opened").map(({ incident }) => incident);
}

export function merge(...streams: readonly PaneUse[][]): PaneUse[] {
  return streams.flat().sort((a, b) => a.minute - b.minute);
}

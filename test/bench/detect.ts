import type { PaneUse } from "../../src/detect/series-tree.ts";
import { DEFAULT_DETECTION } from "../../src/detect/settings.ts";
import { SpendDetector } from "../../src/detect/spend-detector.ts";
import { officeDays } from "../support/spend-stream.ts";
import type { Bench, BenchInput } from "./harness.ts";

const TEAMS = 20;
const PEOPLE = 15;
const HISTORY_DAYS = 14;

/**
 * What does a stored pane cost the detector, which keeps eight series on its path, their baselines, windows and peaks, beside one moving
 * average a team that calls everything above three times the average a spike?
 */
export const detectBench: Bench = {
  name: "detect",
  question: `a pane seen by ${TEAMS} teams of ${PEOPLE} after ${HISTORY_DAYS} days of history`,
  unit: "pane",
  peer: "one moving average a team",
  variants: {
    spikewatch: (input) => {
      const { days, fresh } = officeOf(input);
      const detector = new SpendDetector({ ...DEFAULT_DETECTION, minimumUsd: 10 });
      for (const uses of days) detector.learn(uses);
      return Promise.resolve({
        pass: () => {
          const uses = fresh();
          forEachMinute(uses, (minute, held) => detector.observe(held, minute * 60_000));
          return uses.length;
        },
        notes: () => ({ series: detector.tree.nodes.length }),
      });
    },
    peer: (input) => {
      const { days, fresh } = officeOf(input);
      const averages = new Map<string, number>();
      let spikes = 0;
      const see = ({ team, usd }: PaneUse): void => {
        const usual = averages.get(team) ?? usd;
        if (usd > 3 * usual) spikes++;
        averages.set(team, usual * 0.99 + usd * 0.01);
      };
      for (const uses of days) uses.forEach(see);
      return Promise.resolve({
        pass: () => {
          const uses = fresh();
          forEachMinute(uses, (_, held) => held.forEach(see));
          return uses.length;
        },
        notes: () => ({ spikes }),
      });
    },
  },
};

/** History, and day after day of what comes live. A small run has a small office. */
function officeOf({ count }: BenchInput): { days: PaneUse[][]; fresh: () => PaneUse[] } {
  const teams = count < 10_000 ? 2 : TEAMS;
  const stream = officeDays({ seed: 7, days: 1_000, teams, people: PEOPLE });
  const next = (): PaneUse[] => {
    const { value } = stream.next() as IteratorResult<PaneUse[], undefined>;
    return value ?? [];
  };
  return { days: Array.from({ length: HISTORY_DAYS }, next), fresh: next };
}

function forEachMinute(
  uses: readonly PaneUse[],
  see: (minute: number, held: readonly PaneUse[]) => void,
): void {
  for (let from = 0; from < uses.length;) {
    const minute = uses[from]?.minute ?? 0;
    let to = from;
    while (uses[to]?.minute === minute) to++;
    see(minute, uses.slice(from, to));
    from = to;
  }
}

import { describe, expect, it } from "@jest/globals";
import { evaluate, mayFire } from "../../src/detect/detector.ts";
import { PeerPool } from "../../src/detect/peer-pool.ts";
import { WINDOWS, type SeriesNode } from "../../src/detect/series-node.ts";
import { SpendDetector } from "../../src/detect/spend-detector.ts";
import type { PaneUse } from "../../src/detect/series-tree.ts";
import { aUse, officeDays, seeded } from "../support/spend-stream.ts";

/** An office with something going on every day: a runaway at any hour, or a team whose prices rise. */
function* troubledDays(seed: number, days: number): Generator<PaneUse[]> {
  const random = seeded(seed);
  for (const uses of officeDays({ seed, days, teams: 2, people: 4 })) {
    const dear = random() < 0.3 ? 4 : 1;
    const midnight = Math.floor((uses[0]?.minute ?? 0) / 1440) * 1440;
    const from = midnight + Math.floor(random() * 1_300);
    const runaway = Array.from({ length: 40 }, (_, step) =>
      aUse({ minute: from + step, team: "team-0", user: "user-0-1", key: "key-0-1", usd: 3 }),
    );
    const day = uses.map((use) => ({ ...use, usd: use.usd * dear, requests: 4 }));
    yield [...day, ...(random() < 0.6 ? runaway : [])].sort((a, b) => a.minute - b.minute);
  }
}

describe("mayFire", () => {
  it.each([0, 0.5, 10])(
    "is never false where the verdict fires, with a minimum of %d dollars",
    (minimumUsd) => {
      const settings = { minimumUsd, sensitivity: 1.5 };
      const detector = new SpendDetector(settings);
      const { nodes } = detector.tree;
      const judge = { settings, peers: new PeerPool(() => nodes), explainedUsd: () => 0 };
      const sums = new Float64Array(WINDOWS.length);
      const counts = { fired: 0, may: 0, all: 0 };
      const compare = (node: SeriesNode): void => {
        const { minute } = detector;
        node.windowSums(minute, sums, 0);
        const may = mayFire(node, minute, sums, 0, settings);
        const { fires } = evaluate(node, minute, judge);
        if (fires) expect(may).toBe(true);
        counts.fired += Number(fires);
        counts.may += Number(may);
        counts.all++;
      };
      for (const uses of troubledDays(3, 24)) {
        for (const half of [uses.slice(0, uses.length >> 1), uses.slice(uses.length >> 1)]) {
          detector.learn(half);
          nodes.forEach(compare);
        }
      }

      expect(counts.fired).toBeGreaterThan(0);
      expect(counts.may).toBeLessThan(0.6 * counts.all);
    },
  );
});

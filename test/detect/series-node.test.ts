import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { SeriesNode, WINDOWS } from "../../src/detect/series-node.ts";
import { aUse, MONDAY_MINUTE } from "../support/spend-stream.ts";

describe("SeriesNode", () => {
  it("is near whenever a window may hold what is decided about, or more than any before today", () => {
    const step = fc.record({
      later: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 500 })),
      late: fc.integer({ min: 0, max: 20 }),
      usd: fc.oneof(fc.double({ min: 0, max: 0.2, noNaN: true }), fc.constantFrom(0, 3)),
    });
    const minimum = fc.constantFrom(0, 1, 5, 1_000);
    let far = 0;
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 50, maxLength: 200 }),
        minimum,
        (steps, minimumUsd) => {
          const node = new SeriesNode("user", "ada", null);
          const held = new Float64Array(WINDOWS.length);
          let minute = MONDAY_MINUTE;
          let day = -1;
          let peaks: number[] = [];
          for (const { later, late, usd } of steps) {
            minute += later;
            if (Math.floor(minute / 1440) !== day) peaks = WINDOWS.map(() => 0);
            day = Math.floor(minute / 1440);
            node.add(aUse({ minute: minute - late, usd }));
            node.windowSums(minute, held, 0);
            const matters = [...held].some(
              (sum, at) => sum > peaks[at]! || (sum > 0 && sum >= minimumUsd),
            );
            if (!node.isNear(minute)) {
              far++;
              expect(matters).toBe(false);
              continue;
            }
            node.bound(minute, held, 0, minimumUsd);
            node.observePeak(minute, held, 0);
            peaks = peaks.map((peak, at) => Math.max(peak, Math.fround(held[at]!)));
          }
        },
      ),
      { numRuns: 200 },
    );
    // or else it would promise nothing
    expect(far).toBeGreaterThan(100);
  });

  it("tells the sums of its windows and of its chart", () => {
    const node = new SeriesNode("team", "payments", null);
    for (const [ago, usd] of [
      [70, 1],
      [50, 2],
      [4, 4],
      [0, 8],
    ] as const) {
      node.add(aUse({ minute: MONDAY_MINUTE + 600 - ago, usd, requests: 3, tokens: 7 }));
    }
    const now = MONDAY_MINUTE + 600;
    const sums = new Float64Array(3);
    node.windowSums(now, sums, 1);

    expect([...sums]).toEqual([0, 12, 14]);
    expect(node.totals(now, 60)).toEqual({ usd: 14, requests: 9, tokens: 21, activeUsers: 1 });
    expect(node.chartUsd(now / 5)).toBe(8);
    expect(node.chartUsd(now / 5 - 30, now / 5)).toBe(15);
  });

  it("knows its children by level and name", () => {
    const team = new SeriesNode("team", "payments", null);
    const user = new SeriesNode("user", "ada", team);
    const key = new SeriesNode("key", "ada", team);
    team.addChild(user);
    team.addChild(key);

    expect(team.children("user").get("ada")).toBe(user);
    expect([...team.children("key").values()]).toEqual([key]);
    expect(team.children("tool").size).toBe(0);
    team.removeChild(user);
    expect(team.children("user").size).toBe(0);
    expect(team.children("key").size).toBe(1);
  });
});

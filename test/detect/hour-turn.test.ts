import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { HourLog } from "../../src/detect/hour-log.ts";
import { SpendDetector } from "../../src/detect/spend-detector.ts";
import type { PaneUse } from "../../src/detect/series-tree.ts";
import { aUse, MONDAY_MINUTE } from "../support/spend-stream.ts";

const PEOPLE = 60;
const DAYS = 22;
const NINE = MONDAY_MINUTE + DAYS * 1440 + 9 * 60;

/** Everybody uses something, a share of a usual hour of three dollars. */
function everybody(minute: number, share: number): PaneUse[] {
  return Array.from({ length: PEOPLE }, (_, one) =>
    aUse({
      minute,
      team: `team-${one % 6}`,
      user: `user-${one}`,
      key: `key-${one}`,
      usd: 3 * share * (1 + 0.5 * Math.sin(minute * 37 + one)),
      requests: 2,
    }),
  );
}

/** Three weeks of hours, and then minute by minute up to nine o'clock of a Tuesday. */
function learnt(): SpendDetector {
  const detector = new SpendDetector({ minimumUsd: 0.01, sensitivity: 1 });
  for (let hour = 0; hour < DAYS * 24 + 7; hour++) {
    detector.learn(everybody(MONDAY_MINUTE + hour * 60 + 30, 1));
  }
  for (let minute = NINE - 120; minute < NINE; minute++) {
    detector.observe(everybody(minute, 1 / 60), minute * 60_000);
  }
  return detector;
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe("the turn of an hour", () => {
  it("works out no more baselines at once than any other minute: a share of the series in each", () => {
    const detector = learnt();
    const series = detector.tree.nodes.length;
    const asked = jest.spyOn(HourLog.prototype, "sameHourOfWeek");
    const byMinute: number[] = [];
    for (let minute = NINE; minute < NINE + 180; minute++) {
      asked.mockClear();
      detector.observe(everybody(minute, 1 / 60), minute * 60_000);
      byMinute.push(asked.mock.calls.length);
    }

    // An hour of a series asks for its own weeks and those of its two neighbours: once an hour, not once a series and turn.
    expect(Math.max(...byMinute)).toBeLessThan(0.1 * series);
    const sum = byMinute.reduce((all, one) => all + one, 0);
    expect(sum).toBeGreaterThan(2 * series);
    expect(sum).toBeLessThanOrEqual(3 * 3 * series);
  });
});

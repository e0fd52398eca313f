import { describe, expect, it } from "@jest/globals";
import { activityOf, lastMinuteOf, userHours, type HourUse } from "../../src/detect/hour-use.ts";
import { HOUR } from "../../src/detect/hour-log.ts";
import { usesOfHours, usesOfRollups } from "../../src/detect/pane-uses.ts";
import { isGroup } from "../../src/detect/statistics.ts";
import { SpendDetector } from "../../src/detect/spend-detector.ts";
import { MemoryIncidentStore } from "../support/memory-incident-store.ts";
import { opened, play, settings, aRunaway, merge } from "../support/office.ts";
import { aUse, MONDAY_MINUTE, officeDays, rollupsOf } from "../support/spend-stream.ts";

const HOUR_ONE = MONDAY_MINUTE / 60;

function anHour(steps: number, over: Partial<HourUse> = {}): HourUse {
  return { ...aUse({ minute: MONDAY_MINUTE }), steps, ...over };
}

describe("userHours", () => {
  it("puts together what one user did in an hour, whatever it was", () => {
    const uses = [
      anHour(0b1, { model: "a" }),
      anHour(0b100, { model: "b" }),
      anHour(0b10, { user: "zoe" }),
      anHour(0b10, { user: "zoe", minute: MONDAY_MINUTE + 60 }),
      anHour(0b10, { user: "zoe", team: "web", minute: MONDAY_MINUTE + 60 }),
    ];

    expect(
      [...userHours(uses)].map(({ hour, steps, uses: of }) => [hour, steps, of.length]),
    ).toEqual([
      [HOUR_ONE, 0b101, 2],
      [HOUR_ONE, 0b10, 1],
      [HOUR_ONE + 1, 0b10, 1],
      [HOUR_ONE + 1, 0b10, 1],
    ]);
    expect([...userHours([])]).toEqual([]);
  });
});

describe("activityOf", () => {
  it("counts steps, and those that begin after a silence", () => {
    const hour = { hour: 10, steps: 0b1000_0000_0011 };

    expect(activityOf(hour, -1, 30)).toEqual({ cells: 3, starts: 2 });
    expect(activityOf(hour, 9 * 60 + 55, 30)).toEqual({ cells: 3, starts: 1 });
    expect(activityOf(hour, 9 * 60 + 25, 30)).toEqual({ cells: 3, starts: 2 });
    expect(lastMinuteOf(hour)).toBe(655);
    expect(lastMinuteOf({ hour: 10, steps: 1 })).toBe(600);
  });
});

/** The same office, learnt by five minutes and by the hour. */
async function learntTwice(days: number): Promise<readonly [SpendDetector, SpendDetector]> {
  const store = new MemoryIncidentStore();
  for (const uses of officeDays({ seed: 5, days })) {
    const some = uses.map((use, index) => ({ ...use, errors: Number(index % 50 === 0) }));
    store.rollups.push(...rollupsOf(some));
  }
  const [by5, by60] = [new SpendDetector(settings), new SpendDetector(settings)];
  for await (const chunk of store.history(0, Infinity)) by5.learn(usesOfRollups(chunk));
  for await (const chunk of store.hourHistory(0, Infinity)) by60.learnHours(usesOfHours(chunk));
  const next = [aUse({ minute: MONDAY_MINUTE + days * 1440 + 60, team: "team-0" })];
  for (const one of [by5, by60]) one.learn(next);
  return [by5, by60];
}

describe("SpendDetector.learnHours", () => {
  it("learns the same of each hour as from five minutes", async () => {
    const [by5, by60] = await learntTwice(14);
    const at = (MONDAY_MINUTE + 14 * 1440) / 60;
    let compared = 0;

    for (const node of by5.tree.nodes) {
      // A person's only key and what it is spent on are told by five minutes alone.
      if (!isGroup(node.level) && node.level !== "user") continue;
      const other = by60.tree.nodes.find(
        ({ level, name, parent }) =>
          level === node.level && name === node.name && parent?.name === node.parent?.name,
      );
      for (const column of [HOUR.usd, HOUR.requests, HOUR.tokens, HOUR.cells, HOUR.starts]) {
        for (let hour = at; hour < at + 24; hour++) {
          const expected = node.expected(column, hour);
          expect(other?.expected(column, hour)).toBeCloseTo(expected, 3 - Math.log10(expected + 1));
          compared += Number(expected > 0);
        }
      }
      expect(other?.rates?.requestsPerCell).toBe(node.rates?.requestsPerCell);
      expect(other?.errors?.value).toBe(node.errors?.value);
    }
    expect(compared).toBeGreaterThan(1000);
    expect(by60.tree.organisation.errors?.value).toBeCloseTo(0.02, 2);
  });

  it("knows what is usual, and a runaway when a week of days has followed", async () => {
    const store = new MemoryIncidentStore();
    for (const uses of officeDays({ seed: 6, days: 21 })) store.rollups.push(...rollupsOf(uses));
    const lastWeekMs = (MONDAY_MINUTE + 14 * 1440) * 60_000;
    const detector = new SpendDetector(settings);
    for await (const chunk of store.hourHistory(0, lastWeekMs))
      detector.learnHours(usesOfHours(chunk));
    for await (const chunk of store.history(lastWeekMs, Infinity))
      detector.learn(usesOfRollups(chunk));
    const [, monday = []] = [...officeDays({ seed: 7, days: 2, from: MONDAY_MINUTE + 20 * 1440 })];
    const noon = MONDAY_MINUTE + 21 * 1440 + 720;

    const found = opened(play(detector, merge(monday, aRunaway(1.5, noon, 60))));

    expect(found.map(({ scope }) => scope.user)).toEqual(["user-2-5"]);
  });
});

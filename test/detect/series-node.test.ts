import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { EMPTY_HOUR, HOUR } from "../../src/detect/hour-log.ts";
import { COLUMN } from "../../src/detect/statistics.ts";
import { aNode, parts } from "../support/series-builders.ts";
import { aUse, MONDAY_MINUTE } from "../support/spend-stream.ts";

const MONDAY_HOUR = MONDAY_MINUTE / 60;

describe("SeriesNode", () => {
  it("tells the sums of its windows and of its chart", () => {
    const node = aNode("team", "payments");
    for (const [ago, usd] of [
      [70, 1],
      [50, 2],
      [4, 4],
      [0, 8],
    ] as const) {
      const minute = MONDAY_MINUTE + 600 - ago;
      node.add(aUse({ minute, usd, requests: 3, tokens: 7 }), parts({ cells: 1, starts: 1 }));
    }
    const now = MONDAY_MINUTE + 600;

    expect([2, 5, 60, 360].map((window) => node.usd(now, window))).toEqual([8, 12, 14, 15]);
    expect(node.totals(now, 60)).toEqual({
      loads: 0,
      usd: 14,
      requests: 9,
      tokens: 21,
      activeUsers: 1,
      // by steps of five minutes: the one that holds 09:10 has begun
      cells: 3,
      starts: 3,
    });
    expect(node.chartUsd(now / 5)).toBe(8);
    expect(node.chartUsd(now / 5 - 30, now / 5)).toBe(15);
  });

  it("sums a week from the hours that are history and the steps since, each once", () => {
    const hourly = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 260 });
    fc.assert(
      fc.property(hourly, fc.integer({ min: 0, max: 59 }), (dollars, into) => {
        const node = aNode("team", "payments");
        dollars.forEach((usd, index) => {
          const hour = MONDAY_HOUR + index;
          if (index > 0) {
            const held = node.totals(hour * 60 - 1, 60);
            node.closeHour(hour - 1, held, held);
          }
          if (usd > 0) node.add(aUse({ minute: hour * 60, usd }), parts());
        });
        const hour = MONDAY_HOUR + dollars.length - 1;

        const week = dollars.slice(-168).reduce((sum, usd) => sum + usd, 0);
        expect(node.usd(hour * 60 + into, 10_080)).toBeCloseTo(week, 3);
      }),
      { numRuns: 50 },
    );
  });

  it("expects of a window the hours that it spans, by their overlap", () => {
    const node = aNode("team", "payments");
    // Monday and Tuesday: 6 dollars from nine to ten, 12 from ten to eleven.
    for (let hour = MONDAY_HOUR; hour < MONDAY_HOUR + 48; hour++) {
      const usd = hour % 24 === 9 ? 6 : hour % 24 === 10 ? 12 : 0;
      node.closeHour(hour, { ...EMPTY_HOUR, usd }, { ...EMPTY_HOUR, usd });
    }
    const wednesday = MONDAY_MINUTE + 2 * 1440;

    // 09:45 to 10:14: a quarter of six, and a quarter of twelve
    const quarter = node.expectedWindow(HOUR.usd, wednesday + 10 * 60 + 14, 30);
    expect(quarter).toBeCloseTo(1.5 + 3, 4);
    expect(node.expectedWindow(HOUR.usd, wednesday + 1439, 1440)).toBeCloseTo(18, 4);
    expect(node.expectedWindow(HOUR.usd, wednesday + 12 * 60 - 1, 60)).toBe(0);
  });

  it("learns nothing from an hour that was not normal, and keeps its facts", () => {
    const node = aNode("team", "payments");
    const usual = { ...EMPTY_HOUR, usd: 5, requests: 50 };
    for (let hour = MONDAY_HOUR; hour < MONDAY_HOUR + 72; hour++) {
      node.closeHour(hour, usual, usual);
    }
    const before = node.expected(HOUR.usd, MONDAY_HOUR + 96);

    node.closeHour(MONDAY_HOUR + 72, { ...usual, usd: 500 }, null);

    expect(node.expected(HOUR.usd, MONDAY_HOUR + 96)).toBe(before);
    expect(node.usd(MONDAY_MINUTE + 73 * 60 + 59, 10_080)).toBeCloseTo(72 * 5 + 500, 3);
  });

  it("knows the share of its requests that fail, by the hours that were normal", () => {
    const node = aNode("team", "payments");
    const add = (hour: number, errors: number): void => {
      const minute = hour * 60 + 30;
      node.add(aUse({ minute, requests: 100, errors }), parts());
    };
    expect(node.errors?.value).toBe(0);
    for (let hour = MONDAY_HOUR; hour < MONDAY_HOUR + 20; hour++) {
      add(hour, 2);
      const held = node.totals(hour * 60 + 59, 60);
      node.closeHour(hour, held, held);
    }
    expect(node.errors?.value).toBeCloseTo(0.02, 6);

    add(MONDAY_HOUR + 20, 90);
    node.closeHour(MONDAY_HOUR + 20, node.totals((MONDAY_HOUR + 20) * 60 + 59, 60), null);

    expect(node.errors?.value).toBeCloseTo(0.02, 6);
    expect(node.sum(COLUMN.errors, (MONDAY_HOUR + 20) * 60 + 59, 15)).toBe(0);
    expect(node.sum(COLUMN.errors, (MONDAY_HOUR + 20) * 60 + 59, 60)).toBe(90);
  });

  it("is of one user until a second one comes", () => {
    const key = aNode("key", "ci");
    expect(key.soleUser).toBeUndefined();
    key.add(aUse({ minute: MONDAY_MINUTE, user: "ada" }), parts());
    expect(key.soleUser).toBe("ada");
    key.add(aUse({ minute: MONDAY_MINUTE, user: "ben" }), parts());
    key.add(aUse({ minute: MONDAY_MINUTE, user: "ada" }), parts());
    expect(key.soleUser).toBeNull();
  });

  it("knows its children by level and name", () => {
    const team = aNode("team", "payments");
    const user = aNode("user", "ada", team);
    const key = aNode("key", "ada", team);

    expect(team.children("user").get("ada")).toBe(user);
    expect([...team.children("key").values()]).toEqual([key]);
    expect(team.children("tool").size).toBe(0);
    team.removeChild(user);
    expect(team.children("user").size).toBe(0);
    expect(team.children("key").size).toBe(1);
  });

  it("expects of a key with one user that user's part through it, and of a shared one what it has learnt", () => {
    const team = aNode("team", "payments");
    const user = aNode("user", "ada", team);
    const keys = ["k", "l"].map((name) => aNode("key", name, team));
    const first = MONDAY_MINUTE;
    for (let hour = 0; hour < 60; hour++) {
      keys.forEach((key, index) => {
        const use = aUse({
          minute: first + hour * 60,
          user: "ada",
          key: key.name,
          usd: 1 + 2 * index,
        });
        for (const node of [user, key]) node.add(use, parts());
      });
      for (const node of [user, ...keys]) {
        const held = node.totals(first + hour * 60 + 59, 60);
        node.closeHour(first / 60 + hour, held, held);
      }
    }
    const next = first / 60 + 60;
    expect(keys.map((key) => key.isTold)).toEqual([true, true]);
    expect(user.expected(HOUR.usd, next)).toBeCloseTo(4, 1);
    expect(keys.map((key) => key.expected(HOUR.usd, next))).toEqual([
      expect.closeTo(1, 0),
      expect.closeTo(3, 0),
    ]);

    expect(keys.map((key) => key.usd(next * 60 - 1, 60))).toEqual([1, 3]);
    keys[0]!.add(aUse({ minute: next * 60, user: "ben", key: "k" }), parts());
    expect(keys[0]!.isTold).toBe(false);
    expect(keys[0]!.expected(HOUR.usd, next)).toBe(0);
  });
});

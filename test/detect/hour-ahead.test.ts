import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { HourCentre } from "../../src/detect/baseline.ts";
import { dueBetween, prepareNextHour } from "../../src/detect/hour-ahead.ts";
import { SeriesNode } from "../../src/detect/series-node.ts";
import { aUse, MONDAY_MINUTE } from "../support/spend-stream.ts";

const nodes = Array.from({ length: 257 }, (_, one) => new SeriesNode("user", `u${one}`, null));

describe("dueBetween", () => {
  it("comes to every series once an hour, whichever minutes there are", () => {
    const steps = fc.array(fc.integer({ min: 1, max: 59 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(steps, (gaps) => {
        let minute = MONDAY_MINUTE;
        const times = new Map<SeriesNode, number>();
        const go = (to: number): void => {
          for (const node of dueBetween(nodes, minute, to)) {
            times.set(node, (times.get(node) ?? 0) + 1);
          }
          minute = to;
        };
        for (const gap of gaps) go(minute + gap);
        const hours = Math.floor((minute - MONDAY_MINUTE) / 60) + 1;
        // On to the end of the hour that runs.
        if (minute % 60 !== 59) go(MONDAY_MINUTE + hours * 60 - 1);

        expect(nodes.every((node) => times.get(node) === hours)).toBe(true);
      }),
    );
  });

  it("takes a small share of them a minute, and none while an hour is not settled", () => {
    for (let minute = MONDAY_MINUTE; minute < MONDAY_MINUTE + 60; minute++) {
      const due = dueBetween(nodes, minute - 1, minute).length;
      expect(due).toBeLessThanOrEqual(Math.ceil(nodes.length / 54));
      if (minute % 60 < 6) expect(due).toBe(0);
    }
  });

  it("is over with all of them after a silence of hours", () => {
    expect(dueBetween(nodes, MONDAY_MINUTE + 59, MONDAY_MINUTE + 7 * 60)).toHaveLength(0);
    const late = dueBetween(nodes, MONDAY_MINUTE + 30, MONDAY_MINUTE + 7 * 60 + 30);
    expect(new Set(late).size).toBe(nodes.length);
  });
});

describe("prepareNextHour", () => {
  const NOW = MONDAY_MINUTE + 8 * 1440 + 630;
  const hour = Math.floor(NOW / 60) + 1;

  class AskedNode extends SeriesNode {
    asked = 0;

    override centre(of: number): HourCentre {
      if (of === hour) this.asked++;
      return super.centre(of);
    }
  }

  function spending(usd: number, minute = NOW - 5): AskedNode {
    const node = new AskedNode("user", "ada", null);
    node.add(aUse({ minute, usd }));
    return node;
  }

  it("has the next hour worked out for a series that spends enough to be judged by it, and for no other", () => {
    const rich = spending(12);
    const poor = spending(9);
    const gone = spending(12, NOW - 90);

    for (const node of [rich, poor, gone]) prepareNextHour(node, NOW, 10);

    expect([rich, poor, gone].map(({ asked }) => asked)).toEqual([1, 0, 0]);
  });
});

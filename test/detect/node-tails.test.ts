import { BUSY, QUIET, REGIMES } from "../../src/detect/regimes.ts";
import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { NodeTails } from "../../src/detect/node-tails.ts";
import type { Peers } from "../../src/detect/peer-averages.ts";
import { seeded } from "../support/spend-stream.ts";

const PEERS: Peers = { usual: 2, between: 1, within: 0.25 };

interface Learnt {
  readonly slot: number;
  readonly residual: number;
  readonly value: number;
}

/** Lives through days, each with its largest value. */
function live(tails: NodeTails, values: readonly number[], peers = PEERS): Learnt[] {
  const learnt: Learnt[] = [];
  const turn = (day: number): void =>
    tails.turn(
      day,
      true,
      () => peers,
      (slot, residual, value) => learnt.push({ slot, residual, value }),
    );
  const first = tails.day + 1;
  turn(first);
  values.forEach((value, index) => {
    tails.note(0, value);
    turn(first + index + 1);
  });
  return learnt;
}

/** Normal around a mean. */
function days(count: number, mean: number, deviation: number, seed = 1): number[] {
  const random = seeded(seed);
  return Array.from(
    { length: count },
    () =>
      mean + deviation * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  );
}

describe("NodeTails", () => {
  it("knows only what peers say of a series without a day of its own, and is less sure than of a peer", () => {
    const tails = new NodeTails(2);

    expect(tails.residual(0, 2, PEERS)).toBeCloseTo(0, 6);
    // A peer's own deviation is a half; that of somebody unknown is more.
    expect(tails.residual(0, 2.5, PEERS)).toBeLessThan(0.5);
    expect(tails.residual(0, 2.5, PEERS)).toBeGreaterThan(0);
  });

  it("comes from its peers to its own usual day and spread, in a few weeks", () => {
    const tails = new NodeTails(1);
    const far = live(tails, days(40, 5, 0.2)).map(({ residual }) => residual);

    expect(far[0]).toBeGreaterThan(1);
    expect(tails.valueAt(0, 0, PEERS)).toBeGreaterThan(4.8);
    expect(tails.valueAt(0, 0, PEERS)).toBeLessThan(5.2);
    const deviation = tails.valueAt(0, 1, PEERS) - tails.valueAt(0, 0, PEERS);
    expect(deviation).toBeGreaterThan(0.2);
    expect(deviation).toBeLessThan(0.35);
    expect(tails.days(0)).toBe(40);
  });

  it("leans on its peers more the fewer days it has", () => {
    const distance = [1, 3, 10, 30].map((count) => {
      const tails = new NodeTails(1);
      live(tails, new Array<number>(count).fill(5));
      return 5 - tails.valueAt(0, 0, PEERS);
    });

    expect([...distance].sort((a, b) => b - a)).toEqual(distance);
    expect(distance[0]).toBeLessThan(3);
    expect(distance[3]).toBeLessThan(0.2);
  });

  it("tells each day's residual by what was known before that day", () => {
    const [one, other] = [new NodeTails(1), new NodeTails(1)];
    const before = days(10, 3, 0.3);
    live(one, before);
    live(other, before);

    const [told] = live(one, [9]);

    expect(told!.residual).toBeCloseTo(other.residual(0, Math.fround(9), PEERS), 4);
    expect(told!.value).toBe(9);
  });

  it("lets no single day move what is usual by more than an ordinary bad one", () => {
    fc.assert(
      fc.property(fc.double({ min: 10, max: 1e6, noNaN: true }), (wild) => {
        const [bad, worse] = [new NodeTails(1), new NodeTails(1)];
        live(bad, days(20, 3, 0.3));
        live(worse, days(20, 3, 0.3));
        const atMost = bad.valueAt(0, 3.5, PEERS);
        live(bad, [atMost]);
        live(worse, [wild]);

        expect(worse.usual(0)).toBeCloseTo(bad.usual(0), 3);
        expect(worse.variance(0)).toBeCloseTo(bad.variance(0), 3);
      }),
      { numRuns: 20 },
    );
  });

  it("gives with value and residual each other's inverse, at every age", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -2, max: 8, noNaN: true }), { maxLength: 40 }),
        fc.double({ min: -5, max: 12, noNaN: true }),
        (values, residual) => {
          const tails = new NodeTails(1);
          live(tails, values);
          const value = tails.valueAt(0, residual, PEERS);
          expect(tails.residual(0, value, PEERS)).toBeCloseTo(residual, 6);
        },
      ),
    );
  });

  it("calls nothing more regular than five per cent a day", () => {
    const tails = new NodeTails(1);
    live(tails, new Array<number>(500).fill(3), { usual: 3, between: 0, within: 0 });

    const deviation = tails.valueAt(0, 1, { usual: 3, between: 0, within: 0 }) - 3;
    expect(deviation).toBeCloseTo(0.05, 4);
  });

  it("keeps the largest of a day, and forgets a day that does not count", () => {
    const tails = new NodeTails(2);
    const learnt: Learnt[] = [];
    const turn = (day: number, counts = true): void =>
      tails.turn(
        day,
        counts,
        () => PEERS,
        (slot, residual, value) => learnt.push({ slot, residual, value }),
      );
    turn(1);
    for (const value of [1, 4, 2]) tails.note(1, value);
    expect(tails.today(1)).toBe(4);
    turn(1);
    expect(tails.today(1)).toBe(4);
    turn(2);
    expect(learnt.map(({ slot, value }) => [slot, value])).toEqual([[1, 4]]);
    expect(tails.today(1)).toBe(-Infinity);

    tails.note(1, 3);
    turn(3);
    tails.note(1, 90);
    turn(4, false);

    expect(learnt.map(({ value }) => value)).toEqual([4, 3]);
    expect(tails.days(1)).toBe(2);
    expect(tails.days(0)).toBe(0);
  });

  it("counts surprise from where one day in ten begins, anew each day", () => {
    const tails = new NodeTails(1);
    live(tails, [1]);
    expect(tails.isScaled(0)).toBe(false);
    tails.setScale(0, 7, 2);

    const values = [3, 6, 7, 8, 9, 11];
    expect(values.map((value) => tails.surprise(0, value))).toEqual([-1, 0.5, 1, 1.5, 2, 3]);
    live(tails, [1]);
    expect(tails.isScaled(0)).toBe(false);
  });

  it("keeps the day's most evidence, and of each statistic how surprising it was last", () => {
    const tails = new NodeTails(2 * REGIMES);
    live(tails, [1]);
    expect([tails.total, tails.families[2]]).toEqual([-1, -1]);
    tails.noteTotal(2);
    tails.noteTotal(1);
    tails.noteFamily(2, 0.5);
    tails.noteFamily(2, 0.25);
    tails.setLast(1, 3, QUIET);
    tails.bar = 4;

    expect([tails.total, tails.families[2], tails.bar]).toEqual([2, 0.5, 4]);
    expect([tails.last(0), tails.last(1)]).toEqual([0, 3]);
    expect([tails.lastRegime(0), tails.lastRegime(1)]).toEqual([BUSY, QUIET]);
    live(tails, [1]);
    expect([tails.total, tails.families[2], tails.bar]).toEqual([-1, -1, NaN]);
  });

  it("holds what was noted when it makes room for another slot", () => {
    const tails = new NodeTails(3 * REGIMES);
    for (let slot = 0; slot < 3 * REGIMES; slot++) {
      tails.note(slot, slot + 1);
      tails.setScale(slot, slot, 1);
    }

    for (let slot = 0; slot < 3 * REGIMES; slot++) {
      expect([tails.today(slot), tails.surprise(slot, slot + 2)]).toEqual([slot + 1, 3]);
    }
  });
});

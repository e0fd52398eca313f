import { describe, expect, it } from "@jest/globals";
import { Random } from "../../src/demo/random.ts";

const DRAWS = 50_000;

function mean(draw: () => number): number {
  let sum = 0;
  for (let index = 0; index < DRAWS; index++) sum += draw();
  return sum / DRAWS;
}

describe("Random", () => {
  it("gives the same numbers for the same seeds", () => {
    const left = new Random(7, 1, 2);
    const right = new Random(7, 1, 2);

    const numbers = Array.from({ length: 100 }, () => left.next());

    expect(Array.from({ length: 100 }, () => right.next())).toEqual(numbers);
    expect(new Set(numbers).size).toBe(100);
  });

  it.each([
    [
      [7, 1],
      [7, 2],
    ],
    [
      [1, 2],
      [2, 1],
    ],
    [[0], [2 ** 32]],
    [[-1], [1]],
    [[1], [1, 0]],
  ])("gives seeds %j and %j streams of their own", (left, right) => {
    const one = new Random(...left);
    const other = new Random(...right);

    expect(Array.from({ length: 4 }, () => one.next())).not.toEqual(
      Array.from({ length: 4 }, () => other.next()),
    );
  });

  it("is uniform: each twentieth holds its share", () => {
    const random = new Random(3);
    const counts = new Array<number>(20).fill(0);

    for (let index = 0; index < DRAWS; index++) counts[random.below(20)]!++;

    for (const count of counts) expect(Math.abs(count - DRAWS / 20)).toBeLessThan(250);
  });

  it("keeps the means it promises", () => {
    const random = new Random(4);

    expect(mean(() => random.poisson(2.5))).toBeCloseTo(2.5, 1);
    expect(mean(() => random.poisson(80))).toBeCloseTo(80, 0);
    expect(mean(() => random.exponential(3))).toBeCloseTo(3, 1);
    expect(mean(() => random.swing(0.8))).toBeCloseTo(1, 1);
    expect(mean(() => random.normal())).toBeCloseTo(0, 1);
    expect(mean(() => random.normal() ** 2)).toBeCloseTo(1, 1);
  });

  it("picks by weight, and never what weighs nothing", () => {
    const random = new Random(5);
    const items = [
      { name: "never", weight: 0 },
      { name: "seldom", weight: 1 },
      { name: "often", weight: 3 },
    ];

    const names = Array.from({ length: DRAWS }, () => random.weighted(items).name);

    expect(names).not.toContain("never");
    expect(names.filter((name) => name === "often").length / DRAWS).toBeCloseTo(0.75, 1);
  });

  it("refuses to pick from nothing", () => {
    expect(() => new Random(1).pick([])).toThrow("nothing to pick from");
  });
});

import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { TailPool } from "../../src/detect/tail-pool.ts";
import { seeded } from "../support/spend-stream.ts";

type Draw = (random: () => number) => number;

const normal: Draw = (random) =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
/** The largest of so many draws: what a day's maximum of a logarithm is like. */
const largestOf =
  (count: number): Draw =>
  (random) =>
    Math.max(...Array.from({ length: count }, () => normal(random))) - 1;
const exponential: Draw = (random) => -Math.log(1 - random()) - 1;
const logistic: Draw = (random) => {
  const chance = random();
  return 0.55 * Math.log(chance / (1 - chance));
};

function drawn(draw: Draw, count: number, seed: number): TailPool {
  const random = seeded(seed);
  const pool = new TailPool();
  for (let one = 0; one < count; one++) pool.add(draw(random));
  return pool;
}

/** Fresh days, none of which the pool has seen. */
function fresh(draw: Draw): number[] {
  const random = seeded(2);
  return Array.from({ length: 60_000 }, () => draw(random));
}

describe("TailPool", () => {
  it.each([
    ["exponential", exponential, 1 / 1.8],
    ["logistic", logistic, 1 / 2],
    // Lighter than exponential: it may be rarer than told, never more often.
    ["largest of six normal", largestOf(6), 1 / 20],
    ["normal", normal, 1 / 20],
  ] as const)("is gone beyond as often as it says, where days are %s", (_, draw, leastShare) => {
    const pool = drawn(draw, 20_000, 1);
    const days = fresh(draw);
    for (const surprise of [1.3, 2, 2.7]) {
      const bound = pool.residualAt(surprise);
      const share = days.filter((day) => day > bound).length / days.length;
      const told = 10 ** -surprise;
      expect(share).toBeLessThan(1.8 * told);
      expect(share).toBeGreaterThan(leastShare * told);
    }
  });

  it.each([0.01, 0.02])("is moved little by a share of %d wild days", (share) => {
    const random = seeded(5);
    const clean = drawn(exponential, 5_000, 3);
    const dirty = drawn(
      (chance) => (random() < share ? 5 + 500 * random() : exponential(chance)),
      5_000,
      3,
    );

    for (const surprise of [1.5, 2, 3]) {
      expect(dirty.residualAt(surprise)).toBeLessThan(1.9 * clean.residualAt(surprise));
      expect(dirty.residualAt(surprise)).toBeGreaterThan(0.95 * clean.residualAt(surprise));
    }
  });

  it("believes many days that the tail is lighter further out, and not that it is heavier", () => {
    const random = seeded(6);
    const [light, plain, heavy] = [new TailPool(), new TailPool(), new TailPool()];
    for (let one = 0; one < 20_000; one++) {
      const day = exponential(random);
      plain.add(day);
      // Beyond one day in thirty, half as far; or three times.
      light.add(day > 3.4 ? 3.4 + (day - 3.4) / 2 : day);
      heavy.add(day > 3.4 ? 3.4 + 3 * (day - 3.4) : day);
    }

    expect(light.residualAt(5) - light.residualAt(3)).toBeLessThan(0.7 * Math.log(100));
    expect(light.decade).toBeCloseTo(plain.decade, 0);
    for (const surprise of [2, 3, 5]) {
      expect(heavy.residualAt(surprise) / plain.residualAt(surprise)).toBeCloseTo(1, 0);
    }
  });

  it("waits for enough days before it believes those further out", () => {
    const random = seeded(6);
    const few = new TailPool();
    for (let one = 0; one < 900; one++) few.add(Math.min(4, exponential(random)));

    expect(few.residualAt(5) - few.residualAt(4)).toBeCloseTo(few.decade, 9);
  });

  it("does not grow with the size of the wild days", () => {
    const [large, huge] = [1e3, 1e9].map((size) => {
      const pool = drawn(exponential, 3_000, 3);
      for (let one = 0; one < 60; one++) pool.add(size);
      return pool;
    });

    expect(huge!.residualAt(4)).toBe(large!.residualAt(4));
  });

  it("says what holds in general before it has seen a day, and little else after a few", () => {
    const young = new TailPool();
    const few = drawn(() => 0, 5, 1);

    expect(young.count).toBe(0);
    expect(young.surprise(0)).toBe(0);
    // one day in ten beyond 1.5, one in forty beyond 2.5
    expect(young.surprise(2.5)).toBeCloseTo(Math.log10(40), 6);
    expect(few.residualAt(3) / young.residualAt(3)).toBeGreaterThan(0.9);
  });

  it("gives with surprise and residual each other's inverse, and never falls", () => {
    const pools = [new TailPool(), drawn(exponential, 2_000, 9), drawn(() => 0, 2_000, 9)];
    fc.assert(
      fc.property(
        fc.constantFrom(...pools),
        fc.double({ min: 1, max: 12, noNaN: true }),
        fc.double({ min: 0, max: 5, noNaN: true }),
        (pool, surprise, more) => {
          const residual = pool.residualAt(surprise);
          if (surprise > 1.001) expect(pool.surprise(residual)).toBeCloseTo(surprise, 6);
          expect(pool.residualAt(surprise + more)).toBeGreaterThanOrEqual(residual);
          expect(pool.surprise(residual + more)).toBeGreaterThanOrEqual(pool.surprise(residual));
        },
      ),
    );
  });

  it("follows days that have become wilder, for old ones count less and less", () => {
    const pool = drawn(exponential, 40_000, 1);
    const before = pool.residualAt(3);
    const random = seeded(2);
    for (let one = 0; one < 80_000; one++) pool.add(3 * exponential(random));

    expect(pool.residualAt(3)).toBeGreaterThan(2 * before);
    expect(pool.count).toBeLessThanOrEqual(40_000);
  });

  it("says nearly the same to who asked all the time and to who asks at the end", () => {
    const [asked, unasked] = [new TailPool(), new TailPool()];
    const random = seeded(5);
    for (let one = 0; one < 3_000; one++) {
      const day = exponential(random) * (1 + one / 1_000);
      for (const pool of [asked, unasked]) pool.add(day);
      asked.surprise(1);
    }

    expect(asked.residualAt(3) / unasked.residualAt(3)).toBeCloseTo(1, 1);
  });

  it("lays the tail through the days that held something, where most hold nothing", () => {
    const random = seeded(3);
    const pool = new TailPool({ from: 1.4, to: 2.1 }, true);
    for (let one = 0; one < 30_000; one++) {
      pool.add(one % 20 === 0 ? 2 + exponential(random) : 0);
    }
    // One day in twenty, and of those e to the power of −4 go 4 further.
    expect(pool.surprise(5)).toBeGreaterThan(Math.log10(20) + 4 * Math.LOG10E - 0.3);
    expect(pool.surprise(5)).toBeLessThan(Math.log10(20) + 4 * Math.LOG10E + 0.3);
    expect(pool.surprise(0.5)).toBe(0);
  });
});

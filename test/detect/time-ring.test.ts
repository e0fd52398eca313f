import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { TimeRing } from "../../src/detect/time-ring.ts";

const SLOTS = 20;
const addition = fc.record({
  // Late ones and long silences: buckets go back within the ring and before it, and jump ahead.
  step: fc.oneof(fc.integer({ min: -30, max: 3 }), fc.integer({ min: -5, max: 60 })),
  column: fc.integer({ min: 0, max: 2 }),
  value: fc.integer({ min: 0, max: 1000 }),
  tidy: fc.boolean(),
});
const range = fc.record({
  after: fc.integer({ min: -40, max: 5 }),
  length: fc.integer({ min: 0, max: 50 }),
});

describe("TimeRing", () => {
  it("sums what a list of all additions sums within the last slots", () => {
    fc.assert(
      fc.property(fc.array(addition, { maxLength: 300 }), range, (additions, { after, length }) => {
        const ring = new TimeRing(SLOTS, 3);
        const kept: { bucket: number; column: number; value: number }[] = [];
        let newest = -1;
        for (const { step, column, value, tidy } of additions) {
          const bucket = Math.max(0, (newest < 0 ? 1000 : newest) + step);
          if (bucket > newest - SLOTS) kept.push({ bucket, column, value });
          newest = Math.max(newest, bucket);
          if (value % 2 === 0) ring.add(bucket, column, value);
          else
            ring.addRow(
              bucket,
              Float64Array.from([0, 1, 2], (at) => (at === column ? value : 0)),
            );
          if (tidy) {
            ring.forget(newest);
            ring.reserve(column * 9);
          }
        }

        const from = newest + after;
        const to = from + length;
        const all = new Float64Array(4).fill(7);
        ring.sums(from, to, all);
        expect(all[3]).toBe(0);
        for (const column of [0, 1, 2]) {
          const expected = kept
            .filter((one) => one.column === column && one.bucket > newest - SLOTS)
            .filter(({ bucket }) => bucket > from && bucket <= to)
            .reduce((sum, { value }) => sum + value, 0);
          expect(ring.sum(column, from, to)).toBe(expected);
          expect(all[column]).toBe(expected);
        }
        expect(ring.newest).toBe(newest);
      }),
      { numRuns: 500 },
    );
  });

  it("ignores what is older than it reaches, and holds nothing before the first addition", () => {
    const ring = new TimeRing(3, 1);
    expect(ring.newest).toBe(-1);
    expect(ring.sum(0, -10, 10)).toBe(0);

    ring.add(100, 0, 1);
    ring.add(98, 0, 2);
    ring.add(97, 0, 4);

    expect(ring.sum(0, 0, 1000)).toBe(3);
    ring.add(101, 0, 8);
    expect(ring.sum(0, 0, 1000)).toBe(9);
  });

  it("forgets what a later bucket would push out, and keeps the rest", () => {
    const ring = new TimeRing(3, 1);
    for (const bucket of [100, 101, 102]) ring.add(bucket, 0, bucket);

    ring.forget(104);

    expect(ring.sum(0, 0, 1000)).toBe(102);
    expect(ring.newest).toBe(102);
    ring.forget(1000);
    expect(ring.sum(0, 0, 1000)).toBe(0);
    ring.add(1001, 0, 7);
    expect(ring.sum(0, 0, 1001)).toBe(7);
  });

  it("counts a late addition in its own bucket and in no other", () => {
    const ring = new TimeRing(60, 2);
    for (const bucket of [100, 101, 103, 104]) ring.add(bucket, 0, 1);

    ring.add(101, 0, 10);
    ring.add(102, 1, 5);
    ring.add(102, 0, 100);

    expect([100, 101, 102, 103, 104].map((one) => ring.sum(0, one - 1, one))).toEqual([
      1, 11, 100, 1, 1,
    ]);
    expect(ring.sum(0, 101, 104)).toBe(102);
    expect(ring.sum(1, 99, 104)).toBe(5);
    expect(ring.sum(1, 102, 104)).toBe(0);
    expect(ring.newest).toBe(104);
  });

  it("sums fractions to the same as adding them up, long after the first have fallen out", () => {
    const ring = new TimeRing(128, 1);
    const values = Array.from({ length: 20_000 }, (_, one) => 0.1 + (one % 7) * 1e-3);
    values.forEach((value, one) => {
      ring.add(one, 0, value);
      if (one % 60 === 0) ring.forget(one);
    });
    const last = values.length - 1;

    for (const window of [1, 5, 60, 120]) {
      const sum = values.slice(-window).reduce((total, value) => total + value, 0);
      expect(ring.sum(0, last - window, last)).toBeCloseTo(sum, 9);
    }
  });

  it("holds nothing, not a rounding error, where nothing was added", () => {
    const value = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 50 }), (values) => {
        const ring = new TimeRing(200, 2);
        values.forEach((one, index) => {
          ring.add(index, 0, one);
          ring.add(index, 1, 1);
        });
        const last = values.length - 1;
        for (let bucket = last + 1; bucket < last + 30; bucket++) ring.add(bucket, 1, 1);

        expect(ring.sum(0, last, last + 30)).toBe(0);
        expect(ring.sum(1, last, last + 29)).toBe(29);
      }),
    );
  });

  it("begins at zero again once all was forgotten", () => {
    const ring = new TimeRing(10, 1);
    ring.add(5, 0, 0.3);
    ring.forget(100);
    ring.reserve(60);
    ring.add(101, 0, 0.1);

    expect(ring.sum(0, 0, 200)).toBe(0.1);
    expect(ring.sum(0, 100, 101)).toBe(0.1);
  });
});

import { describe, expect, it } from "@jest/globals";
import { noiseOf, riseOver, totalAt } from "../../src/detect/measure.ts";

const TYPICAL = 10;
const NOISE = 5;

describe("riseOver", () => {
  it("is the logarithm of the ratio in working hours", () => {
    expect(riseOver(30, 30, TYPICAL, NOISE)).toBe(0);
    expect(riseOver(65, 30, TYPICAL, NOISE)).toBeCloseTo(Math.log(2), 12);
  });

  it("counts the same ratio for less where little is expected, as the root of what is", () => {
    const noon = riseOver(3 * 35 - NOISE, 30, TYPICAL, NOISE);
    const dawn = riseOver(3 * 8.75 - NOISE, 3.75, TYPICAL, NOISE);

    expect(dawn).toBeCloseTo(noon / 2, 12);
    expect(riseOver(0, 3.75, TYPICAL, NOISE)).toBeLessThan(0);
  });

  it("scales the chance of counts alike, whatever is expected", () => {
    // Four standard deviations of a Poisson count, above noise, differ by less than a third between two and sixteen mean hours; plain logarithms more than twofold.
    const far = (expected: number): number => expected + 4 * Math.sqrt(expected);
    const rises = [2, 4, 8, 16].map((part) => {
      const expected = part * TYPICAL;
      return riseOver(far(expected), expected, TYPICAL, NOISE);
    });

    expect(Math.max(...rises) / Math.min(...rises)).toBeLessThan(1.3);
    expect(Math.log(far(20) / 20) / Math.log(far(160) / 160)).toBeGreaterThan(2);
  });
});

describe("totalAt", () => {
  it("is the total that goes so far", () => {
    for (const expected of [0, 3, 30, 300]) {
      const total = totalAt(0.8, expected, TYPICAL, NOISE);
      expect(total).toBeGreaterThan(expected);
      expect(riseOver(total, expected, TYPICAL, NOISE)).toBeCloseTo(0.8, 12);
    }
  });
});

describe("noiseOf", () => {
  it("is half of what a mean window holds, and never less than the floor", () => {
    expect(noiseOf(TYPICAL, 0.5)).toBe(5);
    expect(noiseOf(0.2, 0.5)).toBe(0.5);
  });
});

import { describe, expect, it } from "@jest/globals";
import { measure, TINY, type Bench } from "./harness.ts";
import { tableOf } from "./table.ts";

const FEW = { warmUpMs: 1, rounds: 3, roundMs: 1 };
const BENCH: Bench = {
  name: "sums",
  question: "a number added",
  unit: "number",
  peer: "the same in words",
  variants: {
    spikewatch: () => Promise.resolve({ pass: () => 1 }),
    peer: () => Promise.resolve({ pass: () => 1 }),
  },
};

describe("measure", () => {
  it("counts the units of every round but not of the warm-up, and ends after the rounds asked for", async () => {
    let passes = 0;
    const work = {
      pass: () => {
        passes++;
        return 10;
      },
      notes: () => ({ passes }),
    };

    const measured = await measure(work, { ...TINY, rounds: 3 });

    expect(measured.units).toBe(30);
    expect(measured.notes).toEqual({ passes: 3 });
    expect(measured.minNs).toBeLessThanOrEqual(measured.medianNs);
  });
});

describe("measure of what happens once", () => {
  it("makes one pass, and none to warm up", async () => {
    let passes = 0;
    const measured = await measure({ isCold: true, pass: () => ++passes }, FEW);

    expect(passes).toBe(1);
    expect(measured.units).toBe(1);
  });
});

describe("tableOf", () => {
  it("puts both sides in a row, and the ratio of their best rounds", () => {
    const one = { units: 1, wallNs: 9, notes: { enginePeakMb: 400.25 } };
    const spikewatch = { ...one, medianNs: 1_000, minNs: 800 };
    const peer = { ...one, medianNs: 3_000, minNs: 2_000, notes: {} };

    const text = tableOf([{ bench: BENCH, measured: { spikewatch, peer } }]);

    expect(text).toContain(
      "| sums | a number added (per number) | 1,000 (800) | 1,000,000 | the same in words | 3,000 (2,000) | 2.50 |",
    );
    expect(text).toContain("- sums, spikewatch: wall 9 ns; enginePeakMb 400");
    expect(text).toContain("- sums, peer: wall 9 ns; nothing else");
  });

  it("says of each limit whether it held; a figure that is missing did not", () => {
    const one = { units: 1, medianNs: 1, minNs: 1, wallNs: 9 };
    const spikewatch = { ...one, notes: { seconds: 31, peakMb: 999 } };
    const bench = { ...BENCH, limits: { seconds: 30, peakMb: 1_000, rows: 1 } };

    const text = tableOf([{ bench, measured: { spikewatch, peer: { ...one, notes: {} } } }]);

    expect(text).toContain("- sums, seconds: 31 of at most 30: OVER");
    expect(text).toContain("- sums, peakMb: 999 of at most 1,000: held");
    expect(text).toContain("- sums, rows: NaN of at most 1: OVER");
  });
});

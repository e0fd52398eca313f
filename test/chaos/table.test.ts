import { describe, expect, it } from "@jest/globals";
import { quantile, tableOf } from "./table.ts";

const VERDICT = { records: 12_345, accepted: 12_000, duplicates: 45, lost: 0, double: 0 };
const ROW = { name: "n", fault: "f" };

describe("tableOf", () => {
  it("shows runs, events, what is lost and double, and how long recovery took", () => {
    const verdict = { ...VERDICT, differences: [] };
    const outcome = { runs: 3, verdict, recoveriesMs: [900, 3_000, 1_250] };

    expect(tableOf([{ ...ROW, outcome }]).split("\n")[2]).toBe(
      "| n: f | 3 | 12,345 | 0 | 0 | 1.3 s / 3.0 s |",
    );
  });

  it("says what is not exact, and what could not be played", () => {
    const verdict = { ...VERDICT, lost: 7, differences: ["a cell"] };
    const inexact = { ...ROW, outcome: { runs: 1, verdict, recoveriesMs: [] } };

    const [, , first, second] = tableOf([inexact, { ...ROW, outcome: "stuck" }]).split("\n");

    expect(first).toBe("| n: f (NOT EXACT) | 1 | 12,345 | 7 | 0 | – / – |");
    expect(second).toContain("FAILED");
  });
});

describe("quantile", () => {
  it("is a value that occurred", () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2);
    expect(quantile([4, 1, 3, 2], 1)).toBe(4);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

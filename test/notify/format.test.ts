import { describe, expect, it } from "@jest/globals";

import {
  formatClock,
  formatDuration,
  formatRatio,
  formatShare,
  formatTime,
  formatTimes,
  formatUsd,
  formatUsdPerHour,
  sparkline,
} from "../../src/notify/format.ts";

describe("formatUsd", () => {
  it.each([
    [0, "$0.00"],
    [0.001, "under $0.01"],
    [0.42, "$0.42"],
    [99.994, "$99.99"],
    [99.996, "$100"],
    [1_234.4, "$1,234"],
    [9_999.4, "$9,999"],
    [9_999.6, "$10.0k"],
    [12_345, "$12.3k"],
    [999_949, "$999.9k"],
    [999_951, "$1.00M"],
    [73_700_000, "$73.70M"],
    [2_500_000_000, "$2.50B"],
    [-1_234, "−$1,234"],
    [-0.001, "under $0.01"],
    [Number.NaN, "unknown"],
    [Infinity, "unknown"],
  ])("writes %d as %s", (usd, text) => {
    expect(formatUsd(usd)).toBe(text);
  });

  it("says an hour where it is a rate", () => {
    expect(formatUsdPerHour(12_300)).toBe("$12.3k/h");
  });
});

describe("ratios and shares", () => {
  it.each([
    [1_240, 198, "6.3×"],
    [120, 10, "12×"],
    [1, 2, "0.50×"],
    [5_000, 1, "over 1,000×"],
    [10, 0, ""],
    [10, 0.004, ""],
    [Number.NaN, 1, ""],
  ])("%d of %d is %j", (actual, expected, text) => {
    expect(formatRatio(actual, expected)).toBe(text);
  });

  it.each([
    [0.956, "96%"],
    [1, "100%"],
    [0.001, "under 1%"],
    [0, "0%"],
    [-0.12, "−12%"],
  ])("writes the share %d as %s", (share, text) => {
    expect(formatShare(share)).toBe(text);
  });

  it("has words for a ratio of anything", () => {
    expect([formatTimes(0), formatTimes(Number.NaN)]).toEqual(["0.0×", "unknown"]);
  });
});

describe("times", () => {
  it("says its zone", () => {
    const ms = Date.UTC(2026, 2, 4, 2, 41, 59);

    expect(formatTime(ms)).toBe("2026-03-04 02:41 UTC");
    expect(formatClock(ms)).toBe("02:41 UTC");
  });

  it.each([
    [-5, "0 s"],
    [40_400, "40 s"],
    [12 * 60_000, "12 min"],
    [3_599_999, "1 h"],
    [200 * 60_000, "3 h 20 min"],
    [47.5 * 3_600_000, "47 h 30 min"],
    [52 * 3_600_000, "2 d 4 h"],
  ])("writes %d ms as %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe("sparkline", () => {
  it("scales from zero to the largest", () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8)).toBe("▁▂▃▄▅▆▇█");
    expect(sparkline([0, 0], 8)).toBe("▁▁");
    expect(sparkline([], 8)).toBe("");
  });

  it("keeps a short spike visible when it folds many values into one bar", () => {
    const values = Array.from({ length: 288 }, (_, index) => (index === 200 ? 100 : 1));

    const line = sparkline(values, 48);

    expect(line).toHaveLength(48);
    expect(line.indexOf("█")).toBe(33);
    expect(line.replaceAll("▁", "")).toBe("█");
  });
});

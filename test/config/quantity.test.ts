import { describe, expect, it } from "@jest/globals";
import { byteSize, duration } from "../../src/config/quantity.ts";

describe("duration", () => {
  const any = duration({ minMs: 0, maxMs: 1e12 });

  it.each([
    ["250ms", 250],
    ["30s", 30_000],
    ["10m", 600_000],
    ["1.5h", 5_400_000],
    ["7d", 604_800_000],
    ["10 m", 600_000],
    [0, 0],
    ["0s", 0],
  ])("reads %p as %i ms", (text, ms) => {
    expect(any.parse(text)).toBe(ms);
  });

  it.each([10, "10", "10 minutes", "m", "-1s", "1e3s", "", null, "1m30s"])("refuses %p", (text) => {
    expect(any.safeParse(text).success).toBe(false);
  });

  it("keeps to its bounds", () => {
    const bounded = duration({ minMs: 1000, maxMs: 2000 });

    expect(["999ms", "1s", "2s", "2001ms"].map((one) => bounded.safeParse(one).success)).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});

describe("byteSize", () => {
  const any = byteSize({ min: 0, max: 1e12 });

  it.each([
    ["4MiB", 4_194_304],
    ["64KiB", 65_536],
    ["1GiB", 1_073_741_824],
    ["500kB", 500_000],
    ["1MB", 1_000_000],
    ["1.5 KiB", 1536],
    ["12B", 12],
  ])("reads %p as %i bytes", (text, bytes) => {
    expect(any.parse(text)).toBe(bytes);
  });

  it.each([4, "4", "4mib", "4M", "-1B", ""])("refuses %p", (text) => {
    expect(any.safeParse(text).success).toBe(false);
  });
});

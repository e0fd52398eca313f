import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { NOT_A_COUNT, readCount, readNanos, TOO_MANY } from "../../src/decode/number-readers.ts";

describe("readCount", () => {
  it.each([
    [0, 0],
    [-0, 0],
    [7, 7],
    [1e3, 1000],
    ["7", 7],
    ["007", 7],
    [undefined, 5],
    [null, 5],
    ["", 5],
  ])("reads %p as %p, absent as 5", (value, count) => {
    expect(Object.is(readCount(value, 5), count)).toBe(true);
  });

  it.each([2 ** 53, 2 ** 60, Infinity, "9".repeat(400)])("caps %p", (value) => {
    expect(readCount(value, 0)).toBe(TOO_MANY);
  });

  it.each([-1, 1.5, NaN, -Infinity, "-1", "1.0", "1e3", "+1", " 1", "NaN", "0x1", true, [], {}])(
    "refuses %p",
    (value) => {
      expect(readCount(value, 0)).toBe(NOT_A_COUNT);
    },
  );
});

describe("readNanos", () => {
  it.each([
    [0.1, 100_000_000],
    ["0.1", 100_000_000],
    [0.0431, 43_100_000],
    [1e-7, 100],
    ["1e-7", 100],
    ["1.5E2", 150e9],
    ["12.", 12e9],
    ["007.50", 7_500_000_000],
    ["0.0000000004", 0],
    ["0.0000000005", 1], // half up
    ["0.00000000149999", 1],
    ["5e-10", 1],
    ["4e-10", 0],
    ["5e-11", 0],
    ["1e-999", 0],
    ["0e999", 0],
    [0, 0],
    [-0, 0],
    ["4503599.627370496", 2 ** 52],
    ["4503599.627370497", 2 ** 52 + 1],
  ])("reads %p dollars as %p nano-dollars", (value, nanos) => {
    expect(Object.is(readNanos(value), nanos)).toBe(true);
  });

  it.each([1e300, "1e300", "99999999999999999999", Infinity])("finds %p too large", (value) => {
    expect(readNanos(value)).toBe(Infinity);
  });

  it.each([-1, -1e-9, "-1", "-0.00", "+1", "", ".5", "1,5", "$1", "NaN", "1e", "1e1234", true, {}])(
    "refuses %p",
    (value) => {
      expect(readNanos(value)).toBeNaN();
    },
  );

  it("is exact where binary fractions are not", () => {
    const decimal = fc.tuple(
      fc.integer({ min: 0, max: 4_000_000 }),
      fc.integer({ min: 0, max: 999_999_999 }),
    );
    fc.assert(
      fc.property(decimal, ([whole, nanos]) => {
        const text = `${whole}.${String(nanos).padStart(9, "0")}`;
        return BigInt(readNanos(text)) === BigInt(whole) * 10n ** 9n + BigInt(nanos);
      }),
    );
  });

  it("takes a number for the shortest text that gives it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 15 }), (nanos) => {
        const text = `${Math.floor(nanos / 1e9)}.${String(nanos % 1e9).padStart(9, "0")}`;
        return readNanos(Number(text)) === nanos;
      }),
    );
  });
});

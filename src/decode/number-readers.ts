const DECIMAL = /^(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;
const NANO_DIGITS = 9;

/** Not a count at all: not an integer, negative, not a number. */
export const NOT_A_COUNT = -1;
/** More digits than an integer can hold exactly. */
export const TOO_MANY = Number.MAX_SAFE_INTEGER;

/** A non-negative integer from a number or its digits; absent is `absent`. Never more than TOO_MANY. */
export function readCount(value: unknown, absent: number): number {
  if (typeof value === "number") {
    if (!(value >= 0) || Math.floor(value) !== value) return NOT_A_COUNT;
    return value < TOO_MANY ? value + 0 : TOO_MANY; // -0 becomes 0
  }
  if (value === undefined || value === null || value === "") return absent;
  if (typeof value !== "string" || value.length > 400 || !/^\d+$/.test(value)) return NOT_A_COUNT;
  return Math.min(Number(value), TOO_MANY);
}

/** No decimal number of at least 0. */
export const NOT_AN_AMOUNT = NaN;

/**
 * Integer nano-dollars from dollars as a decimal text or a number, rounded half-up once. A number is taken as the shortest text that
 * gives it, so 0.1 is a tenth. Infinity where it has more than 16 digits; NOT_AN_AMOUNT for anything else. Exact up to 2^53.
 */
export function readNanos(value: unknown): number {
  if (typeof value === "number") {
    if (!(value >= 0)) return NOT_AN_AMOUNT;
    if (value === Infinity) return Infinity; // what JSON.parse makes of 1e999
    // small whole dollars are exact as they are
    if (value <= 1_000_000 && Math.floor(value) === value) return value * 1e9 + 0; // -0 becomes 0
    return nanosOf(String(value));
  }
  return typeof value === "string" && value.length <= 400 ? nanosOf(value) : NOT_AN_AMOUNT;
}

function nanosOf(text: string): number {
  const match = DECIMAL.exec(text);
  if (match === null) return NOT_AN_AMOUNT;
  const [, whole = "", fraction = "", exponent = "0"] = match;
  return scaled(whole, fraction, Number(exponent) + NANO_DIGITS);
}

/** `whole.fraction` × 10^exponent as an integer, half-up. */
function scaled(whole: string, fraction: string, exponent: number): number {
  const digits = whole + fraction;
  const point = whole.length + exponent;
  if (point < 0) return 0;
  const kept = digits.slice(0, point).padEnd(Math.min(point, 2000), "0").replace(/^0+/, "");
  if (kept.length > 16) return Infinity;
  const roundsUp = digits.charCodeAt(point) >= 53; // NaN past the end
  return Number(kept) + (roundsUp ? 1 : 0);
}

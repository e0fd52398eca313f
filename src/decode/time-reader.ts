const DAY_MS = 86_400_000;
const ZERO = 48;
const NINE = 57;
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Doubles near today's nanoseconds are 256 apart: the number meant may be half of that later than the one that came. */
const HALF_STEP_MS = 128e-6;

/** Latest time that a ClickHouse `DateTime` can hold: 2106-02-07T06:28:15Z. */
export const MAX_TIME_MS = (2 ** 32 - 1) * 1000;

/** Milliseconds since the epoch from RFC 3339 text with a zone, epoch milliseconds or their digits; NaN for anything else. Parts of a millisecond are dropped. */
export function readTime(value: unknown): number {
  if (typeof value === "number") return Math.floor(value);
  if (typeof value !== "string") return NaN;
  return value.charCodeAt(4) === 45 ? readRfc3339(value) : readDigits(value);
}

/** Milliseconds from nanoseconds as OTLP writes them: digits or a number. NaN for anything else, and for OTLP's 0, which means unset. */
export function readUnixNanos(value: unknown): number {
  if (typeof value === "number") return value > 0 ? Math.floor(value / 1e6 + HALF_STEP_MS) : NaN;
  if (typeof value !== "string" || value.length > 20) return NaN;
  const nanos = readDigits(value);
  if (!(nanos > 0)) return NaN;
  // cut as text: nanoseconds of today do not fit a double
  return value.length > 6 ? Number(value.slice(0, -6)) : 0;
}

function readDigits(text: string): number {
  if (text.length === 0 || text.length > 20) return NaN;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < ZERO || code > NINE) return NaN;
  }
  return Number(text);
}

/** `YYYY-MM-DDTHH:MM:SS[.fraction](Z|±HH:MM)`; also with a small t or z, or a space for the T, as the RFC allows. */
function readRfc3339(text: string): number {
  const dayMs = readDate(text);
  const separator = text.charCodeAt(10) | 32; // t, T and space
  if (text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return NaN;
  if (separator !== 116 && separator !== 32) return NaN;
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  if (!(hour <= 23 && minute <= 59 && second <= 60)) return NaN;
  let end = 19;
  let millis = 0;
  if (text.charCodeAt(19) === 46) {
    end = endOfDigits(text, 20);
    if (end === 20) return NaN;
    millis = Number(text.slice(20, Math.min(end, 23)).padEnd(3, "0"));
  }
  const offset = readOffset(text, end);
  const minuteMs = dayMs + (hour * 60 + minute - offset) * 60_000;
  // a leap second ends a UTC day; it counts as the first second of the next, as in POSIX time
  if (second === 60 && mod(minuteMs, DAY_MS) !== DAY_MS - 60_000) return NaN;
  return minuteMs + second * 1000 + millis;
}

/** Milliseconds of the day's start, NaN where the date does not exist. Days from civil, after Howard Hinnant. */
function readDate(text: string): number {
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  if (!(month >= 1 && day >= 1 && day <= daysInMonth(year, month))) return NaN;
  if (text.charCodeAt(7) !== 45) return NaN;
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return (era * 146_097 + dayOfEra - 719_468) * DAY_MS;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)) return 29;
  return DAYS_IN_MONTH[month - 1] ?? 0;
}

/** Minutes east of UTC, NaN where there is no zone or something follows it. */
function readOffset(text: string, at: number): number {
  const sign = text.charCodeAt(at);
  if ((sign | 32) === 122) return text.length === at + 1 ? 0 : NaN;
  if (sign !== 43 && sign !== 45) return NaN;
  const hours = twoDigits(text, at + 1);
  const minutes = twoDigits(text, at + 4);
  const whole = text.length === at + 6 && text.charCodeAt(at + 3) === 58;
  if (!whole || !(hours <= 23 && minutes <= 59)) return NaN;
  return (sign === 45 ? -1 : 1) * (hours * 60 + minutes);
}

function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO;
  const ones = text.charCodeAt(at + 1) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN;
}

function endOfDigits(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) >= ZERO && text.charCodeAt(at) <= NINE) at++;
  return at;
}

function mod(value: number, by: number): number {
  return ((value % by) + by) % by;
}

import { readTime } from "../decode/time-reader.ts";

/** Epoch seconds of the year 5138, milliseconds of 1973: what lies between two such bounds has one meaning for any time since then. */
const MAX_SECONDS = 1e11;
const MAX_MILLIS = 1e14;
const MAX_MICROS = 1e17;
const NUMBER = /^[+-]?\d+(?:\.\d+)?$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const TO_THE_MINUTE = /^(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2})(Z|[+-]\d{2}:\d{2})?$/i;

/**
 * Milliseconds since the epoch from ISO 8601 or `YYYY-MM-DD hh:mm[:ss[.fraction]]` (without a zone: UTC), a date, or epoch seconds, milliseconds,
 * microseconds or nanoseconds told apart by their size. NaN for anything else.
 */
export function readTimestamp(text: string): number {
  if (NUMBER.test(text)) return readEpoch(Number(text));
  const zoned = readTime(text);
  if (!Number.isNaN(zoned)) return zoned;
  if (DATE.test(text)) return readTime(`${text}T00:00:00Z`);
  const [, minute, zone] = TO_THE_MINUTE.exec(text) ?? [];
  return minute === undefined ? readTime(`${text}Z`) : readTime(`${minute}:00${zone ?? "Z"}`);
}

function readEpoch(value: number): number {
  const size = Math.abs(value);
  if (size < MAX_SECONDS) return value * 1000;
  if (size < MAX_MILLIS) return value;
  return size < MAX_MICROS ? value / 1e3 : value / 1e6;
}

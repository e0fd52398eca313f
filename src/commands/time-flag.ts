import { readTime } from "../decode/time-reader.ts";
import { misuse } from "./flags.ts";

/** A point in time as a flag gives it, epoch ms; seconds may be left out. Throws AppError `usage` where it has no zone. */
export function timeOf(flag: string, text: string): number {
  const withSeconds = text.replace(/(T\d\d:\d\d)(Z|[+-]\d\d:\d\d)$/i, "$1:00$2");
  const timeMs = readTime(withSeconds);
  if (timeMs >= 0) return timeMs;
  throw misuse(`${flag} ${text} is no time with a zone: write it like 2026-11-20T09:00Z`);
}

import { HOUR } from "./hour-log.ts";
import type { SeriesNode } from "./series-node.ts";

/** A week is compared with the three before it: their middles lie two weeks apart. */
export const RECENT_HOURS = 168;
const BEFORE_HOURS = 504;
export const APART_DAYS = 14;

/** What a working day of the three weeks before was of one of the last week: 0 where there was none before. Holidays and weekends count for neither. */
export function weeksPart(node: SeriesNode, hour: number): number {
  const recent = workingHour(node, hour - RECENT_HOURS, hour);
  const before = workingHour(node, hour - RECENT_HOURS - BEFORE_HOURS, hour - RECENT_HOURS);
  return recent > 0 ? before / recent : 1;
}

/** ln(a working day of the last week / one of the three weeks before). 0 where there is none. */
export function weeklyRise(node: SeriesNode, hour: number): number {
  const part = weeksPart(node, hour);
  return part > 0 ? -Math.log(part) : 0;
}

/** Mean dollars of an hour of working days in [from, to). */
function workingHour({ log, hours }: SeriesNode, from: number, to: number): number {
  if (log === null) return 0;
  let usd = 0;
  const until = log.indexFrom(to);
  for (let index = log.indexFrom(from); index < until; index++) {
    if (hours.bin(log.hour(index)) < 24) usd += log.value(index, HOUR.usd);
  }
  let count = 0;
  for (let hour = from; hour < to; hour++) if (hours.bin(hour) < 24) count++;
  return count === 0 ? 0 : usd / count;
}

import { HOUR } from "./hour-log.ts";
import type { SeriesNode } from "./series-node.ts";

/** A week is compared with the three before it: their middles lie two weeks apart. */
export const RECENT_HOURS = 168;
const BEFORE_HOURS = 504;
export const APART_DAYS = 14;

/** What part of the last week the weeks before would make: nothing of a team that was not there. */
export function weeksPart(node: SeriesNode, hour: number): number {
  const before = workingHour(node, hour - RECENT_HOURS - BEFORE_HOURS, hour - RECENT_HOURS);
  return before > 0 ? Math.exp(-weeklyRise(node, hour)) : 0;
}

/** ln(a working day of the last week / one of the three weeks before). Holidays and weekends count for neither. 0 where there is none. */
export function weeklyRise(node: SeriesNode, hour: number): number {
  const recent = workingHour(node, hour - RECENT_HOURS, hour);
  const before = workingHour(node, hour - RECENT_HOURS - BEFORE_HOURS, hour - RECENT_HOURS);
  return recent > 0 && before > 0 ? Math.log(recent / before) : 0;
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

/** Local time of the simulated companies: a few zones with their rules of daylight saving, computed, so that nothing depends on the host. */
export const ZONES = {
  "Europe/Berlin": { offset: 60, rule: "eu" },
  "America/New_York": { offset: -300, rule: "us" },
  "Asia/Kolkata": { offset: 330, rule: "none" },
  "Asia/Tokyo": { offset: 540, rule: "none" },
} as const;
export type Zone = keyof typeof ZONES;

export const DAY = 1440;
/** Epoch day 0 was a Thursday. Sunday is 0. */
export function weekdayOf(epochDay: number): number {
  return (((epochDay + 4) % 7) + 7) % 7;
}

export function dateOf(epochDay: number): { year: number; month: number; day: number } {
  const at = new Date(epochDay * 86_400_000);
  return { year: at.getUTCFullYear(), month: at.getUTCMonth() + 1, day: at.getUTCDate() };
}

export function epochDayOf(year: number, month: number, day: number): number {
  return Math.floor(Date.UTC(year, month - 1, day) / 86_400_000);
}

export function isoDate(epochDay: number): string {
  return new Date(epochDay * 86_400_000).toISOString().slice(0, 10);
}

/** The n-th Sunday of a month (1 is the first), or the last for 0. */
function sunday(year: number, month: number, nth: number): number {
  if (nth === 0) {
    const last = epochDayOf(year, month + 1, 1) - 1;
    return last - weekdayOf(last);
  }
  const first = epochDayOf(year, month, 1);
  return first + ((7 - weekdayOf(first)) % 7) + (nth - 1) * 7;
}

/** Days of a year on which a zone's clocks change: [forward, back]; empty where they never do. */
export function clockChanges(zone: Zone, year: number): readonly number[] {
  const { rule } = ZONES[zone];
  if (rule === "eu") return [sunday(year, 3, 0), sunday(year, 10, 0)];
  return rule === "us" ? [sunday(year, 3, 2), sunday(year, 11, 1)] : [];
}

/** Epoch minute at which the local date begins; noon decides, so the night of a change is an hour off, as people's jobs are. */
export function midnight(zone: Zone, epochDay: number): number {
  const { offset } = ZONES[zone];
  const [forward, back] = clockChanges(zone, dateOf(epochDay).year);
  const summer =
    forward !== undefined && back !== undefined && epochDay >= forward && epochDay < back;
  return epochDay * DAY - offset - (summer ? 60 : 0);
}

/** Last day of the month that is no weekend. */
export function lastWorkday(epochDay: number): number {
  const { year, month } = dateOf(epochDay);
  let last = epochDayOf(year, month + 1, 1) - 1;
  while (weekdayOf(last) === 0 || weekdayOf(last) === 6) last--;
  return last;
}

/** Weeks start on Mondays; the year is drawn from, so that quarters differ in months' ends, holidays and clock changes. */
export function firstMonday(fromEpochDay: number): number {
  return fromEpochDay + ((8 - weekdayOf(fromEpochDay)) % 7);
}

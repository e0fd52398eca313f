/** What the clock on the wall says somewhere. */
export interface LocalHour {
  /** 0 to 23. */
  readonly hour: number;
  /** 0 is Monday, 6 is Sunday. */
  readonly weekday: number;
  /** Saturday or Sunday. */
  readonly isWeekend: boolean;
}

const DAY_MINUTES = 1440;
/** Offsets change on quarters of an hour, also on Lord Howe Island and where clocks are 45 minutes off. */
const SLOT_MINUTES = 15;
const SLOTS = DAY_MINUTES / SLOT_MINUTES;

/** One each, so that asking makes no garbage. */
const HOURS: readonly LocalHour[] = Array.from({ length: 7 * 24 }, (_, at) => {
  const weekday = Math.floor(at / 24);
  return Object.freeze({ hour: at % 24, weekday, isWeekend: weekday >= 5 });
});

/** Hour and day of the week of a minute of event time (minutes since the epoch, UTC). Throws RangeError where the zone is unknown. */
export function localHour(timezone: string, minute: number): LocalHour {
  const local = localMinute(timezone, minute);
  // Day 0 of the epoch was a Thursday.
  const weekday = modulo(Math.floor(local / DAY_MINUTES) + 3, 7);
  const hour = Math.floor(modulo(local, DAY_MINUTES) / 60);
  return HOURS[weekday * 24 + hour] as LocalHour;
}

/** Minutes on the wall, counted as if the zone were UTC: 1440 a day. In autumn an hour of them comes twice, in spring one never. */
export function localMinute(timezone: string, minute: number): number {
  let zone = zones.get(timezone);
  if (zone === undefined) zones.set(timezone, (zone = new Zone(timezone)));
  return minute + zone.offset(minute);
}

const zones = new Map<string, Zone>();

/** Offsets of one zone. The calendar of the runtime is slow to ask: two questions a day, and one a quarter of an hour on days that change the clock. */
class Zone {
  readonly #format: Intl.DateTimeFormat;
  /** By UTC day: its offset in minutes, or that of each quarter of an hour. */
  readonly #days = new Map<number, number | Int16Array>();
  #lastDay = NaN;
  #last: number | Int16Array = 0;

  constructor(timezone: string) {
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone: timezone,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
    });
  }

  /** Minutes to add to UTC. */
  offset(minute: number): number {
    const day = Math.floor(minute / DAY_MINUTES);
    if (day !== this.#lastDay) {
      this.#last = this.#days.get(day) ?? this.#readDay(day);
      this.#lastDay = day;
    }
    const found = this.#last;
    if (typeof found === "number") return found;
    return found[Math.floor((minute - day * DAY_MINUTES) / SLOT_MINUTES)] as number;
  }

  #readDay(day: number): number | Int16Array {
    const first = this.#ask(day * DAY_MINUTES);
    const same = first === this.#ask((day + 1) * DAY_MINUTES);
    const offsets = same
      ? first
      : Int16Array.from({ length: SLOTS }, (_, slot) =>
          this.#ask(day * DAY_MINUTES + slot * SLOT_MINUTES),
        );
    this.#days.set(day, offsets);
    return offsets;
  }

  #ask(minute: number): number {
    const part: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const { type, value } of this.#format.formatToParts(minute * 60_000)) {
      part[type] = Number(value);
    }
    const { year = 0, month = 1, day = 1, hour = 0, minute: minutes = 0 } = part;
    return Date.UTC(year, month - 1, day, hour, minutes) / 60_000 - minute;
  }
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}

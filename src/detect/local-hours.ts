import { factorAt } from "./calendar.ts";
import { localHour, localMinute } from "./local-time.ts";
import type { ScopeSettings } from "./settings.ts";

/** Hours of a working day, and of a weekend day or holiday. */
export const BINS = 48;
const DAY_HOURS = 24;
const DAY_MINUTES = 1440;
/** Hours that are kept: more than a week's window asks for. */
const KEPT = 512;
/** No hour: in a place where none is kept yet. */
const NEVER = -(2 ** 31);

/**
 * When people work: local time and calendar as the profile and the day's blocks need them. Hours and minutes are epoch hours and minutes. Answers are kept:
 * time zones are slow, and every window asks.
 */
export class LocalHours {
  readonly #settings: Pick<ScopeSettings, "calendar" | "timezone">;
  readonly #kept = new Int32Array(KEPT).fill(NEVER);
  readonly #bins = new Uint8Array(KEPT);
  readonly #planned = new Float32Array(KEPT);
  #dayHour = -1;
  #offset = 0;

  constructor(settings: Pick<ScopeSettings, "calendar" | "timezone">) {
    this.#settings = settings;
  }

  get calendar(): ScopeSettings["calendar"] {
    return this.#settings.calendar;
  }

  /** 0 to 23: an hour of a working day; 24 to 47: the same hour of a weekend day or holiday. */
  bin(hour: number): number {
    return this.#bins[this.#slot(hour)] as number;
  }

  /** How many times the normal is expected in an hour: 1, but for planned events. */
  planned(hour: number): number {
    return this.#planned[this.#slot(hour)] as number;
  }

  /** Whether a planned event makes the hour unlike others: what it holds is not learnt. */
  isSpecial(hour: number): boolean {
    return this.planned(hour) !== 1;
  }

  /** The local day of a minute, counted from 1970. */
  day(minute: number): number {
    const hour = Math.floor(minute / 60);
    if (hour !== this.#dayHour) {
      this.#dayHour = hour;
      this.#offset = localMinute(this.#settings.timezone, hour * 60) - hour * 60;
    }
    return Math.floor((minute + this.#offset) / DAY_MINUTES);
  }

  #slot(hour: number): number {
    const slot = ((hour % KEPT) + KEPT) % KEPT;
    if (this.#kept[slot] !== hour) {
      const minute = hour * 60;
      const factor = factorAt(this.#settings, minute);
      const local = localHour(this.#settings.timezone, minute);
      const isOff = local.isWeekend || factor.kind === "holiday";
      this.#bins[slot] = local.hour + (isOff ? DAY_HOURS : 0);
      this.#planned[slot] = factor.kind === "event" ? factor.expect : 1;
      this.#kept[slot] = hour;
    }
    return slot;
  }
}

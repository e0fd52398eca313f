import { eventLine } from "./event-line.ts";
import type { Random } from "./random.ts";
import type { Stream } from "./staff.ts";
import type { Usage } from "./turns.ts";

/** Collectors send within seconds; one event in a hundred waits for the next batch. Stays under the lateness of 2 min. */
const DELAY_MS = { usual: 3_000, slow: 35_000, slowShare: 0.01, longest: 110_000 };
/** Longer than any line: names are short and numbers have at most nine digits. */
const LONGEST_LINE = 1024;

/** When an event happened, or when a collector hands it on. */
export type LogTime = "happened" | "arrived";

/**
 * Events on their way to the log. The lines lie end to end in one buffer: a day of strings would cost more time in the
 * garbage collector than all the drawing.
 */
export class EventLog {
  length = 0;
  #times = { happened: new Float64Array(1024), arrived: new Float64Array(1024) };
  /** Where each line ends. */
  #ends = new Uint32Array(1024);
  #text = Buffer.allocUnsafe(1 << 18);

  /** `random` only delays: it draws no part of the event. */
  add(
    stream: Stream,
    at: { readonly timeMs: number; readonly id: string; readonly session: string },
    usage: Readonly<Usage>,
    random: Random,
  ): void {
    const mean = random.chance(DELAY_MS.slowShare) ? DELAY_MS.slow : DELAY_MS.usual;
    const delay = Math.min(random.exponential(mean), DELAY_MS.longest);
    const begin = this.#reserve(LONGEST_LINE);
    const size = this.#text.write(eventLine(stream, at, usage), begin, "latin1");
    this.#append(at.timeMs, at.timeMs + delay, begin + size);
  }

  time(index: number, which: LogTime): number {
    return this.#times[which][index] ?? 0;
  }

  /** A view of one event's line, its newline included. */
  line(index: number): Buffer {
    return this.#text.subarray(this.#begin(index), this.#ends[index]);
  }

  /** Indices of the events with `from` ≤ time < `to`, in order of that time. */
  order(which: LogTime, from: number, to: number): Uint32Array {
    const times = this.#times[which];
    const chosen = new Uint32Array(this.length);
    let count = 0;
    for (let index = 0; index < this.length; index++) {
      const time = times[index] ?? 0;
      if (time >= from && time < to) chosen[count++] = index;
    }
    return chosen
      .subarray(0, count)
      .sort((left, right) => (times[left] ?? 0) - (times[right] ?? 0));
  }

  /** Copies the events of `other` whose time is `from` or later. */
  take(other: EventLog, which: LogTime, from: number): void {
    for (const index of other.order(which, from, Number.POSITIVE_INFINITY)) {
      const line = other.line(index);
      const begin = this.#reserve(line.length);
      this.#text.set(line, begin);
      const end = begin + line.length;
      this.#append(other.time(index, "happened"), other.time(index, "arrived"), end);
    }
  }

  #begin(index: number): number {
    return index === 0 ? 0 : (this.#ends[index - 1] ?? 0);
  }

  #append(happened: number, arrived: number, end: number): void {
    this.#times.happened[this.length] = happened;
    this.#times.arrived[this.length] = arrived;
    this.#ends[this.length] = end;
    this.length++;
  }

  /** Makes room for one more event with a line of `bytes`, and tells where its line begins. */
  #reserve(bytes: number): number {
    const begin = this.#begin(this.length);
    if (this.length === this.#ends.length) {
      this.#times = {
        happened: grown(this.#times.happened, new Float64Array(this.length * 2)),
        arrived: grown(this.#times.arrived, new Float64Array(this.length * 2)),
      };
      this.#ends = grown(this.#ends, new Uint32Array(this.length * 2));
    }
    if (begin + bytes > this.#text.length) {
      this.#text = grown(this.#text, Buffer.allocUnsafe(this.#text.length * 2 + bytes));
    }
    return begin;
  }
}

function grown<T extends { set(from: ArrayLike<number>): void }>(
  old: T & ArrayLike<number>,
  bigger: T,
): T {
  bigger.set(old);
  return bigger;
}

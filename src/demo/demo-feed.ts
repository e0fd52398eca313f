import type { Clock } from "../runtime/clock.ts";
import type { Company } from "./company.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** How often a batch of the live day goes out, real ms. */
const BATCH_MS = 200;
/** The night passes quickly, the working day at a pace that can be watched. */
const MORNING_MS = 7 * HOUR_MS;
const NIGHT_SPEED = 9_000;
const DAY_SPEED = 600;

/** Midnight UTC of the last working day that is over: on a weekend hardly anybody works. */
export function lastWorkingDay(nowMs: number): number {
  let midnight = Math.floor(nowMs / DAY_MS) * DAY_MS - DAY_MS;
  while ([0, 6].includes(new Date(midnight).getUTCDay())) midnight -= DAY_MS;
  return midnight;
}

/** The company's past as a stream. */
// eslint-disable-next-line @typescript-eslint/require-await -- a source reads an async stream; this one has it all
export async function* historyFeed(company: Company): AsyncGenerator<Buffer> {
  yield* company.history();
}

/** The live day in time-lapse. `timeMs` is where the story stands; the stream ends at midnight, at `endMs`, or when `signal` aborts. */
export class LiveDayFeed {
  readonly #company: Company;
  readonly #startMs: number;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #timeMs: number;
  #endMs: number;

  constructor(options: {
    readonly company: Company;
    /** Midnight UTC of the live day. */
    readonly startMs: number;
    readonly clock: Clock;
    readonly signal: AbortSignal;
  }) {
    this.#company = options.company;
    this.#startMs = options.startMs;
    this.#clock = options.clock;
    this.#signal = options.signal;
    this.#timeMs = options.startMs;
    this.#endMs = options.startMs + DAY_MS;
  }

  /** Event time of the story, ms. */
  get timeMs(): number {
    return this.#timeMs;
  }

  /** Lets the stream end after this event time. */
  endAt(timeMs: number): void {
    this.#endMs = Math.min(this.#endMs, timeMs);
  }

  async *stream(): AsyncGenerator<string> {
    const day = this.#company.liveDay();
    let next = day.next();
    let lastRealMs = this.#clock.now();
    while (next.done !== true && !this.#signal.aborted && this.#timeMs < this.#endMs) {
      await this.#clock.sleep(BATCH_MS, this.#signal);
      const nowMs = this.#clock.now();
      this.#timeMs += (nowMs - lastRealMs) * this.#speed();
      lastRealMs = nowMs;
      const lines: string[] = [];
      for (; next.done !== true && next.value.timeMs <= this.#timeMs; next = day.next()) {
        lines.push(next.value.line);
      }
      if (lines.length > 0) yield lines.join("");
    }
  }

  #speed(): number {
    return this.#timeMs < this.#startMs + MORNING_MS ? NIGHT_SPEED : DAY_SPEED;
  }
}

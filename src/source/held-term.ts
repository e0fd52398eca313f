import type { Clock } from "../runtime/clock.ts";
import type { LeaderTerm } from "./leadership.ts";

/**
 * A term that counts only while it has been confirmed lately, by this process's own clock: what was true when a process was stopped is not true when it
 * goes on. A confirmation counts from when it was asked for, not from when the answer was seen.
 */
export class HeldTerm implements LeaderTerm {
  /** Who holds it, as the group calls it. */
  readonly memberId: string;
  readonly sinceMs: number;
  readonly #clock: Clock;
  readonly #holdMs: number;
  readonly #over = new AbortController();
  #confirmedMs: number;

  constructor(options: {
    readonly memberId: string;
    readonly clock: Clock;
    readonly holdMs: number;
    readonly askedMs: number;
  }) {
    this.memberId = options.memberId;
    this.#clock = options.clock;
    this.#holdMs = options.holdMs;
    this.sinceMs = options.askedMs;
    this.#confirmedMs = options.askedMs;
  }

  get lost(): AbortSignal {
    return this.#over.signal;
  }

  /** A clock that was set back proves nothing either. */
  isHeld(): boolean {
    const ageMs = this.#clock.now() - this.#confirmedMs;
    return !this.#over.signal.aborted && ageMs >= 0 && ageMs < this.#holdMs;
  }

  /** It was still ours when this was asked. */
  confirm(askedMs: number): void {
    this.#confirmedMs = askedMs;
  }

  end(): void {
    this.#over.abort();
  }
}

import type { Clock } from "../runtime/clock.ts";

const LOOKS = 12;

/**
 * Tells when something that should stir has been still for a while. It counts looks instead of comparing times, so that neither a jump of the
 * clock nor a stopped process looks like silence.
 */
export class Watchdog {
  readonly #clock: Clock;
  readonly #silenceMs: number;
  readonly #bark: () => void;
  #stirred = false;

  constructor(options: { clock: Clock; silenceMs: number; bark: () => void }) {
    this.#clock = options.clock;
    this.#silenceMs = options.silenceMs;
    this.#bark = options.bark;
  }

  /** It lives. */
  readonly stir = (): void => {
    this.#stirred = true;
  };

  /** Watches until `signal` aborts, or until it has barked. */
  async watch(signal: AbortSignal): Promise<void> {
    for (let still = 0; still < LOOKS; still++) {
      await this.#clock.sleep(this.#silenceMs / LOOKS, signal);
      if (signal.aborted) return;
      if (this.#stirred) still = -1;
      this.#stirred = false;
    }
    this.#bark();
  }
}

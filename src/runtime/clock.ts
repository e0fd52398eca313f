/**
 * The only place that knows the wall clock. Everything else is handed a `Clock`, so that tests, backtests and the
 * time-lapse demo decide what time it is.
 */
export interface Clock {
  /** Milliseconds since the epoch, UTC. */
  now(): number;
  /** Resolves after `ms` of this clock's time; at once, without an error, when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return realSleep(ms, signal);
  }
}

/** Runs `speed` times as fast as the wall clock from `startMs` on. The demo's live day is told on it. */
export class TimeLapseClock implements Clock {
  readonly #startMs: number;
  readonly #speed: number;
  readonly #realStartMs = Date.now();

  constructor(options: { startMs: number; speed: number }) {
    this.#startMs = options.startMs;
    this.#speed = options.speed;
  }

  now(): number {
    return this.#startMs + (Date.now() - this.#realStartMs) * this.#speed;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return realSleep(ms / this.#speed, signal);
  }
}

function realSleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal?.addEventListener("abort", finish, { once: true });
  });
}

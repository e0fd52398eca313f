import type { Clock } from "./clock.ts";
import { AppError } from "./errors.ts";

export interface RetryOptions {
  readonly clock: Clock;
  /** First pause; doubles up to `maxMs`. Half of each pause is random, so that many workers do not knock in step. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** Give up when this much time has passed. Omitted: only `signal` ends it. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  readonly random?: () => number;
  /** Told before each pause; log a failure here, once when it changes. */
  readonly onRetry?: (error: AppError, attempt: number, pauseMs: number) => void;
}

/** Calls `work` until it succeeds, fails for good (anything but a retryable AppError), or time or `signal` ends it. */
export async function retry<T>(
  work: (attempt: number) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const { clock, baseMs, maxMs, deadlineMs, signal, onRetry, random = Math.random } = options;
  const startedMs = clock.now();
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      const over = deadlineMs !== undefined && clock.now() - startedMs >= deadlineMs;
      if (!(error instanceof AppError) || !error.retryable || over || signal?.aborted === true) {
        throw error;
      }
      const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 30));
      const pauseMs = ceiling / 2 + (ceiling / 2) * random();
      onRetry?.(error, attempt, pauseMs);
      await clock.sleep(pauseMs, signal);
    }
  }
}

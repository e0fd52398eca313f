import { describe, expect, it } from "@jest/globals";
import { AppError } from "../../src/runtime/errors.ts";
import { retry, type RetryOptions } from "../../src/runtime/retry.ts";
import { ManualClock } from "../support/manual-clock.ts";

const trouble = new AppError("no answer", { code: "store_unavailable", retryable: true });

/** Fails `times` times, then gives how often it was called. */
function failing(times: number, error: unknown = trouble): (attempt: number) => Promise<number> {
  return (attempt) => {
    if (attempt > times) return Promise.resolve(attempt);
    throw error;
  };
}

function started<T>(work: (attempt: number) => Promise<T>, options: Partial<RetryOptions> = {}) {
  const clock = new ManualClock(0);
  const pauses: number[] = [];
  const result = retry(work, {
    clock,
    baseMs: 100,
    maxMs: 1_000,
    random: () => 1,
    onRetry: (_error, _attempt, pauseMs) => pauses.push(pauseMs),
    ...options,
  });
  result.catch(() => undefined);
  return { clock, pauses, result };
}

describe("retry", () => {
  it("gives the first success, and asks no more", async () => {
    const { result, clock } = started(failing(0));

    await expect(result).resolves.toBe(1);
    expect(clock.sleeping).toBe(0);
  });

  it("doubles its pauses up to the longest", async () => {
    const { result, clock, pauses } = started(failing(6));
    await clock.advance(0);

    await clock.advance(60_000);

    await expect(result).resolves.toBe(7);
    expect(pauses).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  it("makes half of each pause random, so that many do not knock in step", async () => {
    const { clock, pauses } = started(failing(2), { random: () => 0 });
    await clock.advance(0);

    await clock.advance(1_000);

    expect(pauses).toEqual([50, 100]);
  });

  it.each([
    ["an error that cannot get better", new AppError("refused", { code: "store_refused" })],
    ["an error of our own", new TypeError("undefined is not a function")],
  ])("throws %s at once", async (_, error) => {
    const { result, pauses } = started(failing(1, error));

    await expect(result).rejects.toBe(error);
    expect(pauses).toEqual([]);
  });

  it("throws the last error when its time is over", async () => {
    const { result, clock, pauses } = started(failing(100), { deadlineMs: 1_000 });
    await clock.advance(0);

    await clock.advance(5_000);

    await expect(result).rejects.toBe(trouble);
    expect(pauses.length).toBe(4);
  });

  it("ends a pause when the signal aborts, after one last try", async () => {
    const abort = new AbortController();
    let calls = 0;
    const work = (attempt: number): Promise<number> => {
      calls = attempt;
      return failing(100)(attempt);
    };
    const { result, clock } = started(work, { signal: abort.signal });
    await clock.advance(0);

    abort.abort();

    await expect(result).rejects.toBe(trouble);
    expect(calls).toBe(2);
  });
});

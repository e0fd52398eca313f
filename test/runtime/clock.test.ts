import { describe, expect, it } from "@jest/globals";
import { SystemClock, TimeLapseClock } from "../../src/runtime/clock.ts";

const START = Date.UTC(2026, 9, 30);

describe("SystemClock", () => {
  it("ends a sleep at once when the signal aborts, without an error", async () => {
    const abort = new AbortController();
    const clock = new SystemClock();
    const startedMs = clock.now();

    const asleep = clock.sleep(60_000, abort.signal);
    abort.abort();
    await asleep;
    await clock.sleep(60_000, abort.signal);

    expect(clock.now() - startedMs).toBeLessThan(10_000);
  });
});

describe("TimeLapseClock", () => {
  it("runs as many times as fast as it is told, from where it is told", async () => {
    const clock = new TimeLapseClock({ startMs: START, speed: 10_000 });

    await clock.sleep(200_000);

    const passedMs = clock.now() - START;
    expect(passedMs).toBeGreaterThanOrEqual(190_000);
  });
});

import { describe, expect, it } from "@jest/globals";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { Fencing } from "../../src/workers/fencing.ts";
import { ManualClock } from "../support/manual-clock.ts";

function fencing(random: number) {
  const clock = new ManualClock();
  const abort = new AbortController();
  const resumed: number[] = [];
  const metrics = new Metrics();
  const parts = new Fencing({
    clock,
    logger: silentLogger,
    metrics,
    everyMs: 1_000,
    signal: abort.signal,
    resume: () => resumed.push(clock.now()),
    random: () => random,
  });
  return { parts, clock, abort, resumed, metrics };
}

describe("Fencing", () => {
  it("reads again at once after a takeover", async () => {
    const { parts, clock, resumed, metrics } = fencing(1);

    expect(parts.superseded([])).toBe(true);

    await clock.advance(60_000);
    expect(resumed).toEqual([]);
    expect((await metrics.commitSuperseded.get()).values[0]?.value).toBe(1);
  });

  it("waits longer each time that it comes second in a row, ten seconds at most", async () => {
    const { parts, clock, resumed } = fencing(1);
    parts.superseded([]);

    const pauses: number[] = [];
    for (let turn = 0; turn < 6; turn++) {
      const fromMs = clock.now();
      expect(parts.superseded([])).toBe(false);
      await clock.advance(20_000);
      pauses.push(resumed.at(-1)! - fromMs);
    }

    expect(pauses).toEqual([2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
  });

  it("waits at random, so that of two that do the same one is first", async () => {
    const { parts, clock, resumed } = fencing(0.25);
    parts.superseded([]);

    parts.superseded([]);
    await clock.advance(499);
    expect(resumed).toEqual([]);
    await clock.advance(1);

    expect(resumed).toHaveLength(1);
  });

  it("forgets about it once a commit of its own is stored", () => {
    const { parts } = fencing(1);
    parts.superseded([]);
    parts.superseded([]);

    parts.stored();

    expect(parts.superseded([])).toBe(true);
  });

  it("does not read again after the end", async () => {
    const { parts, abort, clock, resumed } = fencing(1);
    parts.superseded([]);
    parts.superseded([]);

    abort.abort();
    await clock.advance(60_000);

    expect(resumed).toEqual([]);
  });
});

import { describe, expect, it } from "@jest/globals";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { Fencing } from "../../src/workers/fencing.ts";
import { ManualClock } from "../support/manual-clock.ts";

function fencing(random: number, everyMs = 1_000) {
  const clock = new ManualClock();
  const metrics = new Metrics();
  const options = { clock, logger: silentLogger, metrics, everyMs, random: () => random };
  return { parts: new Fencing(options), clock, metrics };
}

describe("Fencing", () => {
  it("reads again at once after a takeover", async () => {
    const { parts, metrics } = fencing(0.5);

    expect(parts.superseded([])).toBe(0);

    expect((await metrics.commitSuperseded.get()).values[0]?.value).toBe(1);
  });

  it.each([
    { random: 0, everyMs: 400, pauseMs: 10_000 },
    { random: 0.5, everyMs: 400, pauseMs: 15_000 },
    { random: 0.5, everyMs: 5_000, pauseMs: 30_000 },
  ])(
    "leaves the other one a turn of $pauseMs ms when it comes second again, at flushes of $everyMs ms",
    async ({ random, everyMs, pauseMs }) => {
      const { parts, clock } = fencing(random, everyMs);
      parts.superseded([]);

      await clock.advance(119_000);

      expect(parts.superseded([])).toBe(pauseMs);
    },
  );

  it("takes it for a takeover once more when two minutes have passed", async () => {
    const { parts, clock } = fencing(0.5);
    parts.superseded([]);
    parts.superseded([]);

    await clock.advance(121_000);

    expect(parts.superseded([])).toBe(0);
  });

  it("takes it for a takeover once more after a rebalance, which may have been the cause", () => {
    const { parts } = fencing(0.5);
    parts.superseded([]);

    parts.rebalanced();

    expect([parts.superseded([]), parts.superseded([])]).toEqual([0, 15_000]);
  });
});

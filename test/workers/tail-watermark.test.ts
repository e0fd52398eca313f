import { describe, expect, it } from "@jest/globals";
import type { SeenPosition } from "../../src/store/rows.ts";
import { TailWatermark } from "../../src/workers/tail-watermark.ts";

const START = Date.UTC(2026, 10, 3, 12);
const LATENESS = 120_000;
const IDLE = 30_000;

function aWatermark(): TailWatermark {
  return new TailWatermark({ latenessMs: LATENESS, idleAfterMs: IDLE, nowMs: START });
}

const at = (partition: number, more: Partial<SeenPosition> = {}): SeenPosition => ({
  topic: "t",
  partition,
  incarnation: 0,
  endOffset: 10,
  maxEventMs: START - 1_000,
  arrivedMs: START,
  ...more,
});

const logs = (...highs: readonly number[]): Map<string, { low: number; high: number }> =>
  new Map(highs.map((high, partition) => [`t/${partition}`, { low: 0, high }]));

describe("TailWatermark", () => {
  it("is the slowest partition's newest event, less the lateness", () => {
    const watermark = aWatermark();
    expect(watermark.current(START)).toBe(-1);

    watermark.saw([at(0), at(1, { maxEventMs: START - 9_000 })], START);

    expect(watermark.current(START)).toBe(START - 9_000 - LATENESS);
  });

  it("does not wait for a partition that gives nothing and of which the broker holds no more", () => {
    const watermark = aWatermark();
    watermark.saw([at(0), at(1, { maxEventMs: START - 9_000 })], START);
    watermark.heard(logs(10, 10), START);

    watermark.saw([at(0, { endOffset: 20, maxEventMs: START + IDLE })], START + IDLE);
    watermark.heard(logs(20, 10), START + IDLE);

    expect(watermark.current(START + IDLE)).toBe(START + IDLE - LATENESS);
  });

  it("waits for a partition whose records nobody has counted, however long that takes", () => {
    const watermark = aWatermark();
    watermark.saw([at(0), at(1, { maxEventMs: START - 9_000 })], START);

    for (let nowMs = START; nowMs < START + 10 * IDLE; nowMs += 5_000) {
      const endOffset = 10 + (nowMs - START) / 1_000;
      watermark.saw([at(0, { endOffset, maxEventMs: nowMs })], nowMs);
      watermark.heard(logs(endOffset, 400), nowMs);
      expect(watermark.current(nowMs)).toBe(START - 9_000 - LATENESS);
    }
  });

  it("follows the clock while all is silent and counted, and stands still while nothing is known of the broker", () => {
    const watermark = aWatermark();
    watermark.saw([at(0)], START);
    const silentMs = START + 600_000;
    watermark.heard(logs(10), silentMs);
    expect(watermark.current(silentMs)).toBe(silentMs - IDLE - LATENESS);

    const blindMs = silentMs + 60_000;
    expect(watermark.current(blindMs)).toBe(silentMs - IDLE - LATENESS);
    const knownMs = blindMs + IDLE;
    watermark.heard(logs(10), knownMs);

    expect(watermark.current(knownMs)).toBe(knownMs - IDLE - LATENESS);
  });

  it("does not take a partition for silent of which nothing was ever counted", () => {
    const watermark = aWatermark();
    watermark.saw([at(0)], START);
    const laterMs = START + 600_000;

    watermark.heard(logs(10, 5), laterMs);
    expect(watermark.current(laterMs)).toBe(START - 1_000 - LATENESS);
    // Retention has emptied it.
    watermark.heard(
      new Map([
        ["t/0", { low: 0, high: 10 }],
        ["t/1", { low: 5, high: 5 }],
      ]),
      laterMs,
    );

    expect(watermark.current(laterMs)).toBe(laterMs - IDLE - LATENESS);
  });

  it("is not held up by what was stored long before it looked", () => {
    const watermark = aWatermark();

    watermark.saw([at(0), at(7, { maxEventMs: START - 9e8, arrivedMs: START - 9e8 })], START);

    expect(watermark.current(START)).toBe(START - 1_000 - LATENESS);
  });
});

import { describe, expect, it } from "@jest/globals";
import { Watermark } from "../../src/reduce/watermark.ts";

const options = { latenessMs: 2_000, idleAfterMs: 30_000 };

describe("Watermark", () => {
  it("is the slowest partition's progress minus the lateness", () => {
    const watermark = new Watermark(options);
    watermark.observe(0, 50_000, 0);
    watermark.observe(1, 20_000, 0);

    expect(watermark.current(1)).toBe(18_000);
    expect(watermark.ofPartition(0)).toBe(48_000);
  });

  it("leaves an idle partition behind after its time-out", () => {
    const watermark = new Watermark(options);
    watermark.observe(0, 50_000, 30_000);
    watermark.observe(1, 20_000, 0);

    expect(watermark.current(29_999)).toBe(18_000);
    expect(watermark.current(30_000)).toBe(48_000);
  });

  it("never runs backwards when the idle partition wakes with old events", () => {
    const watermark = new Watermark(options);
    watermark.observe(0, 50_000, 30_000);
    watermark.observe(1, 20_000, 0);
    watermark.current(30_000);

    watermark.observe(1, 21_000, 30_001);

    expect(watermark.current(30_001)).toBe(48_000);
  });

  it("follows the wall clock when every partition is silent", () => {
    const watermark = new Watermark(options);
    watermark.observe(0, 1_000, 1_000);

    expect(watermark.current(100_000)).toBe(100_000 - 30_000 - 2_000);
  });

  it("stands still in silence while a backlog waits to be read", () => {
    const watermark = new Watermark(options);
    watermark.observe(0, 10_000, 10_000);

    expect(watermark.current(100_000, false)).toBe(8_000);
  });

  it("does not call silence idleness while the worker holds the source back", () => {
    const watermark = new Watermark(options);
    watermark.observe(0, 50_000, 0);
    watermark.heldBack(40_000);

    expect(watermark.current(40_001)).toBe(48_000);
  });

  it("leaves an idle partition behind also while the others' flushes go on, unless its log holds more", () => {
    const [idle, behind] = [new Watermark(options), new Watermark(options)];
    for (const watermark of [idle, behind]) {
      watermark.observe(0, 20_000, 0);
      for (let nowMs = 0; nowMs <= 40_000; nowMs += 2_000) {
        watermark.observe(1, 50_000 + nowMs, nowMs);
        watermark.heldBack(10, watermark === behind ? new Set([0]) : new Set());
      }
    }

    expect(idle.current(40_000)).toBe(88_000);
    expect(behind.current(40_000)).toBe(18_000);
  });

  it("is -1 before the first event", () => {
    const watermark = new Watermark(options);
    watermark.observe(0, -1, 0);

    expect(watermark.current(99_000)).toBe(-1);
    expect(watermark.ofPartition(0)).toBe(-1);
  });
});

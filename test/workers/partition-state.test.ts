import { describe, expect, it } from "@jest/globals";
import { DedupeWindow } from "../../src/reduce/dedupe-window.ts";
import { Watermark } from "../../src/reduce/watermark.ts";
import type { Checkpoint } from "../../src/store/store.ts";
import {
  assignedState,
  firstRecordFrom,
  hasProgress,
  lagOf,
  stepOf,
  type PartitionState,
} from "../../src/workers/partition-state.ts";
import { MemoryLog } from "../support/memory-log.ts";

const PARTITION = { topic: "token-usage", partition: 3 };
const CHECKPOINT: Checkpoint = {
  ...PARTITION,
  incarnation: 2,
  firstOffset: 10,
  endOffset: 50,
  watermarkMs: 1_000,
  maxEventMs: 3_000,
  tailOffset: 40,
  tailProgressMs: 900,
  fingerprint: "crc",
  writer: "w",
};

function aState(changes: Partial<PartitionState> = {}): PartitionState {
  return {
    ...assignedState(PARTITION, 0, { checkpoint: CHECKPOINT, highWatermark: -1 }),
    ...changes,
  };
}

describe("assignedState", () => {
  it("reads from the tail and counts from the end of what is stored", () => {
    expect(aState()).toMatchObject({
      next: 40,
      resumeAt: 50,
      committedEnd: 50,
      incarnation: 2,
      maxEventMs: 3_000,
      fingerprint: "crc",
    });
  });

  it("starts at nothing where nothing is stored", () => {
    expect(assignedState(PARTITION, 1, { checkpoint: null, highWatermark: -1 })).toMatchObject({
      next: 0,
      resumeAt: 0,
      committedEnd: null,
      startedAt: null,
      maxEventMs: -1,
    });
  });
});

describe("hasProgress", () => {
  it.each([
    ["still re-reading the tail", { next: 45 }, false],
    ["just come to the end of it", { next: 50 }, false],
    ["a record beyond", { next: 51 }, true],
    ["lost meanwhile", { next: 51, assigned: false }, false],
    ["never read, nothing stored", { committedEnd: null, startedAt: null, next: 0 }, false],
    ["its first record read", { committedEnd: null, startedAt: 7, next: 8, resumeAt: 0 }, true],
  ])("of a partition that is %s", (_, changes, expected) => {
    expect(hasProgress(aState(changes))).toBe(expected);
  });
});

describe("stepOf", () => {
  it("points the tail at the end where no id is held", () => {
    const dedupe = new DedupeWindow({ windowMs: 600_000, maxIds: 10 });
    dedupe.advance(0, 5_000);
    const watermark = new Watermark({ latenessMs: 1_000, idleAfterMs: 1_000 });
    watermark.observe(0, 5_000, 0);

    expect(stepOf(aState({ next: 60, maxEventMs: 5_000 }), dedupe, watermark)).toMatchObject({
      ...PARTITION,
      incarnation: 2,
      expectedEnd: 50,
      firstOffset: 50,
      endOffset: 60,
      tailOffset: 60,
      tailProgressMs: 5_000,
      watermarkMs: 4_000,
      maxEventMs: 5_000,
    });
  });
});

describe("lagOf", () => {
  it("adds up what is ours and known", () => {
    const states = [
      aState({ highWatermark: 100, next: 60 }),
      aState({ highWatermark: 10, next: 10 }),
      aState({ highWatermark: 1_000, next: 0, assigned: false }),
      aState({ highWatermark: -1 }),
    ];

    expect(lagOf(states)).toEqual({ partitions: 3, lagRecords: 40 });
  });

  it("does not know where no source has an end", () => {
    expect(lagOf([aState()])).toEqual({ partitions: 1, lagRecords: null });
  });

  it("counts no record before the checkpoint, which is only read again", () => {
    expect(lagOf([aState({ next: 40, highWatermark: 52 })])).toEqual({
      partitions: 1,
      lagRecords: 2,
    });
  });
});

describe("firstRecordFrom", () => {
  it.each([
    [0, 0],
    [10, 0],
    [11, 1],
    [13, 3],
    [99, 3],
  ])("finds the first record at or after offset %i", (offset, index) => {
    const records = new MemoryLog({ firstOffset: 10 }).write([null, null, null]).read(0, 10, 9);

    expect(firstRecordFrom(records, offset)).toBe(index);
  });
});

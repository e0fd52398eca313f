import { describe, expect, it } from "@jest/globals";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { Backlog } from "../../src/workers/backlog.ts";
import type { LogEnds } from "../../src/workers/tail-watermark.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MemoryCommits } from "../support/memory-tail.ts";

const NOW_MS = 1_800_000_000_000;

/** Two partitions of which `held` records wait; one record a use, one use a commit. */
function aBacklog(held: readonly [number, number], logEnds?: () => Promise<LogEnds>) {
  const clock = new ManualClock(NOW_MS);
  const commits = new MemoryCommits();
  const ends = new Map(held.map((high, index) => [`token-usage/${index}`, { low: 0, high }]));
  let asked = 0;
  const backlog = new Backlog({
    newTail: () => commits.tail(),
    logEnds: logEnds ?? (() => Promise.resolve(asked++ === 0 ? ends : new Map())),
    clock,
    logger: silentLogger,
  });
  const stopping = new AbortController();
  let isOver = false;
  const over = backlog.counted(stopping.signal).then(() => (isOver = true));
  const count = (partition: number, records: number): void => {
    for (let one = 0; one < records; one++) commits.add([], { arrivedMs: clock.now(), partition });
  };
  const pass = async (seconds: number): Promise<boolean> => {
    for (let one = 0; one < seconds; one++) {
      await clock.advance(1_000);
      await clock.advance(0);
    }
    return isOver;
  };
  return { backlog, commits, count, pass, stop: () => stopping.abort(), over };
}

describe("Backlog", () => {
  it("waits until every partition is counted as far as it went at the start", async () => {
    const { backlog, count, pass } = aBacklog([3, 2]);
    expect(await pass(1)).toBe(false);
    expect(backlog.records).toBe(5);

    count(0, 3);
    expect(await pass(2)).toBe(false);
    expect(backlog.records).toBe(2);
    count(1, 2);

    expect(await pass(2)).toBe(true);
    expect(backlog.records).toBe(0);
  });

  it("waits for nothing where nothing waits, and where the broker tells nothing", async () => {
    expect(await aBacklog([0, 0]).pass(1)).toBe(true);
    const silent = aBacklog([3, 2], () => Promise.reject(new Error("no broker")));
    expect(await silent.pass(1)).toBe(true);
  });

  it("does not wait for what was deleted before it was read", async () => {
    const ends = new Map([["token-usage/0", { low: 7, high: 7 }]]);
    expect(await aBacklog([0, 0], () => Promise.resolve(ends)).pass(1)).toBe(true);
  });

  it("gives up a partition that nobody reads any more, a minute after the last progress", async () => {
    const { count, pass } = aBacklog([100, 100]);
    for (let one = 0; one < 4; one++) {
      count(0, 1);
      expect(await pass(50)).toBe(false);
    }
    expect(await pass(20)).toBe(true);
  });

  it("waits for the first reader as long as it takes: where nothing is stored there is nothing to watch", async () => {
    const { pass, backlog, stop, over } = aBacklog([1, 0]);
    expect(await pass(600)).toBe(false);
    stop();
    await pass(1);
    await over;
    expect(backlog.records).toBe(1);
  });

  it("throws what the store throws, and goes on when it is asked again", async () => {
    const { commits, over, backlog } = aBacklog([1, 0]);
    commits.isDown = true;
    await expect(over).rejects.toThrow("does not answer");
    commits.isDown = false;
    commits.add([], { arrivedMs: NOW_MS });
    await backlog.counted(new AbortController().signal);
    expect(backlog.records).toBe(0);
  });
});

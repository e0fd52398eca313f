import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { DedupeWindow } from "../../src/reduce/dedupe-window.ts";

const MINUTE = 60_000;

function seen(
  window: DedupeWindow,
  id: number,
  timeMs: number,
  offset = 0,
  partition = 0,
): boolean {
  window.advance(partition, timeMs);
  return window.seen(id, id * 7, { partition, offset });
}

describe("DedupeWindow", () => {
  it("knows an id within the window and not beyond it", () => {
    const window = new DedupeWindow({ windowMs: 10 * MINUTE, maxIds: 100 });

    expect(seen(window, 1, 0)).toBe(false);
    expect(seen(window, 2, 10 * MINUTE)).toBe(false);
    expect(seen(window, 1, 0)).toBe(true);
    expect(seen(window, 3, 20 * MINUTE)).toBe(false);
    expect(seen(window, 1, 0)).toBe(true);
    expect(seen(window, 4, 30 * MINUTE + 1)).toBe(false);
    expect(seen(window, 1, 0)).toBe(false);
  });

  it("counts the window from the last sight, so that what lies before the tail cannot matter", () => {
    const window = new DedupeWindow({ windowMs: 10 * MINUTE, maxIds: 100 });
    seen(window, 1, 0, 0);
    expect(seen(window, 1, 9 * MINUTE, 1)).toBe(true);
    expect(seen(window, 1, 18 * MINUTE, 2)).toBe(true);
    expect(window.tail(0)).toEqual({ offset: 1, progressMs: 9 * MINUTE });

    expect(seen(window, 2, 29 * MINUTE, 3)).toBe(false);
    expect(seen(window, 1, 29 * MINUTE, 4)).toBe(false);
  });

  it("knows an id that comes again in another partition", () => {
    const window = new DedupeWindow({ windowMs: 10 * MINUTE, maxIds: 100 });
    seen(window, 1, 5 * MINUTE, 0, 0);

    expect(seen(window, 1, 5 * MINUTE, 0, 1)).toBe(true);
  });

  it("stays within its cap, forgets the oldest first and tells what it covers", () => {
    const window = new DedupeWindow({ windowMs: 60 * MINUTE, maxIds: 3 });
    for (let id = 0; id < 10; id++) seen(window, id, id * MINUTE, id);

    expect(window.size).toBe(3);
    expect(window.coveredMs).toBe(2 * MINUTE);
    expect([window.takeForgotten(), window.takeForgotten()]).toEqual([7, 0]);
    expect(seen(window, 9, 9 * MINUTE)).toBe(true);
    expect(seen(window, 0, 9 * MINUTE)).toBe(false);
  });

  it("forgets nothing too early where the window passes before the cap is reached", () => {
    const window = new DedupeWindow({ windowMs: 2 * MINUTE, maxIds: 100 });
    for (let id = 0; id < 10; id++) seen(window, id, id * MINUTE, id);

    expect([window.size, window.takeForgotten()]).toEqual([3, 0]);
  });

  it("switched off, knows nothing", () => {
    const window = new DedupeWindow({ windowMs: 0, maxIds: 10 });

    expect(seen(window, 1, 0)).toBe(false);
    expect(seen(window, 1, 0)).toBe(false);
  });

  it("forgets what was not committed, and only that", () => {
    const window = new DedupeWindow({ windowMs: 10 * MINUTE, maxIds: 100 });
    seen(window, 1, 0, 10);
    window.markCommitted();
    seen(window, 2, 0, 11);

    window.dropUncommitted();

    expect(seen(window, 1, 0)).toBe(true);
    expect(seen(window, 2, 0)).toBe(false);
  });

  it("forgets a partition whole", () => {
    const window = new DedupeWindow({ windowMs: 10 * MINUTE, maxIds: 100 });
    seen(window, 1, 0, 5, 0);
    seen(window, 2, 0, 6, 1);

    window.forget(0);

    expect(window.tail(0)).toBeNull();
    expect(window.tail(1)).toEqual({ offset: 6, progressMs: 0 });
    expect(seen(window, 2, 0, 7, 1)).toBe(true);
    expect(seen(window, 1, 0, 5, 0)).toBe(false);
  });

  it("gives back what was evicted, and the clock, when uncommitted events are dropped", () => {
    const window = new DedupeWindow({ windowMs: 10 * MINUTE, maxIds: 100 });
    seen(window, 1, 0, 10);
    window.markCommitted();
    seen(window, 2, 11 * MINUTE, 11);
    expect(window.size).toBe(1);

    window.dropUncommitted();

    expect(window.progressMs(0)).toBe(0);
    expect(window.tail(0)).toEqual({ offset: 10, progressMs: 0 });
    expect(seen(window, 1, 5 * MINUTE, 11)).toBe(true);
  });

  it("forgets a partition without taking another's uncommitted ids for committed", () => {
    const window = new DedupeWindow({ windowMs: 10 * MINUTE, maxIds: 100 });
    seen(window, 1, 0, 5, 0);
    seen(window, 2, 0, 6, 1);
    window.markCommitted();
    seen(window, 3, 0, 7, 1);

    window.forget(0);
    window.dropUncommitted();

    expect(seen(window, 2, 0, 6, 1)).toBe(true);
    expect(seen(window, 3, 0, 7, 1)).toBe(false);
  });

  it("judges events again as it did before, wherever it commits and wherever work is dropped", () => {
    const step = fc.record({
      id: fc.integer({ min: 0, max: 12 }),
      timeMs: fc.integer({ min: 0, max: 40 * MINUTE }),
      partition: fc.integer({ min: 0, max: 1 }),
      then: fc.constantFrom("go on", "go on", "go on", "commit", "drop"),
    });
    const cap = fc.constantFrom(3, 1_000);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 1_500, size: "medium" }), cap, (steps, maxIds) => {
        const straight = new DedupeWindow({ windowMs: 10 * MINUTE, maxIds });
        const answers = steps.map((one, offset) =>
          seen(straight, one.id, one.timeMs, offset, one.partition),
        );

        const window = new DedupeWindow({ windowMs: 10 * MINUTE, maxIds });
        const given: boolean[] = [];
        const dropped = new Set<number>();
        let committed = 0;
        for (let offset = 0; offset < steps.length; offset++) {
          const { id, timeMs, partition, then } = steps[offset]!;
          given[offset] = seen(window, id, timeMs, offset, partition);
          if (then === "commit") {
            window.markCommitted();
            committed = offset + 1;
          } else if (then === "drop" && !dropped.has(offset)) {
            dropped.add(offset);
            window.dropUncommitted();
            offset = committed - 1;
          }
        }

        expect(given).toEqual(answers);
      }),
      { numRuns: 200 },
    );
  });

  it("comes to the same answers when it is rebuilt from the tail at any point of the log", () => {
    const log = fc.array(
      fc.record({
        id: fc.integer({ min: 0, max: 4 }),
        timeMs: fc.integer({ min: 0, max: 40 }).map((minutes) => minutes * MINUTE),
      }),
      { minLength: 2, maxLength: 60, size: "max" },
    );
    fc.assert(
      fc.property(log, fc.nat(), (entries, cut) => {
        const restartAt = cut % entries.length;
        const straight = new DedupeWindow({ windowMs: 10 * MINUTE, maxIds: 1_000 });
        const answers = entries.map(({ id, timeMs }, offset) => seen(straight, id, timeMs, offset));

        const first = new DedupeWindow({ windowMs: 10 * MINUTE, maxIds: 1_000 });
        entries
          .slice(0, restartAt)
          .forEach(({ id, timeMs }, offset) => seen(first, id, timeMs, offset));
        const tail = first.tail(0);
        const second = new DedupeWindow({ windowMs: 10 * MINUTE, maxIds: 1_000 });
        const from = tail?.offset ?? restartAt;
        second.setProgress(0, tail?.progressMs ?? first.progressMs(0));
        for (let offset = from; offset < restartAt; offset++) {
          seen(second, entries[offset]!.id, entries[offset]!.timeMs, offset);
        }
        const resumed = entries
          .slice(restartAt)
          .map(({ id, timeMs }, index) => seen(second, id, timeMs, restartAt + index));

        expect(resumed).toEqual(answers.slice(restartAt));
      }),
      { numRuns: 1_000 },
    );
  });
});

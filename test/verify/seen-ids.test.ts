import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { DedupeWindow } from "../../src/reduce/dedupe-window.ts";
import { SeenIds } from "../../src/verify/seen-ids.ts";

const WINDOW = { windowMs: 600, maxIds: 1000 };

describe("SeenIds", () => {
  it("takes an id for a repeat within the window of its last sight, its end included", () => {
    const ids = new SeenIds(WINDOW);

    expect(ids.see(1n, 0, 1000)).toBe("new");
    expect(ids.see(1n, 0, 1600)).toBe("repeat");
    expect(ids.see(1n, 0, 2200)).toBe("repeat");
    expect(ids.see(1n, 0, 2801)).toBe("new");
  });

  it("leaves open whether an id counts that another partition showed within the window", () => {
    const ids = new SeenIds(WINDOW);

    expect(ids.see(1n, 0, 1000)).toBe("new");
    expect(ids.see(1n, 1, 1500)).toBe("elsewhere");
    expect(ids.see(1n, 0, 1500)).toBe("elsewhere");
    expect(ids.see(2n, 0, 1500)).toBe("new");
    expect(ids.see(2n, 1, 3000)).toBe("new");
  });

  it("takes every id for new where the window is 0", () => {
    const ids = new SeenIds({ windowMs: 0, maxIds: 10 });

    expect([1, 2, 3].map(() => ids.see(1n, 0, 1000))).toEqual(["new", "new", "new"]);
  });

  it("forgets what the slowest partition has left behind, and nothing younger", () => {
    const ids = new SeenIds(WINDOW);
    for (let at = 0; at < 1000; at += 100) ids.see(BigInt(at), 0, at);

    ids.forgetBefore(1000);

    expect(ids.size).toBe(6);
    expect(ids.see(400n, 0, 1000)).toBe("repeat");
  });

  it("says so when more ids fall into a window than are kept, and holds no more of them", () => {
    const ids = new SeenIds({ windowMs: 600, maxIds: 3 });
    for (const id of [1n, 2n, 3n]) ids.see(id, 0, 1000);
    expect(ids.overflowed).toBe(false);

    ids.see(4n, 0, 1000);

    expect(ids.overflowed).toBe(true);
    expect(ids.size).toBe(3);
  });

  it("judges the ids of one partition as the worker's window does", () => {
    const sights = fc.array(fc.record({ id: fc.nat({ max: 5 }), step: fc.nat({ max: 400 }) }), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(sights, (log) => {
        const ids = new SeenIds(WINDOW);
        const window = new DedupeWindow(WINDOW);
        let progressMs = 0;
        log.forEach(({ id, step }, offset) => {
          progressMs += step;
          window.advance(0, progressMs);
          ids.forgetBefore(progressMs);
          const seen = window.seen(id, 7, { partition: 0, offset });
          expect(ids.see(BigInt(id), 0, progressMs)).toBe(seen ? "repeat" : "new");
        });
      }),
    );
  });
});

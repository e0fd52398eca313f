import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { Sessions } from "../../src/detect/sessions.ts";

const MINUTE = 29_000_000;
const HELD = 32;

describe("Sessions", () => {
  it("tells what each session spent in a window, by steps of five minutes", () => {
    const sessions = new Sessions();
    sessions.add({ minute: MINUTE, user: "ada", session: "a", sessionUsd: 1 });
    sessions.add({ minute: MINUTE + 6, user: "ben", session: "b", sessionUsd: 2 });
    sessions.add({ minute: MINUTE + 3, user: "ada", session: "a", sessionUsd: 4 });
    sessions.add({ minute: MINUTE + 10, user: "ada", session: "a", sessionUsd: 8 });

    const over = (window: number) => sessions.spent({ minute: MINUTE + 10, window });

    expect(over(15)).toEqual([
      { name: "a", user: "ada", usd: 13 },
      { name: "b", user: "ben", usd: 2 },
    ]);
    expect(over(10)).toEqual([
      { name: "a", user: "ada", usd: 8 },
      { name: "b", user: "ben", usd: 2 },
    ]);
    expect(over(5)).toEqual([{ name: "a", user: "ada", usd: 8 }]);
    expect(sessions.spent({ minute: MINUTE, window: 5 })).toMatchObject([{ name: "a", usd: 5 }]);
  });

  it("leaves out what names no session, and says of nobody that a shared name is theirs", () => {
    const sessions = new Sessions();
    for (const session of ["", "unknown", "__other__"]) {
      sessions.add({ minute: MINUTE, user: "ada", session, sessionUsd: 9 });
    }
    sessions.add({ minute: MINUTE, user: "ada" });
    sessions.add({ minute: MINUTE, user: "ada", session: "free", sessionUsd: 0 });
    for (const user of ["ada", "ben", "ada"]) {
      sessions.add({ minute: MINUTE, user, session: "main", sessionUsd: 1 });
    }

    const found = sessions.spent({ minute: MINUTE, window: 60 });

    expect(found).toEqual([{ name: "main", user: null, usd: 3 }]);
  });

  it("looks back six hours, however long one goes on and whatever comes late", () => {
    const sessions = new Sessions();
    for (let minute = 0; minute < 3 * 1440; minute++) {
      sessions.add({ minute: MINUTE + minute, user: "ada", session: "long", sessionUsd: 1 });
    }
    const last = MINUTE + 3 * 1440 - 1;
    sessions.add({ minute: last - 10, user: "ada", session: "late", sessionUsd: 1 });
    sessions.add({ minute: last - 600, user: "ada", session: "too late", sessionUsd: 1 });

    const found = sessions.spent({ minute: last, window: 7 * 1440 });

    expect(found).toEqual([
      { name: "long", user: "ada", usd: 360 },
      { name: "late", user: "ada", usd: 1 },
    ]);
  });

  it("forgets who was silent for so long", () => {
    const sessions = new Sessions();
    sessions.add({ minute: MINUTE, user: "ada", session: "a", sessionUsd: 1 });
    sessions.forget(MINUTE + 300);
    expect(sessions.spent({ minute: MINUTE, window: 5 })).toHaveLength(1);

    sessions.forget(MINUTE + 400);

    expect(sessions.spent({ minute: MINUTE, window: 5 })).toEqual([]);
  });

  it("never says more than what was spent, and has whoever spent more than a thirty-second of it", () => {
    const use = fc.record({
      session: fc.oneof(
        { weight: 3, arbitrary: fc.integer({ min: 0, max: 400 }).map((n) => `s${n}`) },
        { weight: 1, arbitrary: fc.constantFrom("heavy", "heavier") },
      ),
      sessionUsd: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(fc.array(use, { minLength: 1, maxLength: 600 }), (uses) => {
        const sessions = new Sessions();
        const truth = new Map<string, number>();
        for (const one of uses) {
          sessions.add({ minute: MINUTE, user: "ada", ...one });
          truth.set(one.session, (truth.get(one.session) ?? 0) + one.sessionUsd);
        }
        const found = new Map(
          sessions.spent({ minute: MINUTE, window: 5 }).map(({ name, usd }) => [name, usd]),
        );
        const all = [...truth.values()].reduce((sum, usd) => sum + usd, 0);
        expect(found.size).toBeLessThanOrEqual(HELD);
        for (const [name, usd] of found) expect(usd).toBeLessThanOrEqual(truth.get(name)!);
        for (const [name, usd] of truth) if (usd > all / HELD) expect(found.has(name)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});

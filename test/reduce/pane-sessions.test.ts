import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { PaneAccumulator } from "../../src/reduce/pane-accumulator.ts";
import { COUNTER, COUNTERS } from "../../src/reduce/pane.ts";
import { anEventBatch, type EventSpec } from "../support/event-builders.ts";

/** The dearest session of each row, in words. */
function topOf(specs: readonly EventSpec[], panes = new PaneAccumulator(2)) {
  const batch = anEventBatch(specs);
  for (let event = 0; event < batch.length; event++) panes.add(batch, event);
  const { session } = batch.dictionaries;
  const top = panes.topSessions(session);
  if (top === null) return null;
  return Array.from(top.ids, (id, row) => [id < 0 ? "" : session.value(id), top.costNanos[row]]);
}

describe("PaneSessions", () => {
  it("names the session that cost the most in each row", () => {
    const found = topOf([
      { team: "a", session: "s1", costNanos: 5 },
      { team: "a", session: "s2", costNanos: 4 },
      { team: "b", costNanos: 100 },
      { team: "a", session: "s2", costNanos: 3 },
      { team: "c", session: "s1", costNanos: 0 },
    ]);

    expect(found).toEqual([
      ["s2", 7],
      ["", 0],
      ["s1", 0],
    ]);
  });

  it("has nothing to say where no event names one, also after rows that had one", () => {
    const panes = new PaneAccumulator();
    expect(topOf([{ team: "a" }], panes)).toBeNull();
    panes.clear();
    expect(topOf([{ session: "s", costNanos: 1 }], panes)).toEqual([["s", 1]]);
    panes.clear();

    expect(topOf([{ team: "a" }], panes)).toBeNull();
  });

  it("takes neither an empty name for a session nor what a full dictionary folded together", () => {
    const found = topOf([
      { session: "", costNanos: 9 },
      { session: "__other__", costNanos: 8 },
      { session: "__proto__", costNanos: 1 },
    ]);

    expect(found).toEqual([["__proto__", 1]]);
  });

  it("begins anew in the row that a cut cell goes on in", () => {
    const big = 2 ** 51 + 1;

    const found = topOf([
      { session: "s", costNanos: big },
      { session: "s", costNanos: big },
    ]);

    expect(found).toEqual([
      ["s", big],
      ["s", big],
    ]);
  });

  it("finds one that goes on among any number that come once", () => {
    const specs = Array.from({ length: 900 }, (_, index): EventSpec => {
      const session = index % 3 === 2 ? "on" : `once-${index}`;
      return { session, costNanos: 10 };
    });

    expect(topOf(specs)).toEqual([["on", expect.any(Number)]]);
    expect(topOf(specs)![0]![1]).toBeGreaterThan(2_000);
  });

  it("is the same whatever the order and the ids, and never more than its row", () => {
    const spec = fc.record({
      timeMs: fc.constantFrom(0, 60_000),
      team: fc.constantFrom("a", "b", "c"),
      session: fc.option(fc.integer({ min: 0, max: 15 }).map(String), { nil: undefined }),
      costNanos: fc.integer({ min: 0, max: 4 }),
    });
    const events = fc.array(spec, { maxLength: 120 });
    fc.assert(
      fc.property(
        events.chain((some) => fc.tuple(fc.constant(some), fc.shuffledSubarray(some, full(some)))),
        ([some, shuffled]) => {
          expect(byRow(shuffled as EventSpec[])).toEqual(byRow(some as EventSpec[]));
        },
      ),
      { numRuns: 150 },
    );
  });
});

const full = (some: readonly unknown[]) => ({ minLength: some.length, maxLength: some.length });

/** By team and minute, the sessions of each row held against a plain recount. */
function byRow(specs: readonly EventSpec[]): unknown[] {
  const panes = new PaneAccumulator(2);
  const plain = specs.map(({ session, ...rest }) =>
    session === undefined ? rest : { ...rest, session },
  );
  const found = topOf(plain, panes);
  const keys = [...new Set(specs.map(({ team, timeMs }) => `${team} ${timeMs}`))];
  return keys
    .map((key, row) => {
      const costs = new Map<string, number>();
      for (const { team, timeMs, session, costNanos = 0 } of specs) {
        if (`${team} ${timeMs}` !== key || session === undefined) continue;
        costs.set(session, (costs.get(session) ?? 0) + costNanos);
      }
      const [top] = [...costs].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
      expect(found?.[row] ?? ["", 0]).toEqual(top ?? ["", 0]);
      const cost = panes.counters[row * COUNTERS.length + COUNTER.cost_nanos]!;
      expect(top?.[1] ?? 0).toBeLessThanOrEqual(cost);
      return [key, top];
    })
    .sort();
}

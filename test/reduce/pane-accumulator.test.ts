import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { PaneAccumulator } from "../../src/reduce/pane-accumulator.ts";
import { COUNTER, COUNTERS, PANE_KEY_LENGTH } from "../../src/reduce/pane.ts";
import { anEventBatch, type EventSpec } from "../support/event-builders.ts";

/** Sums of one counter per key, by plain means. */
function totals(panes: PaneAccumulator, counter: number): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (let row = 0; row < panes.rows; row++) {
    const start = row * PANE_KEY_LENGTH;
    const key = panes.keys.subarray(start, start + PANE_KEY_LENGTH).join();
    const value = BigInt(panes.counters[row * COUNTERS.length + counter]!);
    sums.set(key, (sums.get(key) ?? 0n) + value);
  }
  return sums;
}

describe("PaneAccumulator", () => {
  it("keeps one row per minute and dimension tuple", () => {
    const panes = new PaneAccumulator();
    const batch = anEventBatch([
      { timeMs: 0, team: "a", output: 1 },
      { timeMs: 59_999, team: "a", output: 2 },
      { timeMs: 60_000, team: "a", output: 4 },
      { timeMs: 0, team: "b", output: 8 },
    ]);

    for (let event = 0; event < batch.length; event++) panes.add(batch, event);

    expect(panes.rows).toBe(3);
    expect([...totals(panes, COUNTER.output_tokens).values()]).toEqual([3n, 4n, 8n]);
  });

  it("keeps the largest single event beside the sums", () => {
    const panes = new PaneAccumulator();
    const batch = anEventBatch([
      { costNanos: 5, input: 10 },
      { costNanos: 9, input: 3, output: 1 },
    ]);

    for (let event = 0; event < batch.length; event++) panes.add(batch, event);

    expect(panes.counters[COUNTER.cost_nanos]).toBe(14);
    expect(panes.counters[COUNTER.max_event_cost_nanos]).toBe(9);
    expect(panes.counters[COUNTER.max_event_tokens]).toBe(10);
  });

  it("cuts a cell before its sum could pass 2^52, and loses nothing", () => {
    const panes = new PaneAccumulator(2);
    const big = 2 ** 51 + 1;
    const batch = anEventBatch(Array.from({ length: 7 }, () => ({ costNanos: big })));

    for (let event = 0; event < batch.length; event++) panes.add(batch, event);

    expect(panes.rows).toBeGreaterThan(1);
    expect([...totals(panes, COUNTER.cost_nanos).values()]).toEqual([BigInt(big) * 7n]);
  });

  it("keeps an event that alone reaches past 2^52 in a row of its own, exactly", () => {
    const panes = new PaneAccumulator(2);
    const batch = anEventBatch(
      Array.from({ length: 3 }, () => ({ requests: 1_000_000, unpricedTokens: 5e15 })),
    );

    for (let event = 0; event < batch.length; event++) panes.add(batch, event);

    expect(panes.rows).toBe(3);
    expect([...totals(panes, COUNTER.unpriced_tokens).values()]).toEqual([15n * 10n ** 15n]);
    expect([...totals(panes, COUNTER.requests).values()]).toEqual([3_000_000n]);
  });

  it("sums like a plain recount, whatever grows and whatever repeats", () => {
    const spec = fc.record({
      timeMs: fc.integer({ min: 0, max: 600_000 }),
      team: fc.constantFrom("a", "b", "__proto__", "constructor"),
      user: fc.integer({ min: 0, max: 30 }).map((n) => `u${n}`),
      costNanos: fc.oneof(fc.nat(), fc.constant(2 ** 51)),
    });
    fc.assert(
      fc.property(fc.array(spec, { maxLength: 400 }), (specs: EventSpec[]) => {
        const panes = new PaneAccumulator(2);
        const batch = anEventBatch(specs);
        for (let event = 0; event < batch.length; event++) panes.add(batch, event);
        const expected = new Map<string, bigint>();
        for (const { timeMs, team, user, costNanos } of specs) {
          const key = `${Math.floor(timeMs! / 60_000)}|${team}|${user}`;
          expected.set(key, (expected.get(key) ?? 0n) + BigInt(costNanos!));
        }
        const sums = [...totals(panes, COUNTER.cost_nanos).values()].sort();
        expect(sums).toEqual([...expected.values()].sort());
      }),
      { numRuns: 60 },
    );
  });
});

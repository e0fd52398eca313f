import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { MemoryTables, type Fault } from "../support/memory-pane-store.ts";
import { anEvent } from "../support/pipeline-builder.ts";
import {
  anyCut,
  anyItems,
  logOf,
  PARTITIONS,
  readToEnd,
  SEED,
  straightRun,
  WITHIN,
  type PlacedItem,
} from "./processes.ts";

/** Twelve events of three users, some sent twice, one bad. */
const FIXED: readonly PlacedItem[] = Array.from({ length: 12 }, (_, index) => ({
  partition: index % PARTITIONS,
  before: null,
  item:
    index === 7 ? "{broken" : anEvent({ id: `e${index % 9}`, user: `u${index % 4}`, tool: "cli" }),
}));
const CUTS = [1, 2, 3].flatMap((batchRecords) =>
  [1, 3, 100].map((maxRows) => ({ batchRecords, maxRows, order: [0, 1, 2] })),
);
const FAULTS: readonly Fault[] = ["fail-before", "fail-after", "crash-before", "crash-after"];

describe("exactly once", () => {
  it.each(CUTS)(
    "stores the same when the process dies before any of the records (batches of $batchRecords, $maxRows rows a flush)",
    async (cut) => {
      const straight = await straightRun(FIXED);
      for (let at = 0; at < FIXED.length; at++) {
        const items = FIXED.map((one, index) =>
          index === at ? { ...one, before: "abort" as const } : one,
        );
        const tables = new MemoryTables();

        const deaths = await readToEnd(logOf(items, true), tables, cut);

        expect(deaths).toBe(1);
        expect(tables.contents()).toEqual(straight.contents());
      }
    },
  );

  it.each(FAULTS)("stores the same when any one commit meets %s", async (fault) => {
    const straight = await straightRun(FIXED);
    const cut = { batchRecords: 1, maxRows: 1, order: [0, 1, 2] };
    const calm = new MemoryTables();
    await readToEnd(logOf(FIXED), calm, cut);
    const commits = calm.commitRows.length;
    expect(commits).toBeGreaterThan(8);
    for (let at = 0; at < commits; at++) {
      const tables = new MemoryTables();
      const faults = [...Array.from({ length: at }, () => null), fault];

      const deaths = await readToEnd(logOf(FIXED), tables, cut, [faults]);

      expect(deaths).toBe(fault.startsWith("crash") ? 1 : 0);
      expect(tables.contents()).toEqual(straight.contents());
    }
  });

  it(`stores the same whatever comes, dies, is revoked and fails (seed ${SEED})`, async () => {
    const anyFaults = fc.array(fc.array(fc.constantFrom(null, null, ...FAULTS), { maxLength: 6 }), {
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(anyItems(120), anyCut, anyFaults, async (items, cut, faults) => {
        const straight = await straightRun(items);
        const tables = new MemoryTables();

        await readToEnd(logOf(items, true), tables, cut, faults);

        expect(tables.contents()).toEqual(straight.contents());
        for (let one = 0; one < PARTITIONS; one++) {
          expect(tables.isWholeChain(`token-usage/${one}`)).toBe(true);
        }
      }),
      { seed: SEED, numRuns: 120, ...WITHIN },
    );
  }, 120_000);
});

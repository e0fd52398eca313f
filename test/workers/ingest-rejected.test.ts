import { describe, expect, it } from "@jest/globals";
import { ManualClock } from "../support/manual-clock.ts";
import type { Fault, MemoryTables } from "../support/memory-pane-store.ts";
import { anEvent } from "../support/pipeline-builder.ts";
import { anIngest } from "./ingest-scene.ts";

/** By the tests' clock, which stands at 14:00, too far in the future; ten minutes later it is not. */
const SOON = anEvent({ time: "2026-10-30T14:06:00Z" });

/** One process judges the event too early and meets `fault` at its commit; ten minutes later another reads on. */
async function readTwice(fault: Fault): Promise<MemoryTables> {
  const first = await anIngest();
  first.store.faults.push(fault);
  await first.feed(anEvent(), SOON);
  await first.flush();
  const clock = new ManualClock(first.clock.now() + 600_000);
  const second = await anIngest({ log: first.log, tables: first.tables, clock, writer: "second" });
  await second.flush();
  await second.worker.stop();
  return first.tables;
}

describe("IngestWorker with an event whose verdict depends on the time", () => {
  it.each([
    ["crash-before", { counted: 2n, rejected: 0 }],
    ["crash-after", { counted: 1n, rejected: 1 }],
  ] as const)("counts it or keeps it as rejected, never both (%s)", async (fault, expected) => {
    const tables = await readTwice(fault);

    expect({ counted: tables.sum("requests"), rejected: tables.rejected.size }).toEqual(expected);
    const counts = tables.steps.map((step) => step.counts);
    for (const { records, accepted, rejected, duplicates, ignored } of counts) {
      expect(records).toBe(accepted + rejected + duplicates + ignored);
    }
    expect(counts.reduce((sum, { rejected }) => sum + rejected, 0)).toBe(expected.rejected);
  });
});

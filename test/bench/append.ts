import type { CheckpointStep, PaneTable } from "../../src/reduce/pane.ts";
import { startBenchEngine, type BenchEngine } from "./engine-under-test.ts";
import type { Bench, Work } from "./harness.ts";
import {
  jsonLines,
  NaiveReducer,
  parsePlain,
  plainPrices,
  PLAIN_INSERT,
  PLAIN_TABLE,
} from "./naive.ts";
import { readBatches } from "./records.ts";
import { Stages } from "./stages.ts";

/**
 * What does a row of a flush cost us, and what the engine: staged, committed by compare-and-swap and read back, beside a plain insert of
 * JSON lines that proves nothing?
 */
export const appendBench: Bench = {
  name: "append",
  question: "a row staged, committed and read back",
  unit: "row",
  peer: "one INSERT of JSON lines, unproven",
  variants: {
    spikewatch: async (input) => {
      const engine = await startBenchEngine(input.folder);
      const panes = new Stages(input).panesOf(await readBatches(input.events));
      const partition = { topic: "bench", partition: 0 };
      await engine.store.claim([partition]);
      let end: number | null = null;
      return timedAgainst(engine, async () => {
        const step = stepFrom(end, panes);
        const outcome = await engine.store.append({ panes, steps: [{ ...partition, ...step }] });
        if (outcome.kind !== "stored") throw new Error("another writer is in the way");
        end = step.endOffset;
        return panes.rows;
      });
    },
    peer: async (input) => {
      const engine = await startBenchEngine(input.folder);
      await engine.connection.command(PLAIN_TABLE);
      const reducer = new NaiveReducer(plainPrices(input.prices));
      for (const { values } of await readBatches(input.events)) {
        for (const value of values) {
          const event = value === null ? null : parsePlain(value);
          if (event !== null) reducer.add(event);
        }
      }
      return timedAgainst(engine, async () => {
        await engine.connection.insert(PLAIN_INSERT, jsonLines(reducer.rows.values()));
        return reducer.rows.size;
      });
    },
  },
};

function stepFrom(
  end: number | null,
  panes: PaneTable,
): Omit<CheckpointStep, "topic" | "partition"> {
  const firstOffset = end ?? 0;
  const counts = {
    records: panes.rows,
    accepted: panes.rows,
    rejected: 0,
    duplicates: 0,
    ignored: 0,
  };
  return {
    incarnation: 0,
    expectedEnd: end,
    firstOffset,
    endOffset: firstOffset + panes.rows,
    watermarkMs: -1,
    maxEventMs: -1,
    tailOffset: firstOffset,
    tailProgressMs: -1,
    fingerprint: "",
    counts,
  };
}

/** The engine's own time per unit beside ours. */
export function timedAgainst(engine: BenchEngine, pass: () => Promise<number>): Work {
  let units = 0;
  const before = engine.usage().cpuNs;
  return {
    pass: async () => {
      const done = await pass();
      units += done;
      return done;
    },
    notes: () => ({ engineNs: (engine.usage().cpuNs - before) / units }),
    end: engine.stop,
  };
}

import type { Bench } from "./harness.ts";
import { parsePlain } from "./naive.ts";
import { readBatches } from "./records.ts";
import { Stages } from "./stages.ts";

/**
 * What does it cost to turn a record's bytes into a row of columns, with every field checked, every name interned and every bad event
 * rejected with its reason, beside JSON.parse that checks nothing?
 */
export const decodeBench: Bench = {
  name: "decode",
  question: "bytes to checked, interned columns",
  unit: "event",
  peer: "JSON.parse and Date.parse, nothing checked or kept",
  variants: {
    spikewatch: async (input) => {
      const batches = await readBatches(input.events);
      const stages = new Stages(input);
      const events = stages.newBatch();
      return {
        pass: () => {
          for (const records of batches) stages.decode(records, events);
          return input.count;
        },
      };
    },
    peer: async (input) => {
      const batches = await readBatches(input.events);
      let sum = 0;
      return {
        pass: () => {
          for (const { values } of batches) {
            for (const value of values) {
              const event = value === null ? null : parsePlain(value);
              if (event !== null) sum += Date.parse(String(event.time)) || 0;
            }
          }
          return input.count;
        },
        notes: () => ({ timeSum: sum }),
      };
    },
  },
};

import type { Bench } from "./harness.ts";
import { NaiveReducer, parsePlain, plainPrices, type PlainEvent } from "./naive.ts";
import { readBatches } from "./records.ts";
import { Stages } from "./stages.ts";

/**
 * What does it cost to price an event exactly, to look its id up in the dedupe window and to add it to its pane, beside a Map of objects
 * keyed by joined strings that adds floats?
 */
export const reduceBench: Bench = {
  name: "price + reduce",
  question: "priced, deduplicated, added to its pane",
  unit: "event",
  peer: "string-keyed Map of objects, ids in a Set, float dollars",
  variants: {
    spikewatch: async (input) => {
      const stages = new Stages(input);
      const batches = (await readBatches(input.events)).map((records) => {
        const events = stages.newBatch();
        stages.decode(records, events);
        return { records, events };
      });
      let rows = 0;
      return {
        pass: () => {
          const reducer = stages.newReducer();
          for (const { records, events } of batches) stages.reduce(records, events, reducer);
          rows = reducer.rows;
          return input.count;
        },
        notes: () => ({ eventsARow: input.count / rows }),
      };
    },
    peer: async (input) => {
      const events: PlainEvent[] = [];
      for (const { values } of await readBatches(input.events)) {
        for (const value of values) {
          const event = value === null ? null : parsePlain(value);
          if (event !== null) events.push(event);
        }
      }
      const prices = plainPrices(input.prices);
      let rows = 0;
      return {
        pass: () => {
          const reducer = new NaiveReducer(prices);
          for (const event of events) reducer.add(event);
          rows = reducer.rows.size;
          return input.count;
        },
        notes: () => ({ eventsARow: input.count / rows }),
      };
    },
  },
};

import { createReadStream } from "node:fs";
import { pid } from "node:process";
import { createInterface } from "node:readline";
import { createIngest } from "../../src/ingest.ts";
import { SystemClock } from "../../src/runtime/clock.ts";
import { FileSource } from "../../src/source/file-source.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { timedAgainst } from "./append.ts";
import { peakMbOf, startBenchEngine, type BenchEngine } from "./engine-under-test.ts";
import type { Bench, BenchInput, Work } from "./harness.ts";
import {
  jsonLines,
  NaiveReducer,
  parsePlain,
  plainPrices,
  PLAIN_INSERT,
  PLAIN_TABLE,
} from "./naive.ts";
import { Stages } from "./stages.ts";

/**
 * What does an event cost from a line of a file to a committed row of the embedded ClickHouse, through the real worker, and how much memory
 * do the worker and the engine take at most? Beside: the least code that ends in the same table's shape.
 */
export const ingestBench: Bench = {
  name: "ingest",
  question: "a line of a file to a committed row, exactly once",
  unit: "event",
  peer: "readline, JSON.parse, string-keyed Map, one INSERT of JSON lines",
  variants: {
    spikewatch: async (input) => {
      const startMb = peakMbOf(pid);
      const engine = await startBenchEngine(input.folder);
      const { pipeline } = new Stages(input);
      return whole(engine, startMb, async () => {
        const ingest = createIngest({
          pipeline,
          source: new FileSource({
            path: input.events,
            known: () => engine.store.knownSources("file:"),
            again: true,
          }),
          store: engine.store,
          clock: new SystemClock(),
          logger: silentLogger,
          metrics: new Metrics(),
        });
        await ingest.start();
        await ingest.done;
        await ingest.stop();
        requireAll(ingest.totals.records, input);
        return ingest.totals.records;
      });
    },
    peer: async (input) => {
      const startMb = peakMbOf(pid);
      const engine = await startBenchEngine(input.folder);
      await engine.connection.command(PLAIN_TABLE);
      const prices = plainPrices(input.prices);
      return whole(engine, startMb, async () => {
        const reducer = new NaiveReducer(prices);
        let records = 0;
        for await (const line of createInterface({ input: createReadStream(input.events) })) {
          records++;
          const event = parsePlain(Buffer.from(line));
          if (event !== null) reducer.add(event);
        }
        await engine.connection.insert(PLAIN_INSERT, jsonLines(reducer.rows.values()));
        requireAll(records, input);
        return records;
      });
    },
  },
};

function whole(engine: BenchEngine, startMb: number, pass: () => Promise<number>): Work {
  const work = timedAgainst(engine, pass);
  return {
    ...work,
    isLong: true,
    notes: () => ({
      ...work.notes?.(),
      startMb,
      workerPeakMb: peakMbOf(pid),
      enginePeakMb: engine.usage().peakMb,
    }),
  };
}

function requireAll(records: number, { count }: BenchInput): void {
  if (records !== count) throw new Error(`read ${records} of ${count} records`);
}

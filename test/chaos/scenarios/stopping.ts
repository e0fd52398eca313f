import type { Arena } from "../arena.ts";
import { playRuns, type Scenario } from "../scenario.ts";
import { stopped } from "../stopped.ts";
import type { Ends } from "../stored.ts";
import { metricOf } from "./groups.ts";
import { onWiredBroker } from "./wired-broker.ts";

/** What does not answer while the worker is asked to end. */
const SILENT = ["nobody", "ClickHouse", "the broker"] as const;

/** Whoever is asked to end has ten seconds, whatever it waits for; where ClickHouse answers it stores what it has read. */
export const stopping: Scenario = {
  name: "stopping",
  fault: "SIGTERM while all is well, while ClickHouse is silent, while the broker is silent",
  runs: 30,
  play: (ground) =>
    onWiredBroker((kafka, wire) => {
      let before = 0;
      const startOne = async (arena: Arena): Promise<void> => {
        before = sum(await arena.ends());
        await arena.startWorker({ brokers: wire.address });
      };
      return playRuns(
        { ...ground, kafka },
        { name: "stopping" },
        {
          before: async ({ arena }) => {
            await startOne(arena);
            await arena.recovered();
          },
          run: async ({ arena, random, clock }, index) => {
            const silent = SILENT[index % SILENT.length]!;
            const [worker] = arena.workers;
            await worker!.ready();
            await clock.sleep(random.below(1_000));
            if (silent === "ClickHouse") arena.wire.cut();
            if (silent === "the broker") wire.cut();
            await clock.sleep(500 + random.below(1_500));
            const read = await metricOf(worker!, "spikewatch_source_records_total");
            const askedMs = clock.now();
            const troubles = await stopped(worker!);
            const endedMs = clock.now();
            ground.tell(`${silent} is silent: ended after ${endedMs - askedMs} ms`);
            // With which code it ends where it cannot end well is its own affair.
            const bad = troubles.filter((one) => silent === "nobody" || one.includes("ms to end"));
            if (bad.length > 0) throw new Error(bad.join("; "));
            const stored = sum(await arena.ends()) - before;
            if (silent !== "ClickHouse" && stored < read) {
              throw new Error(`${read} records were read, ${stored} stored at the end`);
            }
            arena.wire.heal();
            wire.heal();
            await startOne(arena);
            return [await arena.recovered(endedMs)];
          },
        },
      );
    }),
};

function sum(ends: Ends | null): number {
  return [...(ends?.values() ?? [])].reduce((total, end) => total + end, 0);
}

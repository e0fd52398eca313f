import { describe, expect, it } from "@jest/globals";
import { MemoryLog } from "../support/memory-log.ts";
import { aDetectWorker, aRunaway, NOON } from "./detect-scene.ts";
import { anIngest } from "./ingest-scene.ts";

describe("stopping while the store does not answer", () => {
  it("ends an ingest worker that waits to be given its partitions", async () => {
    const { worker, source, store, clock } = await anIngest({ log: new MemoryLog() });
    store.isDown = true;
    const rebalanced = source.rebalance([0]);
    await clock.advance(0);

    const stopped = worker.stop();
    const startedMs = clock.now();
    await clock.advance(6_000);
    await stopped;
    await rebalanced;

    expect(clock.now() - startedMs).toBeLessThanOrEqual(6_000);
    expect(clock.sleeping).toBe(0);
  });

  it("ends a detect worker whose tick waits for an answer, and one that has something to store", async () => {
    const { worker, store, clock, see } = await aDetectWorker();
    await see(...aRunaway(NOON, 8));
    store.loadActions = () => new Promise(() => undefined);
    store.saveIncidents = () => new Promise(() => undefined);
    await see(...aRunaway(NOON + 8, 30));
    await clock.advance(6_000);

    const startedMs = clock.now();
    const stopped = worker.stop().then(() => clock.now() - startedMs);
    await clock.advance(2_000);

    expect(await stopped).toBeLessThanOrEqual(2_000);
  });
});

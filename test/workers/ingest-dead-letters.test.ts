import { describe, expect, it } from "@jest/globals";
import type { RejectedRow } from "../../src/store/store.ts";
import type { DeadLetters } from "../../src/workers/ingest-options.ts";
import { anEvent } from "../support/pipeline-builder.ts";
import { anIngest } from "./ingest-scene.ts";

/** A dead-letter topic that answers when it is told to. */
class SlowTopic implements DeadLetters {
  readonly written: (readonly RejectedRow[])[] = [];
  isOpen = false;
  isStarted = false;
  isStopped = false;

  start(): Promise<void> {
    this.isStarted = true;
    return Promise.resolve();
  }

  async publish(rows: readonly RejectedRow[], signal: AbortSignal): Promise<void> {
    while (!this.isOpen) {
      if (signal.aborted) throw new Error("given up");
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.written.push(rows);
  }

  stop(): Promise<void> {
    this.isStopped = true;
    return Promise.resolve();
  }
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe("IngestWorker with a dead-letter topic", () => {
  it("stores nothing before its rejected events are written there", async () => {
    const deadLetters = new SlowTopic();
    const { store, tables, feed, flush, worker } = await anIngest({ deadLetters });
    await feed(anEvent(), "{broken");

    const flushing = flush();
    await turns(50);
    const early = store.appends;
    deadLetters.isOpen = true;
    await flushing;
    await worker.stop();

    expect([deadLetters.isStarted, early, deadLetters.isStopped]).toEqual([true, 0, true]);
    expect(deadLetters.written.flat().map(({ offset, reason }) => [offset, reason])).toEqual([
      [1, "invalid_json"],
    ]);
    expect([tables.sum("requests"), tables.rejected.size]).toEqual([1n, 1]);
  });

  it("stops in time while the topic cannot be written, and counts nothing twice afterwards", async () => {
    const first = await anIngest({ deadLetters: new SlowTopic() });
    await first.feed(anEvent(), "{broken");

    const stopping = first.worker.stop();
    await turns(20);
    await first.clock.advance(5_000);
    await stopping;
    const stored = first.store.appends;
    const deadLetters = new SlowTopic();
    deadLetters.isOpen = true;
    const second = await anIngest({ log: first.log, tables: first.tables, deadLetters });
    await second.flush();
    await second.worker.stop();

    expect(stored).toBe(0);
    expect(deadLetters.written.flat()).toHaveLength(1);
    expect([first.tables.sum("requests"), first.tables.rejected.size]).toEqual([1n, 1]);
  });
});

import { describe, expect, it } from "@jest/globals";
import { LIMITS } from "../../src/decode/usage-event.ts";
import { MemoryLog, REVOKE, EOF } from "../support/memory-log.ts";
import { anEvent } from "../support/pipeline-builder.ts";
import { anIngest } from "./ingest-scene.ts";

const AT = Date.UTC(2026, 9, 30, 13, 30);

/** An event `seconds` after the hour's half, with an id. */
function at(seconds: number, id?: string): Record<string, unknown> {
  const time = new Date(AT + seconds * 1000).toISOString();
  return anEvent({ time, ...(id === undefined ? {} : { id }) });
}

describe("IngestWorker", () => {
  it("stores when enough rows are open", async () => {
    const { feed, tables } = await anIngest({
      pipeline: { flush: { max_rows: 3 } },
      batchRecords: 1,
    });

    await feed(anEvent({ user: "u1" }), anEvent({ user: "u2" }), anEvent({ user: "u1" }));
    expect(tables.commitRows).toEqual([]);
    await feed(anEvent({ user: "u3" }), anEvent({ user: "u4" }));

    expect(tables.commitRows).toEqual([3]);
    expect(tables.sum("requests")).toBe(4n);
  });

  it("stores what is open when the interval has passed, while nothing comes", async () => {
    const { feed, clock, tables } = await anIngest();
    await feed(anEvent());

    await clock.advance(1_900);
    expect(tables.commitRows).toEqual([]);
    await clock.advance(600);

    expect(tables.commitRows).toEqual([1]);
  });

  it("stores at the interval also while records keep coming", async () => {
    const { feed, clock, tables } = await anIngest({ pipeline: { flush: { every: "1h" } } });
    await clock.advance(14 * 60_000);
    await feed(anEvent());
    expect(tables.commitRows).toEqual([]);

    await clock.advance(50 * 60_000);

    expect(tables.commitRows).toEqual([1]);
  });

  it("commits nothing where nothing was read", async () => {
    const { feed, flush, store } = await anIngest();
    await feed(anEvent());
    await flush();
    expect(store.appends).toBe(1);

    await flush();
    await flush();

    expect(store.appends).toBe(1);
  });

  it("moves the checkpoint over records that hold no event", async () => {
    const { feed, flush, tables } = await anIngest();

    await feed(null, null);
    await flush();

    expect(tables.commitRows).toEqual([0]);
    expect(tables.steps).toMatchObject([
      { endOffset: 2, counts: { records: 2, accepted: 0, ignored: 2 } },
    ]);
  });

  it("begins the chain at the log's first offset and joins each step to the last", async () => {
    const log = new MemoryLog({ firstOffset: 40 });
    const { feed, flush, tables, source } = await anIngest({ log });

    await feed(at(10, "a"), at(70, "b"));
    await flush();
    await feed(at(30, "c"));
    await flush();

    expect(tables.steps).toMatchObject([
      {
        topic: "token-usage",
        partition: 0,
        incarnation: 0,
        expectedEnd: null,
        firstOffset: 40,
        endOffset: 42,
        maxEventMs: AT + 70_000,
        watermarkMs: AT + 70_000 - 120_000,
        tailOffset: 40,
        tailProgressMs: AT + 10_000,
        fingerprint: "record-41",
        counts: { records: 2, accepted: 2 },
      },
      {
        expectedEnd: 42,
        firstOffset: 42,
        endOffset: 43,
        maxEventMs: AT + 70_000,
        tailOffset: 40,
        fingerprint: "record-42",
        counts: { records: 1, accepted: 1 },
      },
    ]);
    expect(source.ends.get("token-usage/0")).toBe(43);
  });

  it("moves the tail on as ids leave the dedupe window", async () => {
    const { feed, flush, tables } = await anIngest({ pipeline: { dedupe: { window: "10m" } } });

    await feed(at(0, "a"), at(60, "b"), at(601, "c"));
    await flush();

    expect(tables.steps[0]).toMatchObject({ tailOffset: 1, tailProgressMs: AT + 60_000 });
  });

  it("tells the detector what was stored and how far event time has come", async () => {
    const told: unknown[] = [];
    const { feed, flush } = await anIngest({
      onStored: ({ rows }, { maxEventMs }) => told.push([rows, maxEventMs]),
    });
    await feed(anEvent({ user: "u1" }), at(20));
    expect(told).toEqual([]);

    await flush();

    expect(told).toEqual([[2, AT + 20_000]]);
  });

  it("drops what was not committed when partitions are revoked, and reads it again once", async () => {
    const { feed, flush, tables, log, source } = await anIngest({ batchRecords: 1 });
    await feed(anEvent({ id: "a" }), anEvent({ id: "b" }));
    await flush();

    log.write([anEvent({ id: "c" }), anEvent({ id: "a" }), REVOKE(), anEvent({ id: "d" })]);
    await source.idle();
    await flush();

    expect(tables.sum("requests")).toBe(4n);
    expect(tables.isWholeChain("token-usage/0")).toBe(true);
    expect(tables.steps.at(-1)).toMatchObject({
      firstOffset: 2,
      endOffset: 5,
      counts: { records: 3, accepted: 2, duplicates: 1 },
    });
  });

  it("judges what it reads again after a revoke as it did before", async () => {
    const { feed, flush, tables, log, source } = await anIngest({
      pipeline: { dedupe: { window: "10m" } },
      batchRecords: 1,
    });
    await feed(at(0, "a"));
    await flush();

    // Before the revoke "a" comes again in time; the records after it move the window on.
    log.write([at(0, "a"), at(700, "b"), at(1400, "c"), REVOKE()]);
    await source.idle();
    await flush();

    expect(tables.steps.at(-1)!.counts).toMatchObject({ accepted: 2, duplicates: 1 });
    expect(tables.sum("requests")).toBe(3n);
  });

  it("ignores batches that still arrive after a revoke", async () => {
    const { feed, flush, tables, log, source } = await anIngest();
    await feed(anEvent());
    await flush();
    log.write([anEvent()]);
    await source.idle();
    await source.handler.revoked(log.partitions);

    await source.handler.batch(log.read(0, 1, 10));
    await flush();

    expect(tables.steps).toHaveLength(1);
    expect(tables.sum("requests")).toBe(1n);
  });

  it("ignores batches of a partition that was never assigned", async () => {
    const { feed, flush, tables, source } = await anIngest();
    const elsewhere = new MemoryLog({ topic: "elsewhere" }).write([anEvent()]);
    await feed(anEvent());

    await source.handler.batch(elsewhere.read(0, 0, 10));
    await flush();

    expect(tables.sum("requests")).toBe(1n);
  });

  it("gives way to another writer and goes on from where that one stopped", async () => {
    const log = new MemoryLog();
    const first = await anIngest({ log, writer: "first" });
    await first.feed(anEvent({ user: "u1" }), anEvent({ user: "u2" }));
    const second = await anIngest({ log, writer: "second", tables: first.tables });
    await second.flush();

    await first.flush();
    await first.source.idle();
    log.write([anEvent({ user: "u3" })]);
    await first.source.idle();
    await first.flush();

    expect(first.tables.steps.map(({ writer, endOffset }) => [writer, endOffset])).toEqual([
      ["second", 2],
      ["first", 3],
    ]);
    expect(first.tables.sum("requests")).toBe(3n);
    expect((await first.metrics.commitSuperseded.get()).values).toMatchObject([{ value: 1 }]);
  });

  it("does not take an input for stored to its end while another writer takes it away again and again", async () => {
    const log = new MemoryLog();
    const first = await anIngest({ log, writer: "first" });
    const second = await anIngest({ log, writer: "second", tables: first.tables });
    for (const user of ["u1", "u2"]) {
      await first.feed(anEvent({ user }));
      await second.source.idle();
      await second.flush();
      await first.flush();
    }
    await second.worker.stop();

    log.write([anEvent({ user: "u3" }), EOF()]);
    await first.worker.done;

    expect((await first.metrics.commitSuperseded.get()).values).toMatchObject([{ value: 2 }]);
    expect(first.tables.sum("requests")).toBe(3n);
  });

  it("rebuilds the dedupe window after a restart by reading the tail, without counting it", async () => {
    const log = new MemoryLog();
    const first = await anIngest({ log });
    await first.feed(at(0, "a"), at(1), at(2, "b"));
    await first.flush();
    const second = await anIngest({ log, tables: first.tables, writer: "second" });

    await second.feed(at(3, "b"), at(4, "a"), at(5, "c"));
    await second.flush();

    expect(second.tables.sum("requests")).toBe(4n);
    expect(second.tables.steps.at(-1)).toMatchObject({
      expectedEnd: 3,
      firstOffset: 3,
      endOffset: 6,
      tailOffset: 0,
      counts: { records: 3, accepted: 1, duplicates: 2 },
    });
    expect(second.worker.totals.records).toBe(3);
  });

  it("stores what is in hand when a finite input ends, and is done", async () => {
    const { worker, log, tables } = await anIngest();
    log.write([anEvent(), anEvent(), EOF()]);

    await worker.done;

    expect(tables.sum("requests")).toBe(2n);
    expect(tables.steps).toMatchObject([{ endOffset: 2 }]);
  });

  it("stores what is in hand when it is stopped", async () => {
    const { worker, feed, tables } = await anIngest();
    await feed(anEvent(), anEvent());

    await worker.stop();
    await worker.stop();

    expect(tables.sum("requests")).toBe(2n);
    await expect(worker.done).resolves.toBeUndefined();
  });

  it("keeps at most the raw bytes of a rejected event that the table takes", async () => {
    const { feed, flush, tables } = await anIngest();
    const huge = `{"time": "${"x".repeat(100_000)}"}`;

    await feed(anEvent(), huge);
    await flush();

    const [row] = [...tables.rejected.values()];
    expect(row).toMatchObject({
      offset: 1,
      event: 0,
      reason: "invalid_time",
      rawBytes: huge.length,
    });
    expect(row!.raw.byteLength).toBe(LIMITS.keptRawBytes);
  });
});

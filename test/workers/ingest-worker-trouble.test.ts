import { describe, expect, it } from "@jest/globals";
import { pino } from "pino";
import { EOF } from "../support/memory-log.ts";
import { anEvent, anIngestWorker } from "../support/pipeline-builder.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MemoryPaneStore } from "../support/memory-pane-store.ts";
import { anIngest } from "./ingest-scene.ts";

/** Costs 10 million dollars: beyond what a ledger cell can hold. */
const OVERPRICED = anEvent({ model: "absurd", uncached_input_tokens: 1_000_000_000, id: "rich" });

describe("IngestWorker in trouble", () => {
  it("waits while the store does not answer, and stores once when it does", async () => {
    const { feed, flush, store, tables, worker, clock, metrics } = await anIngest();
    const since = async (): Promise<unknown> =>
      (await metrics.commitStartedSeconds.get()).values[0]?.value;
    await feed(anEvent());
    store.isDown = true;
    await flush();
    await clock.advance(11_000);
    expect(worker.progress.storing).toBe(true);
    expect(await since()).toBeGreaterThan(clock.now() / 1000 - 14);

    store.isDown = false;
    await flush();

    expect(tables.sum("requests")).toBe(1n);
    expect(worker.progress.storing).toBe(false);
    expect(await since()).toBe(0);
  });

  it.each(["fail-before", "fail-after"] as const)(
    "counts once when a commit meets trouble (%s)",
    async (fault) => {
      const { feed, flush, store, tables } = await anIngest();
      store.faults.push(fault);
      await feed(anEvent());

      await flush();

      expect(tables.steps).toHaveLength(1);
      expect(tables.sum("requests")).toBe(1n);
    },
  );

  it.each(["while a flush waits for it", "before a flush was tried"])(
    "ends within its deadline when the store is down (%s), and loses nothing",
    async (when) => {
      const first = await anIngest();
      await first.feed(anEvent({ id: "a" }));
      first.store.isDown = true;
      if (when.startsWith("while")) await first.flush();

      const stopped = first.worker.stop().then(() => first.clock.now());
      const startedMs = first.clock.now();
      await first.clock.advance(9_000);

      expect((await stopped) - startedMs).toBeLessThanOrEqual(9_000);
      expect(first.tables.steps).toEqual([]);
      const second = await anIngest({ log: first.log, tables: first.tables, writer: "second" });
      await second.flush();
      expect(second.tables.sum("requests")).toBe(1n);
    },
  );

  it("stores what it has in hand although its source takes long to end", async () => {
    const { worker, feed, source, tables, clock } = await anIngest();
    await feed(anEvent());
    const stopSource = source.stop.bind(source);
    source.stop = async () => {
      const stopped = stopSource();
      await clock.sleep(20_000);
      await stopped;
    };

    const stopped = worker.stop();
    await clock.advance(1_000);

    expect(tables.sum("requests")).toBe(1n);
    await clock.advance(20_000);
    await stopped;
    expect(tables.commitRows).toEqual([1]);
  });

  it("ends with the store's reason when a commit is refused for good", async () => {
    const { worker, feed, flush, store, tables } = await anIngest();
    store.faults.push("refuse");
    await feed(anEvent());

    await flush();

    expect(worker.failed).toBe(true);
    await expect(worker.done).rejects.toThrow("clickhouse refused the commit");
    await worker.stop();
    expect(tables.steps).toEqual([]);
  });

  it("leaves nothing running when its source cannot start", async () => {
    const clock = new ManualClock();
    const source = {
      name: "broken",
      done: new Promise<void>(() => undefined),
      start: () => Promise.reject(new Error("no broker")),
      stop: () => Promise.resolve(),
      reassign: () => undefined,
      committed: () => Promise.resolve(),
    };
    const { worker } = anIngestWorker({ source, clock, store: new MemoryPaneStore() });

    await expect(worker.start()).rejects.toThrow("no broker");
    await clock.advance(0);

    expect(clock.sleeping).toBe(0);
  });

  it("stops with one sentence when most of a block is rejected, and stores nothing of it", async () => {
    const { worker, log, source, flush, tables } = await anIngest({ batchRecords: 1_000 });
    log.write(Array.from({ length: 1_000 }, (_, index) => (index % 5 < 3 ? "{}" : anEvent())));
    await source.idle();
    await flush();

    expect(worker.failed).toBe(true);
    await expect(worker.done).rejects.toMatchObject({ code: "config" });
    await expect(worker.done).rejects.toThrow(
      /^60 % of the last 1000 events of token-usage were rejected, mostly for missing_time; .* pipeline test .*limits\.reject_share \(now 0\.5\)$/,
    );
    await worker.stop();
    expect(tables.steps).toEqual([]);
    expect(tables.rejected.size).toBe(0);
  });

  it("takes no batch after it has failed", async () => {
    const { worker, feed, log, source, tables } = await anIngest({ batchRecords: 1_000 });
    log.write(Array.from({ length: 1_000 }, () => "{}"));
    await source.idle();

    await feed(anEvent());
    await worker.stop();

    expect(tables.steps).toEqual([]);
  });

  it("keeps an event whose price no cell can hold as a rejected row, and counts the rest", async () => {
    const { feed, flush, tables, worker } = await anIngest();

    await feed([anEvent(), OVERPRICED, anEvent()] as object[], anEvent({ id: "rich" }));
    await flush();

    expect(tables.sum("requests")).toBe(3n);
    expect([...tables.rejected.values()]).toMatchObject([
      { partition: 0, offset: 0, event: 1, reason: "cost_out_of_range", incarnation: 0 },
    ]);
    expect(worker.totals.rejectedByReason.get("cost_out_of_range")).toBe(1);
  });

  it("counts every event of the input exactly once in its totals and metrics", async () => {
    const { worker, metrics, log, tables } = await anIngest({ batchRecords: 3 });
    log.write([
      anEvent({ id: "a", model: "unheard-of" }),
      anEvent({ id: "a" }),
      "{broken",
      null,
      [anEvent({ id: "b", user: "u2" }), 7, anEvent({ id: "a" })] as object[],
      anEvent({ output_tokens: -1 }),
      OVERPRICED,
      anEvent({ id: "c" }),
      EOF(),
    ]);

    await worker.done;

    const { totals } = worker;
    expect(totals).toMatchObject({
      records: 8,
      accepted: 3,
      duplicates: 2,
      ignored: 1,
      rejected: 4,
    });
    const value = async (metric: { get(): Promise<{ values: { value: number }[] }> }) =>
      (await metric.get()).values.reduce((sum, one) => sum + one.value, 0);
    expect(await value(metrics.recordsIn)).toBe(8);
    expect(await value(metrics.eventsAccepted)).toBe(3);
    expect(await value(metrics.eventsDuplicate)).toBe(2);
    expect(await value(metrics.eventsIgnored)).toBe(1);
    expect(await value(metrics.eventsRejected)).toBe(4);
    expect(await value(metrics.unpricedTokens)).toBe(1008);
    expect(totals.sum("cost_nanos")).toBe(tables.sum("cost_nanos"));
    expect(totals.sum("unpriced_tokens")).toBe(1008n);
    expect([...totals.unpricedByModel]).toEqual([["unheard-of", 1008]]);
    expect(await value(metrics.teamTokens)).toBe(3 * 1008);
    expect(await value(metrics.spendUsd)).toBeCloseTo(Number(tables.sum("cost_nanos")) / 1e9, 12);
  });

  it("tells how far it is behind the end of the log", async () => {
    const { feed, flush, worker, metrics } = await anIngest();

    await feed(anEvent(), anEvent());
    await flush();

    expect(worker.progress).toMatchObject({ partitions: 1, lagRecords: 0 });
    expect((await metrics.lagRecords.get()).values).toMatchObject([
      { labels: { topic: "token-usage", partition: "0" }, value: 0 },
    ]);
  });

  it("tells after a restart that it is at the end, though no record comes any more", async () => {
    const first = await anIngest();
    await first.feed(anEvent(), anEvent());
    await first.flush();
    await first.worker.stop();

    const { metrics, worker } = await anIngest({
      log: first.log,
      tables: first.tables,
      writer: "second",
    });

    expect(worker.progress).toMatchObject({ partitions: 1, lagRecords: 0 });
    expect((await metrics.lagRecords.get()).values).toMatchObject([{ value: 0 }]);
  });

  it("reads a record of very many bad events", async () => {
    const pipeline = { limits: { reject_share: 1 } };
    const { feed, flush, worker, tables } = await anIngest({ pipeline });
    const many = `[${"0,".repeat(99_999)}0]`;

    await feed(many, many);
    await flush();

    expect(worker.failed).toBe(false);
    expect(tables.rejected.size).toBe(200_000);
  });

  it("says whose commit it was that came before", async () => {
    const lines: string[] = [];
    const logger = pino({ level: "warn" }, { write: (line: string) => lines.push(line) });
    const first = await anIngest({ writer: "first", logger });
    await first.feed(anEvent());
    const second = await anIngest({ log: first.log, tables: first.tables, writer: "second" });
    await second.flush();

    await first.flush();

    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({ by: ["second"] });
  });
});

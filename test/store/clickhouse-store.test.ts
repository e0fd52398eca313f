import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { SystemClock } from "../../src/runtime/clock.ts";
import { ClickHouseStore } from "../../src/store/clickhouse-store.ts";
import type { Connection } from "../../src/store/connect.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { startTestEngine, truncateAll, type TestEngine } from "../support/clickhouse/engine.ts";
import { MINUTE_MS, aBatch, aPaneTable, aStep } from "../support/clickhouse/pane-builders.ts";

const P0 = { topic: "token-usage", partition: 0 };
const P1 = { topic: "token-usage", partition: 1 };
let test: TestEngine;
let connection: Connection;

beforeAll(async () => {
  test = await startTestEngine();
  connection = test.connect();
});
afterAll(() => test.stop());
beforeEach(() => truncateAll(connection));

function aStore(writer: string = randomUUID()): ClickHouseStore {
  return new ClickHouseStore({
    connection,
    writer,
    clock: new SystemClock(),
    logger: silentLogger,
    metrics: test.metrics,
  });
}

async function totals(): Promise<{ rows: number; tokens: number; parts: number }> {
  const [row] = await connection.rows<Record<string, string>>(
    "SELECT count() AS n, sum(output_tokens) AS tokens, uniqExact(_part) AS parts FROM usage WHERE kind = 'delta'",
  );
  return { rows: Number(row!["n"]), tokens: Number(row!["tokens"]), parts: Number(row!["parts"]) };
}

describe("ClickHouseStore", () => {
  it("gives null for a partition of which nothing is stored", async () => {
    const found = await aStore().claim([P0, P1]);

    expect(found).toEqual([null, null]);
  });

  it("stores panes and gives the checkpoint back to the next worker", async () => {
    const writer = randomUUID();
    const store = aStore(writer);
    await store.claim([P0, P1]);
    const step = aStep({ ...P0, endOffset: 100 });

    const outcome = await store.append(
      aBatch([step, aStep({ ...P1, firstOffset: 7, endOffset: 9 })]),
    );

    expect(outcome).toEqual({ kind: "stored" });
    expect(await totals()).toEqual({ rows: 1, tokens: 10, parts: 1 });
    const { expectedEnd, counts, ...rest } = step;
    expect([expectedEnd, counts.records]).toEqual([null, 100]);
    const [first, second] = await aStore().claim([P0, P1]);
    expect(first).toEqual({ ...rest, writer });
    expect(second).toMatchObject({ firstOffset: 7, endOffset: 9 });
  });

  it("goes on where the commit before ended", async () => {
    const store = aStore();
    await store.claim([P0]);

    for (let end = 10; end <= 50; end += 10) {
      const step = aStep({ expectedEnd: end === 10 ? null : end - 10, endOffset: end });
      expect(await store.append(aBatch([step]))).toEqual({ kind: "stored" });
    }

    expect(await totals()).toMatchObject({ rows: 5, tokens: 50 });
    expect(await aStore().claim([P0])).toMatchObject([{ firstOffset: 40, endOffset: 50 }]);
  });

  it("stores nothing that does not start where ClickHouse stands", async () => {
    const store = aStore();
    await store.claim([P0]);
    await store.append(aBatch([aStep({ endOffset: 10 })]));

    const outcome = await store.append(aBatch([aStep({ expectedEnd: 5, endOffset: 15 })]));

    expect(outcome).toMatchObject({ kind: "superseded", by: [{ endOffset: 10 }] });
    expect(await totals()).toMatchObject({ rows: 1 });
  });

  it("refuses all partitions of a batch when one of them was moved on", async () => {
    const [mine, theirs] = [aStore(), aStore()];
    await mine.claim([P0, P1]);
    await theirs.claim([P1]);
    await theirs.append(aBatch([aStep({ ...P1, endOffset: 3 })]));

    const outcome = await mine.append(
      aBatch([aStep({ ...P0, endOffset: 8 }), aStep({ ...P1, endOffset: 3 })]),
    );

    expect(outcome).toMatchObject({ kind: "superseded", by: [{ partition: 1, endOffset: 3 }] });
    expect(await aStore().claim([P0])).toEqual([null]);
  });

  it("lets a zombie store nothing once its partition is claimed, although the checkpoint still fits", async () => {
    const [zombie, owner] = [aStore(), aStore()];
    await zombie.claim([P0]);
    await owner.claim([P0]);

    const outcome = await zombie.append(aBatch([aStep({ endOffset: 10 })]));

    expect(outcome).toEqual({ kind: "superseded", by: [] });
    expect(await totals()).toMatchObject({ rows: 0 });
    expect(await owner.append(aBatch([aStep({ endOffset: 12 })]))).toEqual({ kind: "stored" });
  });

  it("stores one of two commits that two workers send at the same instant", async () => {
    for (let round = 0; round < 20; round++) {
      const topic = `race-${round}`;
      const [one, other] = [aStore(), aStore()];
      await one.claim([{ topic, partition: 0 }]);
      await other.claim([{ topic, partition: 0 }]);
      const batch = () => aBatch([aStep({ topic, endOffset: 10 })]);

      const outcomes = await Promise.all([one.append(batch()), other.append(batch())]);

      expect(outcomes.map(({ kind }) => kind)).toEqual(["superseded", "stored"]);
    }
    expect(await totals()).toMatchObject({ rows: 20 });
  });

  it("settles two claims at the same instant so that one worker owns the partition", async () => {
    const stores = [aStore(), aStore(), aStore()];

    await Promise.all(stores.map((store) => store.claim([P0])));
    const outcomes = [];
    for (const store of stores)
      outcomes.push(await store.append(aBatch([aStep({ endOffset: 10 })])));

    expect(outcomes.filter(({ kind }) => kind === "stored")).toHaveLength(1);
    expect(await totals()).toMatchObject({ rows: 1 });
  });

  it("stores a commit of 100,000 panes as one part", async () => {
    const store = aStore();
    await store.claim([P0]);
    const specs = Array.from({ length: 100_000 }, (_, index) => ({
      minuteMs: MINUTE_MS + (index % 1440) * 60_000,
      team: `team-${index % 200}`,
      user: `user-${index % 5000}`,
      requests: 1,
      output_tokens: index,
    }));

    await store.append(aBatch([aStep({ endOffset: 100_000 })], specs));

    expect(await totals()).toEqual({ rows: 100_000, tokens: (100_000 * 99_999) / 2, parts: 1 });
  });

  it("moves a checkpoint without any pane", async () => {
    const store = aStore();
    await store.claim([P0]);

    await store.append({ steps: [aStep({ endOffset: 10 })], panes: aPaneTable([]) });

    expect(await aStore().claim([P0])).toMatchObject([{ endOffset: 10 }]);
  });

  it("records a gap, so that the chain stays whole and the loss visible", async () => {
    const store = aStore();
    await store.claim([P0]);
    await store.append(aBatch([aStep({ endOffset: 10 })]));

    await store.append(aBatch([aStep({ expectedEnd: 10, firstOffset: 25, endOffset: 30 })]));

    expect(await aStore().claim([P0])).toMatchObject([{ firstOffset: 25, endOffset: 30 }]);
    expect(
      await connection.rows("SELECT first_offset, end_offset FROM usage WHERE kind = 'gap'"),
    ).toEqual([{ first_offset: "10", end_offset: "25" }]);
  });

  it("starts a new incarnation beside the old one", async () => {
    const store = aStore();
    await store.claim([P0]);
    await store.append(aBatch([aStep({ endOffset: 10 })]));

    const outcome = await store.append(aBatch([aStep({ incarnation: 1, endOffset: 4 })]));

    expect(outcome).toEqual({ kind: "stored" });
    expect(await aStore().claim([P0])).toMatchObject([{ incarnation: 1, endOffset: 4 }]);
    const stale = await store.append(aBatch([aStep({ expectedEnd: 10, endOffset: 20 })]));
    expect(stale.kind).toBe("superseded");
  });

  it.each([
    ["gap", { firstOffset: 12, endOffset: 20 }, "offsets 10 to 11 are missing"],
    ["overlap", { firstOffset: 7, endOffset: 20 }, "offsets 7 to 9 are stored twice"],
  ])("refuses to go on over a planted %s", async (_kind, { firstOffset, endOffset }, text) => {
    const store = aStore();
    await store.claim([P0, P1]);
    await store.append(aBatch([aStep({ ...P0, endOffset: 10 })]));
    await connection.command(
      `INSERT INTO usage (kind, topic, part, first_offset, end_offset, writer, batch, arrived)
       SELECT 'ckpt', 'token-usage', 0, ${firstOffset}, ${endOffset}, generateUUIDv4(), generateUUIDv4(), now64(3)`,
    );

    await expect(aStore().claim([P1, P0])).rejects.toMatchObject({
      code: "store_inconsistent",
      message: expect.stringContaining(text),
    });
    expect(await aStore().claim([P1])).toEqual([null]);
  });

  it("lists known sources of a prefix, newest first", async () => {
    const store = aStore();
    for (const topic of ["file:a", "file:b", "token-usage"]) {
      await store.claim([{ topic, partition: 0 }]);
      await store.append(aBatch([aStep({ topic, endOffset: 10 })]));
    }
    await store.append(aBatch([aStep({ topic: "file:a", expectedEnd: 10, endOffset: 30 })]));

    const known = await store.knownSources("file:");

    expect(known.map(({ topic, endOffset }) => [topic, endOffset])).toEqual([
      ["file:a", 30],
      ["file:b", 10],
    ]);
    expect(known[0]!.storedAtMs).toBeGreaterThan(Date.now() - 60_000);
  });
});

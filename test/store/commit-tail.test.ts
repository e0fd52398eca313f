import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { CheckpointStep } from "../../src/reduce/pane.ts";
import { SystemClock } from "../../src/runtime/clock.ts";
import { ClickHouseStore } from "../../src/store/clickhouse-store.ts";
import { CommitTail } from "../../src/store/commit-tail.ts";
import type { Connection } from "../../src/store/connect.ts";
import { ClickHouseIncidentStore } from "../../src/store/incident-store.ts";
import type { CommittedUses } from "../../src/store/rows.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { startTestEngine, truncateAll, type TestEngine } from "../support/clickhouse/engine.ts";
import { aBatch, aStep, MINUTE_MS, type PaneSpec } from "../support/clickhouse/pane-builders.ts";

const MINUTE = MINUTE_MS / 60_000;
const clock = new SystemClock();
let test: TestEngine;
let connection: Connection;

beforeAll(async () => {
  test = await startTestEngine();
  connection = test.connect();
});
afterAll(() => test.stop());
beforeEach(() => truncateAll(connection));

/** A worker that commits to the partitions of topic `t` and knows where each of them ends. */
class Writer {
  readonly #store: ClickHouseStore;
  readonly #ends: Map<number, CheckpointStep>;

  constructor(ends: Map<number, CheckpointStep>, behindMs = 0) {
    this.#ends = ends;
    const now = (): number => clock.now() - behindMs;
    const sleep = clock.sleep.bind(clock);
    this.#store = new ClickHouseStore({
      connection,
      writer: randomUUID(),
      clock: { now, sleep },
      logger: silentLogger,
    });
  }

  /** One commit that moves the partitions on by ten records. */
  async commit(partitions: readonly number[], ...panes: readonly PaneSpec[]): Promise<void> {
    await this.#store.claim(partitions.map((partition) => ({ topic: "t", partition })));
    const steps = partitions.map((partition) => {
      const known = this.#ends.get(partition);
      const expectedEnd = known?.endOffset ?? null;
      const endOffset = (expectedEnd ?? 0) + 10;
      const incarnation = known?.incarnation ?? 0;
      const step = aStep({ topic: "t", partition, incarnation, expectedEnd, endOffset });
      this.#ends.set(partition, step);
      return step;
    });
    expect(await this.#store.append(aBatch(steps, panes))).toEqual({ kind: "stored" });
  }
}

const usd = (team: string, cost: number, minute = MINUTE): PaneSpec => ({
  team,
  minuteMs: minute * 60_000,
  requests: 2,
  output_tokens: 30,
  cost_nanos: cost * 1e9,
  cost_usd_squared: cost * cost,
});

async function take(tail: CommitTail): Promise<CommittedUses[]> {
  const taken: CommittedUses[] = [];
  for await (const some of tail.poll()) taken.push(some);
  return taken;
}

const spent = (some: readonly CommittedUses[]): Record<string, number> => {
  const sums: Record<string, number> = {};
  for (const { team, usd: cost } of some.flatMap(({ uses }) => uses)) {
    sums[team] = (sums[team] ?? 0) + cost;
  }
  return sums;
};

describe("CommitTail", () => {
  it("gives what is stored after its beginning, once, by minute and dimensions", async () => {
    const writer = new Writer(new Map());
    await writer.commit([0], usd("before", 1));
    const tail = new CommitTail(connection);
    await tail.begin();
    expect(await take(tail)).toEqual([]);

    await writer.commit([0, 1], usd("b", 4, MINUTE + 1), usd("a", 2), { ...usd("a", 1) });
    const taken = await take(tail);

    expect(taken).toHaveLength(1);
    expect(taken[0]!.maxEventMs).toBe(MINUTE_MS + 59_000);
    expect(taken[0]!.uses).toEqual([
      expect.objectContaining({
        minute: MINUTE,
        department: "unknown",
        team: "a",
        usd: 3,
        usdSquared: 5,
        requests: 4,
        tokens: 60,
      }),
      expect.objectContaining({ minute: MINUTE + 1, team: "b", usd: 4, requests: 2, tokens: 30 }),
    ]);
    expect(await take(tail)).toEqual([]);
  });

  it("names the session that spent the most of a minute, over all its flushes", async () => {
    const writer = new Writer(new Map());
    const tail = new CommitTail(connection);
    await tail.begin();
    const flush = (session: string, nanos: number): PaneSpec => ({
      ...usd("a", 3),
      session: [session, nanos * 1e9],
    });
    await writer.commit([0], flush("big", 2.5), { ...flush("other model", 1), model: "m" });
    await writer.commit([0], flush("small, often", 1.5), usd("a", 3));
    await writer.commit([0], flush("small, often", 1.5), usd("none", 1));

    const uses = (await take(tail)).flatMap((some) => some.uses);

    const named = uses.map(({ team, model, usd: cost, session, sessionUsd, sessions }) => [
      ...[team, model, cost],
      ...[session, sessionUsd, [...(sessions ?? [])].sort()],
    ]);
    expect(named).toEqual([
      ["a", "m", 3, "other model", 1, ["other model"]],
      ["a", "unknown", 12, "small, often", 3, ["big", "small, often"]],
      ["none", "unknown", 1, "", 0, []],
    ]);
  });

  it("follows every writer and partition, also those that come later", async () => {
    const tail = new CommitTail(connection);
    await tail.begin();
    const ends = new Map<number, CheckpointStep>();
    await new Writer(ends).commit([0], usd("one", 1));
    await new Writer(ends).commit([3], usd("two", 2));
    expect(spent(await take(tail))).toEqual({ one: 1, two: 2 });

    await new Writer(ends).commit([3], usd("three", 3));
    await new Writer(ends).commit([7, 0], usd("four", 4));

    expect(spent(await take(tail))).toEqual({ three: 3, four: 4 });
    expect(tail.positions.map(({ partition, endOffset }) => [partition, endOffset])).toEqual([
      [0, 20],
      [3, 20],
      [7, 10],
    ]);
  });

  it("passes over no commit whose writer's clock is behind", async () => {
    const ends = new Map<number, CheckpointStep>();
    const tail = new CommitTail(connection);
    await tail.begin();
    await new Writer(ends).commit([0], usd("now", 1));
    expect(spent(await take(tail))).toEqual({ now: 1 });

    await new Writer(ends, 40 * 60_000).commit([0], usd("behind", 2));
    await new Writer(ends).commit([0], usd("now", 3));

    expect(spent(await take(tail))).toEqual({ behind: 2, now: 3 });
  });

  it("sees a topic that is counted from its beginning once more", async () => {
    const ends = new Map<number, CheckpointStep>();
    const writer = new Writer(ends);
    await writer.commit([0], usd("old", 1));
    const tail = new CommitTail(connection);
    await tail.begin();

    ends.set(0, { ...aStep({ endOffset: 0 }), incarnation: 1 });
    const store = new ClickHouseStore({
      connection,
      writer: randomUUID(),
      clock,
      logger: silentLogger,
    });
    await store.claim([{ topic: "t", partition: 0 }]);
    const step = aStep({ topic: "t", incarnation: 1, endOffset: 4 });
    await store.append(aBatch([step], [usd("new", 5)]));

    expect(spent(await take(tail))).toEqual({ new: 5 });
  });

  it("gives it again where it could not be read, and then all of it", async () => {
    let isDown = false;
    const tail = new CommitTail({
      ...connection,
      rowChunks: (sql, options) => {
        if (isDown) throw new Error("connection reset");
        return connection.rowChunks(sql, options);
      },
    });
    await tail.begin();
    const writer = new Writer(new Map());
    await writer.commit([0], usd("a", 1));
    isDown = true;
    await expect(take(tail)).rejects.toThrow("connection reset");
    await writer.commit([0], usd("b", 2));

    isDown = false;

    expect(spent(await take(tail))).toEqual({ a: 1, b: 2 });
  });

  it("loses nothing and doubles nothing beside the history up to where it began, while commits go on", async () => {
    const ends = new Map<number, CheckpointStep>();
    const [one, two] = [new Writer(ends), new Writer(ends)];
    await one.commit([0, 1], usd("a", 1));
    await two.commit([2], usd("a", 2, MINUTE + 1));
    const tail = new CommitTail(connection);
    await tail.begin();
    // These land between the snapshot and the reading of the history.
    await one.commit([0, 1], usd("a", 4));
    await two.commit([2, 5], usd("a", 8, MINUTE + 1));
    const store = new ClickHouseIncidentStore({ connection, clock });
    let history = 0;

    const rollups = store.history(MINUTE_MS - 3_600_000, MINUTE_MS + 3_600_000, tail.positions);
    for await (const chunk of rollups) for (const { costUsd } of chunk) history += costUsd;

    expect(history).toBe(3);
    expect(spent(await take(tail))).toEqual({ a: 12 });
  });

  it("has no history where nothing was stored when it began", async () => {
    const tail = new CommitTail(connection);
    await tail.begin();
    await new Writer(new Map()).commit([0], usd("a", 4));
    const store = new ClickHouseIncidentStore({ connection, clock });

    const chunks: unknown[] = [];
    const rollups = store.history(MINUTE_MS - 3_600_000, MINUTE_MS + 3_600_000, tail.positions);
    for await (const chunk of rollups) chunks.push(chunk);

    expect(chunks).toEqual([]);
  });
});

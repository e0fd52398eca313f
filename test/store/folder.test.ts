import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { SystemClock } from "../../src/runtime/clock.ts";
import { AppError } from "../../src/runtime/errors.ts";
import { AuditStore, type StoredCell } from "../../src/store/audit-store.ts";
import { ClickHouseStore } from "../../src/store/clickhouse-store.ts";
import type { Connection } from "../../src/store/connect.ts";
import { Folder } from "../../src/store/folder.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { CommitHistory, PARTITIONS, SHARED_TOPICS } from "../support/clickhouse/commit-history.ts";
import { startTestEngine, truncateAll, type TestEngine } from "../support/clickhouse/engine.ts";
import { aBatch, aStep } from "../support/clickhouse/pane-builders.ts";
import { contentsOf, rowsOf } from "../support/clickhouse/usage-contents.ts";

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** A Monday. */
const FIRST_WEEK_MS = Date.UTC(2026, 8, 7);
const clock = new SystemClock();
/** Many commits one after the other, on a machine that may be busy. */
jest.setTimeout(120_000);
let test: TestEngine;
let connection: Connection;
let folder: Folder;

beforeAll(async () => {
  test = await startTestEngine();
  connection = test.connect();
});
afterAll(() => test.stop());
beforeEach(async () => {
  await truncateAll(connection);
  folder = new Folder({ connection, clock });
});

/** `weeks` weeks of commits, `perWeek` each, five within an hour. */
async function aHistory(
  seed: number,
  { weeks, perWeek, recreated = true }: { weeks: number; perWeek: number; recreated?: boolean },
): Promise<CommitHistory> {
  const history = new CommitHistory({ connection, seed, recreated });
  await history.begin();
  const burstMs = (5 * WEEK_MS) / perWeek;
  for (let commit = 0; commit < weeks * perWeek; commit++) {
    await history.commit(FIRST_WEEK_MS + Math.floor(commit / 5) * burstMs + (commit % 5) * 60_000);
  }
  return history;
}

/** What `verify` reads of the topics that share a pipeline. */
async function auditedCells(): Promise<StoredCell[]> {
  const audit = new AuditStore(connection);
  const partitions = await audit.partitions(SHARED_TOPICS);
  const scope = { partitions, orphans: await audit.orphans() };
  expect(scope.orphans).toEqual([]);
  const cells: StoredCell[] = [];
  const range = { from: 0, to: 2 ** 32 - 1 };
  for await (const cell of audit.cells(scope, range, ["2026-11", "2026-12"])) cells.push(cell);
  const key = ({ minute, team, model }: StoredCell): string => `${minute} ${team} ${model}`;
  return cells.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** The engine's answers, with something done before or instead of a statement. */
function intercepted(before: (sql: string) => Promise<void>): Connection {
  return {
    ...connection,
    command: async (sql, options) => {
      await before(sql);
      await connection.command(sql, options);
    },
  };
}

describe("Folder", () => {
  it.each([1, 2])(
    "leaves all sums, newest checkpoints, gaps and rejected events as they were (seed %i)",
    async (seed) => {
      const history = await aHistory(seed, { weeks: 3, perWeek: 40 });
      const before = { contents: await contentsOf(connection), rows: await rowsOf(connection) };
      const due = await folder.due(FIRST_WEEK_MS + 2 * WEEK_MS);

      for (const week of due) expect(await folder.fold(week)).toMatchObject({ kind: "folded" });

      expect(due).toEqual(["20260907", "20260914"]);
      expect(await contentsOf(connection)).toEqual(before.contents);
      expect(before.contents["view"]).toMatchObject([{ requests: String(history.total.requests) }]);
      const { delta, ckpt, gap, rejected, ...others } = await rowsOf(connection);
      expect(others).toEqual({});
      expect(delta).toBeLessThan(0.95 * before.rows["delta"]!);
      expect(ckpt).toBeLessThan(before.rows["ckpt"]!);
      expect({ gap, rejected }).toEqual({
        gap: before.rows["gap"],
        rejected: before.rows["rejected"],
      });
      expect(await folder.due(FIRST_WEEK_MS + 2 * WEEK_MS)).toEqual([]);
    },
  );

  it("lets go of the sessions of a week that is over, and of no dollar", async () => {
    const store = new ClickHouseStore({
      connection,
      writer: randomUUID(),
      clock: { now: () => FIRST_WEEK_MS, sleep: () => Promise.resolve() },
      logger: silentLogger,
    });
    await store.claim([{ topic: "token-usage", partition: 0 }]);
    const panes = ["s1", "s2"].map((name) => ({ cost_nanos: 5e9, session: [name, 4e9] as const }));
    for (let end = 1; end <= 3; end++) {
      const step = aStep({ expectedEnd: end === 1 ? null : end - 1, endOffset: end });
      expect(await store.append(aBatch([step], panes))).toEqual({ kind: "stored" });
    }

    await folder.fold("20260907");

    // The newest commit is taken over as it is.
    const rows = await connection.rows(
      `SELECT top_session, toFloat64(top_session_cost_usd) AS session_usd, toFloat64(cost_usd) AS usd FROM usage
       WHERE kind = 'delta' ORDER BY top_session`,
    );
    expect(rows).toEqual([
      { top_session: "", session_usd: 0, usd: 20 },
      { top_session: "s1", session_usd: 4, usd: 5 },
      { top_session: "s2", session_usd: 4, usd: 5 },
    ]);
  });

  it("keeps apart what different pipelines stored, so that each can still be compared with its topics", async () => {
    await aHistory(3, { weeks: 1, perWeek: 40, recreated: false });
    const before = await auditedCells();

    expect(await folder.fold("20260907")).toMatchObject({ kind: "folded" });

    expect(before.length).toBeGreaterThan(10);
    expect(await auditedCells()).toEqual(before);
  });

  it("lets workers go on where they were, and folds again what arrives late", async () => {
    const history = await aHistory(4, { weeks: 2, perWeek: 25 });
    for (const week of await folder.due(FIRST_WEEK_MS + WEEK_MS)) await folder.fold(week);
    for (let late = 0; late < 20; late++) await history.commit(FIRST_WEEK_MS + late * 3_600_000);
    const before = await contentsOf(connection);

    const outcome = await folder.fold("20260907");

    expect(outcome).toMatchObject({ kind: "folded" });
    expect(await contentsOf(connection)).toEqual(before);
    expect(await folder.due(FIRST_WEEK_MS + WEEK_MS)).toEqual([]);
  });

  it("keeps what commits and a second fold do while it folds", async () => {
    const history = await aHistory(5, { weeks: 2, perWeek: 20 });
    const other = new Folder({ connection: test.connect(), clock });

    for (let round = 0; round < 5; round++) {
      const folds = [folder.fold("20260907"), other.fold("20260907")];
      for (let commit = 0; commit < 4; commit++) {
        await history.commit(FIRST_WEEK_MS + (commit % 2) * WEEK_MS + round * 60_000);
      }
      await Promise.allSettled(folds);
      const [row] = await connection.rows(
        "SELECT sum(requests) AS requests, toString(toInt64(sum(cost_usd) * 1000000000)) AS nanos FROM usage WHERE kind = 'delta'",
      );
      expect(row).toEqual({
        requests: String(history.total.requests),
        nanos: String(history.total.nanos),
      });
      expect((await contentsOf(connection))["breaks"]).toEqual([]);
    }

    const before = await contentsOf(connection);
    while ((await folder.due(FIRST_WEEK_MS + WEEK_MS)).length > 0) await folder.fold("20260907");
    expect(await contentsOf(connection)).toEqual(before);
    expect(Object.keys(await rowsOf(connection)).sort()).toEqual([
      "ckpt",
      "delta",
      "gap",
      "rejected",
    ]);
  });

  it("does nothing when a commit arrives between its reading and its merge", async () => {
    const history = await aHistory(6, { weeks: 1, perWeek: 20 });
    let late: Record<string, unknown> = {};
    const hindered = new Folder({
      connection: intercepted(async (sql) => {
        if (!sql.startsWith("OPTIMIZE")) return;
        await history.commit(FIRST_WEEK_MS + DAY_MS);
        late = await contentsOf(connection);
      }),
      clock,
    });

    expect(await hindered.fold("20260907")).toEqual({ kind: "overtaken" });

    expect(await contentsOf(connection)).toEqual(late);
    expect(await folder.fold("20260907")).toMatchObject({ kind: "folded" });
    expect(await contentsOf(connection)).toEqual(late);
  });

  it("changes nothing when its sums do not come out", async () => {
    await aHistory(7, { weeks: 1, perWeek: 25 });
    const before = await contentsOf(connection);
    const wrong = new Folder({
      connection: {
        ...connection,
        command: (sql, options) =>
          connection.command(
            sql.replace("sum(usage.output_tokens)", "max(usage.output_tokens)"),
            options,
          ),
      },
      clock,
    });

    expect(await wrong.fold("20260907")).toEqual({ kind: "overtaken" });

    expect(await contentsOf(connection)).toEqual(before);
  });

  it("gives up where the disk is full, and succeeds later without a trace", async () => {
    await aHistory(8, { weeks: 1, perWeek: 25 });
    const before = { contents: await contentsOf(connection), rows: await rowsOf(connection) };
    const full = new AppError("no space", { code: "store_unavailable", retryable: true });
    const hindered = new Folder({
      connection: intercepted((sql) =>
        sql.startsWith("OPTIMIZE") ? Promise.reject(full) : Promise.resolve(),
      ),
      clock,
    });

    await expect(hindered.fold("20260907")).rejects.toBe(full);

    expect(await rowsOf(connection)).toMatchObject(before.rows);
    expect(await folder.fold("20260907")).toMatchObject({ kind: "folded" });
    expect(await contentsOf(connection)).toEqual(before.contents);
    expect(await rowsOf(connection)).not.toHaveProperty("folding delta");
  });

  it("stops at once when it is told to", async () => {
    await aHistory(9, { weeks: 1, perWeek: 20 });
    const before = await contentsOf(connection);
    const stopping = new AbortController();
    const hindered = new Folder({
      connection: intercepted((sql) => {
        if (sql.startsWith("OPTIMIZE")) stopping.abort();
        return Promise.resolve();
      }),
      clock,
    });

    await expect(hindered.fold("20260907", stopping.signal)).rejects.toThrow(AppError);

    expect(await contentsOf(connection)).toEqual(before);
  });

  it("leaves a week alone that is not over, and one that holds nothing", async () => {
    await aHistory(10, { weeks: 1, perWeek: 10 });

    expect(await folder.due(FIRST_WEEK_MS + WEEK_MS - 1)).toEqual([]);
    expect(await folder.fold("20260831")).toEqual({ kind: "overtaken" });
    expect(await folder.size()).toMatchObject({ rows: expect.any(Number) });
    expect(PARTITIONS).toHaveLength(4);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { SystemClock } from "../../src/runtime/clock.ts";
import type { Connection } from "../../src/store/connect.ts";
import { Folder } from "../../src/store/folder.ts";
import { CommitHistory } from "../support/clickhouse/commit-history.ts";
import { startTestEngine, truncateAll, type TestEngine } from "../support/clickhouse/engine.ts";
import { contentsOf, rowsOf, totalsOf } from "../support/clickhouse/usage-contents.ts";

const KILLS = 20;
const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;
/** A Monday. */
const OLD_WEEK_MS = Date.UTC(2026, 8, 7);
const OLD_WEEK = "20260907";
const clock = new SystemClock();
jest.setTimeout(300_000);

let test: TestEngine;
let connection: Connection;

beforeAll(async () => {
  test = await startTestEngine();
  connection = test.connect();
});
afterAll(() => test.stop());
beforeEach(() => truncateAll(connection));

async function answers(): Promise<void> {
  const up = (): Promise<boolean> =>
    fetch(`${test.engine.url}/ping`).then(
      () => true,
      () => false,
    );
  while (!(await up())) await clock.sleep(5);
}

async function killEngine(): Promise<void> {
  const { pid } = test.engine;
  process.kill(pid!, "SIGKILL");
  while (test.engine.pid === pid) await clock.sleep(5);
  await answers();
}

/** Everything that a reader who asks all the time is told about the old week, until `over`. */
async function watch(over: AbortSignal): Promise<Set<string>> {
  const seen = new Set<string>();
  while (!over.aborted) {
    try {
      seen.add(await totalsOf(connection, OLD_WEEK_MS + WEEK_MS));
    } catch {
      await clock.sleep(5);
    }
  }
  return seen;
}

interface Round {
  /** What readers saw; one entry where nothing changed. */
  readonly seen: Set<string>;
  /** True where the kill came before the fold was over. */
  readonly hit: boolean;
}

/** Folds the old week while a reader looks, and kills the engine after `delayMs`. */
async function foldAndKill(folder: Folder, delayMs: number): Promise<Round> {
  const over = new AbortController();
  const watching = watch(over.signal);
  let done = false;
  const folding = folder.fold(OLD_WEEK).then(
    () => (done = true),
    () => undefined,
  );
  await clock.sleep(delayMs);
  const hit = !done;
  await killEngine();
  await folding;
  await clock.sleep(20);
  over.abort();
  const seen = await watching;
  seen.add(await totalsOf(connection, OLD_WEEK_MS + WEEK_MS));
  return { seen, hit };
}

/** Commits of two weeks; the old one is to be folded. */
async function aHistory(seed: number): Promise<CommitHistory> {
  const history = new CommitHistory({ connection, seed });
  await history.begin();
  for (let commit = 0; commit < 30; commit++) {
    await history.commit(OLD_WEEK_MS + commit * (HOUR_MS / 4));
  }
  return history;
}

/** How long an undisturbed fold takes here and now. */
async function foldMs(): Promise<number> {
  const startedMs = clock.now();
  await new Folder({ connection, clock }).fold(OLD_WEEK);
  return clock.now() - startedMs;
}

async function finish(folder: Folder): Promise<void> {
  while ((await folder.due(OLD_WEEK_MS + WEEK_MS)).length > 0) {
    await folder.fold(OLD_WEEK).catch(() => clock.sleep(50));
  }
}

describe("Folder on an engine that is killed again and again", () => {
  it(`shows every reader the same totals over ${KILLS} kills in the middle of folds`, async () => {
    const history = await aHistory(1);
    const folder = new Folder({ connection, clock });
    const usualMs = await foldMs();
    let hits = 0;
    let halfDone = 0;

    for (let round = 0; hits < KILLS; round++) {
      // The week has something to fold again, and the present goes on.
      await history.commit(OLD_WEEK_MS + (round % 160) * HOUR_MS);
      await history.commit(OLD_WEEK_MS + WEEK_MS + round * HOUR_MS);
      const expected = new Set([await totalsOf(connection, OLD_WEEK_MS + WEEK_MS)]);
      const before = await contentsOf(connection);

      const { seen, hit } = await foldAndKill(folder, Math.random() * 1.1 * usualMs);

      expect(seen).toEqual(expected);
      expect(await contentsOf(connection)).toEqual(before);
      if (hit) hits++;
      if ((await rowsOf(connection))["folding delta"] !== undefined) halfDone++;
    }

    expect(halfDone).toBeGreaterThan(0);
    const before = await contentsOf(connection);
    await finish(folder);
    expect(await contentsOf(connection)).toEqual(before);
    expect(before["view"]).toMatchObject([{ requests: String(history.total.requests) }]);
    expect(await rowsOf(connection)).not.toHaveProperty("folding delta");
  });

  it("would catch a fold that swaps in two steps", async () => {
    const history = await aHistory(2);
    // The same two changes of the part, one after the other.
    const twoSteps: Connection = {
      ...connection,
      command: async (sql, options) => {
        const [, remove, show] =
          /^ALTER TABLE usage\s+(DELETE .*?),\s+(UPDATE .*?)\nSETTINGS/s.exec(sql) ?? [];
        if (remove === undefined || show === undefined) return connection.command(sql, options);
        const once = (change: string): string =>
          `ALTER TABLE usage ${change.replace(/_part = '\w+'/, "1")} SETTINGS mutations_sync = 1`;
        await connection.command(once(show), options);
        await connection.command(once(remove), {
          ...options,
          queryId: `${options?.queryId ?? ""}-2`,
        });
      },
    };
    const folder = new Folder({ connection: twoSteps, clock });
    const usualMs = await foldMs();
    const totals = new Set<string>();
    let rounds = 0;

    for (; totals.size < 2 && rounds < 3 * KILLS; rounds++) {
      await history.commit(OLD_WEEK_MS + rounds * HOUR_MS);
      totals.clear();
      const { seen } = await foldAndKill(folder, (0.3 + Math.random()) * usualMs);
      for (const one of seen) totals.add(one);
    }

    expect(totals.size).toBeGreaterThan(1);
  });
});

import { rmSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "@clickhouse/client";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { SystemClock } from "../../src/runtime/clock.ts";
import { temporaryDirectory } from "../support/clickhouse/engine.ts";
import { seeded } from "../support/spend-stream.ts";
import { spikewatch, SpikewatchProcess } from "../support/spikewatch-process.ts";
import { until } from "../support/until.ts";
import {
  askEngine,
  askReader,
  COUNT,
  COUNTS_SQL,
  generateMillion,
  keepFigures,
  LIMITS,
  MILLION_MS,
  REASONS_SQL,
  spread,
  STATE_SQL,
  TABLE_SQL,
  type Million,
} from "./million.ts";

const KILLS = 10;
/** Commits come often where it is killed often, so that kills fall between all steps of a commit; the straight run commits in other places. */
const FLUSH_MS = 400;
const clock = new SystemClock();
const dir = temporaryDirectory();
const [killed, straight] = [join(dir, "killed"), join(dir, "straight")];
const peaks = { worker: 0, engine: 0 };
let million: Million;

beforeAll(async () => (million = await generateMillion(dir)), MILLION_MS);
afterAll(async () => {
  await SpikewatchProcess.killAll();
  rmSync(dir, { recursive: true, force: true });
});

function argv(data: string, pipeline: string): string[] {
  return ["replay", "--input", million.events, "--pipeline", pipeline, "--data", data, "--json"];
}

function note(process: SpikewatchProcess): void {
  peaks.worker = Math.max(peaks.worker, process.peak.worker);
  peaks.engine = Math.max(peaks.engine, process.peak.engine);
}

async function replay(data: string, pipeline: string): Promise<Record<string, unknown>> {
  const process = await spikewatch(argv(data, pipeline));
  note(process);
  return JSON.parse(process.stdout) as Record<string, unknown>;
}

async function query(data: string, sql: string): Promise<string> {
  const process = await spikewatch([
    "query",
    sql,
    "--data",
    data,
    "--format",
    "JSONCompactEachRow",
  ]);
  note(process);
  return process.stdout;
}

/** Replays until `share` of the file is stored, then up to a flush longer, and kills it there. True where it was still at work. */
async function replayUntilKilled(
  pipeline: string,
  share: number,
  lateMs: number,
): Promise<boolean> {
  const process = await SpikewatchProcess.start(argv(killed, pipeline));
  const stored = "SELECT max(end_offset) FROM usage WHERE kind = 'ckpt'";
  await until(`${Math.round(share * 100)} % are stored`, async () => {
    if (process.exit !== null) return true;
    const end = await askEngine(killed, process.pid, stored);
    return Number(end ?? -1) >= share * million.bytes ? true : null;
  });
  await clock.sleep(lateMs);
  const { signal } = await process.kill();
  note(process);
  return signal === "SIGKILL";
}

function expectWhole(comparison: Awaited<ReturnType<Million["compareWith"]>>): void {
  expect(comparison).toEqual({
    equal: million.totals.cells,
    differences: 0,
    missing: [],
    extra: [],
    different: [],
    twice: [],
  });
}

/** One row a bad event, whatever was stored twice on the way. */
async function expectRejected(data: string): Promise<void> {
  const lines = (await query(data, REASONS_SQL)).trim().split("\n");
  const counts = lines.map((line) => JSON.parse(line) as [string, string]);
  expect(Object.fromEntries(counts.map(([reason, count]) => [reason, Number(count)]))).toEqual(
    million.totals.rejected,
  );
}

describe("spikewatch replay of the million", () => {
  it(
    "counts what the recount counts, to the token and the nano-dollar",
    async () => {
      const { totals } = million;

      const summary = await replay(straight, million.pipeline("straight"));

      expect(summary).toMatchObject({
        state: "new",
        finished: true,
        records: totals.records,
        accepted: totals.accepted,
        duplicates: totals.duplicates,
        rejected_by_reason: totals.rejected,
        requests: String(totals.requests),
        tokens: {
          uncached_input_tokens: String(totals.uncached_input_tokens),
          cache_read_input_tokens: String(totals.cache_read_input_tokens),
          cache_write_5m_input_tokens: String(totals.cache_write_5m_input_tokens),
          cache_write_1h_input_tokens: String(totals.cache_write_1h_input_tokens),
          output_tokens: String(totals.output_tokens),
        },
        unpriced_tokens: String(totals.unpriced),
      });
      expect(String(summary["cost_usd"]).replace(".", "")).toBe(totals.nanos);
      expectWhole(await million.compareWith(await query(straight, TABLE_SQL)));
      await expectRejected(straight);
    },
    MILLION_MS,
  );

  it(
    `counts the same when it is killed ${KILLS} times on the way and started again`,
    async () => {
      const { totals } = million;
      const random = seeded(20_260_302);
      const pipeline = million.pipeline(
        "killed",
        `flush: { every: ${FLUSH_MS}ms }\nsource: { kafka: { topics: [unused], group: unused } }\n`,
      );

      for (const share of spread(KILLS, random)) {
        expect(await replayUntilKilled(pipeline, share * 0.97, random() * FLUSH_MS)).toBe(true);
      }
      const last = await replay(killed, pipeline);

      expect(last).toMatchObject({ state: "resumed", finished: true });
      expectWhole(await million.compareWith(await query(killed, TABLE_SQL)));
      await expectRejected(killed);
      const rejected = Object.values(totals.rejected).reduce((sum, count) => sum + count, 0);
      const counts = [totals.records, totals.accepted, totals.duplicates, rejected];
      const stored = JSON.parse(await query(killed, COUNTS_SQL)) as unknown[];
      expect(stored.map(Number)).toEqual(counts);
    },
    MILLION_MS,
  );

  it(
    "changes nothing when it is replayed once more",
    async () => {
      const before = await query(killed, STATE_SQL);

      const summary = await replay(killed, million.pipeline("again"));

      expect(summary).toMatchObject({ state: "unchanged", records: 0, accepted: 0, rejected: 0 });
      expect(await query(killed, STATE_SQL)).toBe(before);
      await expectRejected(killed);
    },
    MILLION_MS,
  );

  it(
    "gives the same table by query, plain HTTP and the driver while it runs, to a reader who can change nothing",
    async () => {
      const held = await SpikewatchProcess.start(
        ["run", "--data", killed, "--pipeline", million.pipeline("held")],
        { input: true, settings: { HTTP_PORT: "0", CLICKHOUSE_PORT: "0" } },
      );
      const { reader } = await held.ready();
      const before = await query(killed, STATE_SQL);

      expectWhole(await million.compareWith(await query(killed, TABLE_SQL)));
      const byHttp = await askReader(reader, `${TABLE_SQL} FORMAT JSONCompactEachRow`);
      expectWhole(await million.compareWith(byHttp));
      expectWhole(await million.compareWith(await byDriver(reader)));
      for (const sql of ["INSERT INTO usage (team) VALUES ('x')", "TRUNCATE TABLE usage"]) {
        await expect(askReader(reader, sql)).rejects.toThrow(/readonly|ACCESS_DENIED/);
      }
      await expect(askReader(reader, "SELECT * FROM file('/etc/hostname')")).rejects.toThrow();
      expect(await query(killed, STATE_SQL)).toBe(before);

      held.stdin.end();
      expect(await held.terminate()).toEqual({ code: 0, signal: null });
      note(held);
    },
    MILLION_MS,
  );

  it("never held more memory than it may", () => {
    keepFigures("replay", { records: COUNT, worker_mb: peaks.worker, engine_mb: peaks.engine });
    expect(peaks.worker).toBeGreaterThan(50);
    expect(peaks.worker).toBeLessThan(LIMITS.worker);
    expect(peaks.engine).toBeGreaterThan(100);
    expect(peaks.engine).toBeLessThan(LIMITS.engine);
  });
});

/** The table by the client that analysts use, as `reader`. */
async function byDriver(reader: string): Promise<string> {
  const client = createClient({
    url: new URL(reader).origin,
    username: "reader",
    database: "spikewatch",
  });
  try {
    const answer = await client.query({ query: TABLE_SQL, format: "JSONCompactEachRow" });
    return await answer.text();
  } finally {
    await client.close();
  }
}

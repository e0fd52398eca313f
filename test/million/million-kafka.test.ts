import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { SystemClock } from "../../src/runtime/clock.ts";
import { temporaryDirectory } from "../support/clickhouse/engine.ts";
import { KAFKA_START_MS, testKafka, type TestKafka } from "../support/kafka/test-kafka.ts";
import { seeded } from "../support/spend-stream.ts";
import { spikewatch, SpikewatchProcess } from "../support/spikewatch-process.ts";
import { until } from "../support/until.ts";
import {
  askEngine,
  askReader,
  COUNT,
  generateMillion,
  keepFigures,
  LIMITS,
  MILLION_MS,
  REASONS_SQL,
  script,
  spread,
  TABLE_SQL,
  type Million,
} from "./million.ts";

const KILLS = 3;
const PARTITIONS = 6;
const FLUSH_MS = 400;
/** What ClickHouse holds of each partition. */
const ENDS_SQL =
  "SELECT part, max(end_offset) FROM usage WHERE kind = 'ckpt' GROUP BY part FORMAT JSONCompactEachRow";
const clock = new SystemClock();
const dir = temporaryDirectory();
const data = join(dir, "data");
const peaks = { worker: 0, engine: 0 };
let million: Million;
let kafka: TestKafka;
let topic = "";
let argv: string[] = [];

beforeAll(async () => {
  kafka = await testKafka();
  million = await generateMillion(dir);
  topic = await kafka.createTopic("million", { partitions: PARTITIONS });
  const source = `source: { kafka: { topics: [${topic}], group: ${topic} } }`;
  const pipeline = million.pipeline("kafka", `flush: { every: ${FLUSH_MS}ms }\n${source}\n`);
  argv = ["run", "--pipeline", pipeline, "--data", data];
}, KAFKA_START_MS + MILLION_MS);
afterAll(async () => {
  await SpikewatchProcess.killAll();
  rmSync(dir, { recursive: true, force: true });
});

function start(): Promise<SpikewatchProcess> {
  const settings = { KAFKA_BROKERS: kafka.brokers.join(","), HTTP_PORT: "0", CLICKHOUSE_PORT: "0" };
  return SpikewatchProcess.start(argv, { settings });
}

function note({ peak }: SpikewatchProcess): void {
  peaks.worker = Math.max(peaks.worker, peak.worker);
  peaks.engine = Math.max(peaks.engine, peak.engine);
}

/** Stored ends by partition; null while the engine does not answer. */
async function storedEnds(process: SpikewatchProcess): Promise<Map<number, number> | null> {
  if (process.exit !== null) throw new Error(`it ended by itself: ${process.stderr}`);
  const text = await askEngine(data, process.pid, ENDS_SQL);
  const rows = (text ?? "").split("\n").filter((line) => line !== "");
  const ends = rows.map((line) => (JSON.parse(line) as unknown[]).map(Number));
  return text === null ? null : new Map(ends.map(([part, end]) => [part!, end!]));
}

/** Runs until `share` of the records are stored, then up to a flush longer, and kills it there. */
async function runUntilKilled(share: number, lateMs: number): Promise<void> {
  const process = await start();
  await until(
    `${Math.round(share * 100)} % are stored`,
    async () => {
      const ends = [...((await storedEnds(process)) ?? new Map<number, number>()).values()];
      return ends.reduce((sum, end) => sum + end, 0) >= share * COUNT ? true : null;
    },
    { timeoutMs: 240_000 },
  );
  await clock.sleep(lateMs);
  expect(await process.kill()).toEqual({ code: null, signal: "SIGKILL" });
  note(process);
}

async function logEnds(): Promise<Map<number, number>> {
  const offsets = await kafka.admin((admin) => admin.fetchTopicOffsets(topic));
  return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
}

describe("spikewatch run on the million from Kafka", () => {
  it(
    `counts what the recount counts, killed ${KILLS} times on the way, and ends in good order`,
    async () => {
      const producing = script(
        ...["produce.mjs", "--brokers", kafka.brokers.join(",")],
        ...["--topic", topic, "--input", million.events],
      );
      const random = seeded(20_260_304);
      for (const share of spread(KILLS, random)) {
        await runUntilKilled(share * 0.97, random() * FLUSH_MS);
      }
      const produced = JSON.parse(await producing) as { batches: Record<string, number> };
      expect(Object.keys(produced.batches).sort()).toEqual(["gzip", "lz4", "snappy", "zstd"]);
      const ends = await logEnds();
      expect([...ends.values()].reduce((sum, end) => sum + end, 0)).toBe(COUNT);

      const process = await start();
      const { page, reader } = await process.ready();
      await until(
        "all is stored",
        async () => {
          const stored = await storedEnds(process);
          const whole = [...ends].every(([partition, end]) => stored?.get(partition) === end);
          return whole ? true : null;
        },
        { timeoutMs: 240_000 },
      );

      await until("the metrics say so for each partition", async () => {
        const metrics = await (await fetch(new URL("/metrics", page))).text();
        const lags = [...metrics.matchAll(/^spikewatch_source_lag_records\{.*\} (\d+)$/gm)];
        return lags.filter(([, lag]) => lag === "0").length === PARTITIONS ? true : null;
      });
      const query = ["query", TABLE_SQL, "--data", data, "--format", "JSONCompactEachRow"];
      const comparison = await million.compareWith((await spikewatch(query)).stdout);
      expect(comparison).toMatchObject({
        equal: million.totals.cells,
        differences: 0,
        missing: [],
        extra: [],
        different: [],
      });
      const reasons = await askReader(reader, `${REASONS_SQL} FORMAT JSONCompactEachRow`);
      const counts = reasons
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as [string, string]);
      expect(Object.fromEntries(counts.map(([reason, count]) => [reason, Number(count)]))).toEqual(
        million.totals.rejected,
      );

      const asked = clock.now();
      expect(await process.terminate()).toEqual({ code: 0, signal: null });
      expect(clock.now() - asked).toBeLessThan(10_000);
      note(process);
    },
    MILLION_MS,
  );

  it("never held more memory than it may", () => {
    keepFigures("kafka", { records: COUNT, worker_mb: peaks.worker, engine_mb: peaks.engine });
    expect(peaks.worker).toBeGreaterThan(50);
    expect(peaks.worker).toBeLessThan(LIMITS.worker);
    expect(peaks.engine).toBeGreaterThan(100);
    expect(peaks.engine).toBeLessThan(LIMITS.engine);
  });
});

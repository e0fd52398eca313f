import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { verifyCommand } from "../../src/commands/verify.ts";
import { loadPipeline } from "../../src/config/load.ts";
import { createIngest } from "../../src/ingest.ts";
import { SystemClock } from "../../src/runtime/clock.ts";
import { KafkaSource } from "../../src/source/kafka-source.ts";
import type { Source } from "../../src/source/source.ts";
import type { Connection } from "../../src/store/connect.ts";
import { DATABASE, WRITER } from "../../src/store/engine-config.ts";
import { openStore } from "../../src/store/open-store.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import type { IngestWorker } from "../../src/workers/ingest-worker.ts";
import {
  startTestEngine,
  temporaryDirectory,
  truncateAll,
  type TestEngine,
} from "../support/clickhouse/engine.ts";
import { runCommand } from "../support/clickhouse/run-command.ts";
import { testKafka, type TestKafka } from "../support/kafka/test-kafka.ts";
import { until } from "../support/until.ts";

/** 0.0733 USD per million are 73,300 pico-dollars a token: 3 tokens cost 219.9 nano-dollars, so 220. */
const PRICES = `models:
  - provider: acme
    model: small
    prices: [{ input: 0.0733, output: 0.30125 }]
  - provider: acme
    model: big
    prices: [{ input: 3, output: 15 }]
`;

export const START_MS = Date.UTC(2026, 10, 20, 9);
const MINUTE_MS = 60_000;

/** An event of the canonical format, `minutes` after nine. */
export function anEventAt(
  minutes: number,
  fields: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    time: START_MS + Math.round(minutes * MINUTE_MS),
    team: "search",
    provider: "acme",
    model: "small",
    uncached_input_tokens: 3,
    output_tokens: 2,
    ...fields,
  };
}

export interface Answer {
  readonly code: number;
  readonly text: string;
}

/** A broker, an engine, the real ingest between them, and `verify` as the program runs it. */
export class VerifyScene {
  readonly kafka: TestKafka;
  readonly connection: Connection;
  readonly url: string;
  readonly #engine: TestEngine;
  readonly #dir = temporaryDirectory();
  readonly #workers: { worker: IngestWorker; close: () => Promise<void> }[] = [];

  private constructor(kafka: TestKafka, engine: TestEngine) {
    this.kafka = kafka;
    this.#engine = engine;
    this.connection = engine.connect();
    const url = new URL(engine.engine.url);
    url.username = WRITER;
    url.password = engine.engine.writerPassword;
    url.pathname = `/${DATABASE}`;
    this.url = url.href;
  }

  static async start(): Promise<VerifyScene> {
    const kafka = await testKafka();
    return new VerifyScene(kafka, await startTestEngine());
  }

  get brokers(): string[] {
    return [...this.kafka.brokers];
  }

  async stop(): Promise<void> {
    await this.reset();
    await this.#engine.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** Ends what runs and empties the tables. */
  async reset(): Promise<void> {
    for (const { worker, close } of this.#workers.splice(0)) {
      await worker.stop();
      await close();
    }
    await truncateAll(this.connection);
  }

  /** Writes a pipeline file that reads the topics. */
  pipeline(topics: readonly string[], more = "", prices = PRICES): string {
    const name = `${topics.join("-")}-${more.length}-${prices.length}`;
    const path = join(this.#dir, `${name}.yaml`);
    writeFileSync(join(this.#dir, `${name}.prices.yaml`), prices);
    writeFileSync(
      path,
      `name: verified\nformat: canonical-json\nprices: ./${name}.prices.yaml\nflush: { every: 100ms, max_rows: 8 }\n` +
        `source: { kafka: { topics: [${topics.join(", ")}], group: ${name} } }\n${more}\n`,
    );
    return path;
  }

  file(name: string, text: string): string {
    const path = join(this.#dir, name);
    writeFileSync(path, text);
    return path;
  }

  produce(
    topic: string,
    events: readonly (Record<string, unknown> | string | null | readonly unknown[])[],
    options: Parameters<TestKafka["produceLines"]>[2] = { partition: 0 },
  ): Promise<void> {
    const lines = events.map((one) =>
      one === null || typeof one === "string" ? one : JSON.stringify(one),
    );
    return this.kafka.produceLines(topic, lines, options);
  }

  /** Starts a worker on the pipeline's topics. */
  async startWorker(path: string): Promise<IngestWorker> {
    const pipeline = loadPipeline(path);
    const { topics, group } = pipeline.source.kafka!;
    const metrics = new Metrics();
    const source: Source = new KafkaSource({
      brokers: this.brokers,
      groupId: group,
      topics,
      logger: silentLogger,
      metrics,
      clock: new SystemClock(),
      sessionTimeoutMs: 6_000,
      // Several commits also of a short log.
      limits: { maxRecords: 50, maxBytes: 1 << 20 },
    });
    const store = await openStore({
      settings: { CLICKHOUSE_URL: this.url, CLICKHOUSE_PORT: 0, DATA_DIR: this.#dir },
      logger: silentLogger,
      mode: "write",
    });
    const worker = createIngest({
      pipeline,
      source,
      store: store.paneStore(),
      clock: new SystemClock(),
      logger: silentLogger,
      metrics,
    });
    this.#workers.push({ worker, close: () => store.close() });
    await worker.start();
    return worker;
  }

  /** Runs a worker until all of the topics is stored. */
  async ingest(path: string): Promise<void> {
    const worker = await this.startWorker(path);
    const { topics } = loadPipeline(path).source.kafka!;
    await until("all is stored", async () => {
      for (const topic of topics) {
        const stored = await this.ends(topic);
        const offsets = await this.kafka.admin((admin) => admin.fetchTopicOffsets(topic));
        if (
          offsets.some((one) => Number(one.high) > (stored.get(one.partition) ?? Number(one.low)))
        )
          return null;
      }
      return true;
    });
    await worker.stop();
  }

  async ends(topic: string): Promise<Map<number, number>> {
    const rows = await this.connection.rows<{ part: number; end: string }>(
      "SELECT part, max(end_offset) AS end FROM usage WHERE kind = 'ckpt' AND topic = {topic:String} GROUP BY part",
      { params: { topic } },
    );
    return new Map(rows.map(({ part, end }) => [part, Number(end)]));
  }

  async verify(path: string, ...flags: readonly string[]): Promise<Answer> {
    const { code, stdout } = await runCommand(verifyCommand, ["--pipeline", path, ...flags], {
      KAFKA_BROKERS: this.brokers,
      CLICKHOUSE_URL: this.url,
    });
    return { code, text: stdout };
  }

  async verifyJson(path: string, ...flags: readonly string[]): Promise<Record<string, unknown>> {
    const { code, text } = await this.verify(path, "--json", ...flags);
    const line = text.split("\n").find((one) => one.startsWith("{"));
    return { code, ...(JSON.parse(line ?? "{}") as Record<string, unknown>) };
  }
}

import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Connection } from "../../src/store/connect.ts";
import { DATABASE, WRITER } from "../../src/store/engine-config.ts";
import { BUILD_MS } from "../support/built-program.ts";
import {
  startTestEngine,
  temporaryDirectory,
  type TestEngine,
} from "../support/clickhouse/engine.ts";
import { FaultProxy } from "../support/clickhouse/fault-proxy.ts";
import { readTopic } from "../support/kafka/read-topic.ts";
import { KAFKA_START_MS, testKafka, type TestKafka } from "../support/kafka/test-kafka.ts";
import { spikewatch, SpikewatchProcess } from "../support/spikewatch-process.ts";
import { until } from "../support/until.ts";

/** Every third event is refused; 1,400 of those make three commits of a replay. */
const EVENTS = 4_200;
const BAD = EVENTS / 3;
const BROKEN = 5;
const COMMIT = /^INSERT INTO usage \(/;
const dir = temporaryDirectory();
let kafka: TestKafka;
let engine: TestEngine;
let connection: Connection;
let proxy: FaultProxy;
let settings: Record<string, string>;
let topic: string;
let dead: string;

beforeAll(async () => {
  kafka = await testKafka();
  engine = await startTestEngine();
  connection = engine.connect();
  proxy = new FaultProxy(engine.engine.url);
  const url = new URL(await proxy.start());
  url.username = WRITER;
  url.password = engine.engine.writerPassword;
  url.pathname = `/${DATABASE}`;
  topic = await kafka.createTopic("letters");
  dead = await kafka.createTopic("letters-dead", { partitions: 2 });
  settings = {
    KAFKA_BROKERS: kafka.brokers.join(","),
    CLICKHOUSE_URL: url.href,
    HTTP_PORT: "0",
  };
  const price = (model: string, input: number): string =>
    `models: [{ provider: acme, model: ${model}, prices: [{ input: ${input} , output: 1 }] }]\n`;
  writeFileSync(join(dir, "wrong.yaml"), price("small", 9_999));
  writeFileSync(join(dir, "right.yaml"), price("small", 0.0733));
  const common = `name: letters\nformat: canonical-json\n`;
  const source = `source: { kafka: { topics: [${topic}], group: ${topic}, dead_letter_topic: ${dead}, session_timeout: 6s } }\n`;
  writeFileSync(
    pipeline("before"),
    `${common}${source}flush: { every: 1s }\nprices: ./wrong.yaml\n`,
  );
  writeFileSync(
    pipeline("mended"),
    `${common}${source}flush: { max_rows: 1 }\nprices: ./right.yaml\n`,
  );
}, KAFKA_START_MS + BUILD_MS);

afterAll(async () => {
  await SpikewatchProcess.killAll();
  await proxy.stop();
  await engine.stop();
  rmSync(dir, { recursive: true, force: true });
});

function pipeline(name: string): string {
  return join(dir, `pipeline-${name}.yaml`);
}

/** At the wrong price, ten thousand times what they should cost, those with very many tokens are dearer than an event may be. */
function anEvent(index: number): string {
  const isDear = index % 3 === 0;
  return JSON.stringify({
    time: Date.UTC(2026, 10, 20, 9) + index * 100,
    team: isDear ? "research" : "search",
    provider: "acme",
    model: "small",
    uncached_input_tokens: isDear ? 1_000_000_000 : 3,
  });
}

async function counted(): Promise<Record<string, number>> {
  const rows = await connection.rows<{ team: string; n: string }>(
    "SELECT team, sum(requests) AS n FROM usage_by_minute GROUP BY team",
  );
  return Object.fromEntries(rows.map(({ team, n }) => [team, Number(n)]));
}

/** Runs a command until its `nth` commit, kills it there and throws that commit away. */
async function killedAtCommit(nth: number, ...argv: string[]): Promise<void> {
  if (nth > 1) proxy.plan(COMMIT, { delayMs: 0 }, nth - 1);
  const held = proxy.hold(COMMIT, "before");
  const process = await SpikewatchProcess.start(argv, { settings });
  await Promise.race([held.reached, process.exited]);
  expect(process.exit).toBeNull();
  await process.kill();
  held.drop();
  proxy.calm();
}

describe("spikewatch with a dead-letter topic and a wrong price book", () => {
  it("writes each refused event to the topic before the commit, under the same key after kill -9", async () => {
    const lines = Array.from({ length: EVENTS }, (_, index) => anEvent(index));
    await kafka.produceLines(topic, [...lines, ...Array<string>(BROKEN).fill("{broken")]);

    await killedAtCommit(1, "run", "--pipeline", pipeline("before"));
    const [early] = await connection.rows<{ n: string }>("SELECT count() AS n FROM rejected");
    const [written] = await readTopic(kafka, dead, 1);
    const run = await SpikewatchProcess.start(["run", "--pipeline", pipeline("before")], {
      settings,
    });
    await until("all is refused or counted", async () => {
      const [row] = await connection.rows<{ n: string }>("SELECT count() AS n FROM rejected");
      return Number(row?.n) === BAD + BROKEN ? true : null;
    });
    await run.terminate();

    expect([Number(early?.n), written?.headers["spikewatch-reason"]]).toEqual([
      0,
      "cost_out_of_range",
    ]);
    expect(await counted()).toEqual({ search: EVENTS - BAD });
    const offsets = await kafka.admin((admin) => admin.fetchTopicOffsets(dead));
    const total = offsets.reduce((sum, { high }) => sum + Number(high), 0);
    const records = await readTopic(kafka, dead, total);
    const keys = new Set(records.map(({ key }) => key));
    // More records than events: the first run's were written again.
    expect(total).toBeGreaterThan(BAD + BROKEN);
    expect(keys.size).toBe(BAD + BROKEN);
  }, 90_000);

  it("lists each event of the topic once", async () => {
    const argv = ["dead-letter", "list", "--from-topic", "--pipeline", pipeline("before")];
    const text = (await spikewatch([...argv, "--limit", "1"], { settings })).stdout;
    const broken = await spikewatch([...argv, "--reason", "invalid_json", "--json"], { settings });

    expect(text).toMatch(/^1,400 +cost_out_of_range/m);
    expect(text).toMatch(/^5 +invalid_json/m);
    const events = broken.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { offset: number });
    const last = Array.from({ length: BROKEN }, (_, index) => EVENTS + index);
    expect(events.map(({ offset }) => offset).sort((a, b) => a - b)).toEqual(last);
  }, 60_000);

  it("counts them with the mended book exactly once, though the replay is killed in the middle", async () => {
    const argv = ["dead-letter", "replay", "--pipeline", pipeline("mended"), "--json"];

    await killedAtCommit(2, ...argv);
    const between = (await counted())["research"];
    const { stdout } = await spikewatch(argv, { settings });
    const again = await spikewatch(argv, { settings });

    expect(between).toBeGreaterThan(0);
    expect(between).toBeLessThan(BAD);
    // The rest of the interrupted selection; then, as a selection of its own, what was still bad.
    expect(JSON.parse(stdout)).toMatchObject({
      resumed: 1,
      good: BAD - (between ?? 0),
      finished: true,
    });
    expect(JSON.parse(again.stdout)).toMatchObject({
      resumed: 0,
      read: BROKEN,
      good: 0,
      still_bad: { invalid_json: BROKEN },
    });
    expect(await counted()).toEqual({ search: EVENTS - BAD, research: BAD });
  }, 90_000);

  it("leaves what the topic holds provable", async () => {
    const argv = ["verify", "--pipeline", pipeline("before"), "--json"];
    const { stdout } = await spikewatch(argv, { settings });

    expect(JSON.parse(stdout)).toMatchObject({
      verdict: "exact",
      accepted: EVENTS - BAD,
      rejected: BAD + BROKEN,
    });
  }, 60_000);
});

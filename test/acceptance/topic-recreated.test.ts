import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { SystemClock } from "../../src/runtime/clock.ts";
import { BUILD_MS } from "../support/built-program.ts";
import { temporaryDirectory } from "../support/clickhouse/engine.ts";
import { KAFKA_START_MS, testKafka, type TestKafka } from "../support/kafka/test-kafka.ts";
import { anEvent } from "../support/pipeline-builder.ts";
import { spikewatch, SpikewatchProcess } from "../support/spikewatch-process.ts";
import { until } from "../support/until.ts";

const [OLD, MORE, NEW] = [40, 5, 60];
const STORY_MS = 120_000;
const dir = temporaryDirectory();
const data = join(dir, "data");
const pipeline = join(dir, "pipeline.yaml");
let kafka: TestKafka;
let topic = "";

function lines(count: number, team: string): string[] {
  const time = new SystemClock().now() - 60_000;
  return Array.from({ length: count }, () => JSON.stringify(anEvent({ time, team })));
}

function run(): Promise<SpikewatchProcess> {
  const settings = { KAFKA_BROKERS: kafka.brokers.join(","), HTTP_PORT: "0", CLICKHOUSE_PORT: "0" };
  return SpikewatchProcess.start(["run", "--pipeline", pipeline, "--data", data], { settings });
}

async function counted(): Promise<Record<string, number>> {
  const sql = "SELECT team, sum(requests) FROM usage_by_minute GROUP BY team";
  const { stdout } = await spikewatch([
    ...["query", sql, "--data", data],
    ...["--format", "JSONCompactEachRow"],
  ]);
  const rows = stdout.split("\n").filter((line) => line !== "");
  return Object.fromEntries(
    rows.map((line) => {
      const [team, requests] = JSON.parse(line) as [string, string];
      return [team, Number(requests)];
    }),
  );
}

/** Runs until `team` has that many requests, then ends it in good order. */
async function runUntil(team: string, requests: number): Promise<void> {
  const process = await run();
  await process.ready();
  await until(`${requests} of ${team} are counted`, async () =>
    (await counted())[team] === requests ? true : null,
  );
  expect(await process.terminate()).toEqual({ code: 0, signal: null });
}

async function createdAgain(): Promise<void> {
  await kafka.admin(async (admin) => {
    await admin.deleteTopics({ topics: [topic] });
    await until("the topic is gone", async () =>
      (await admin.listTopics()).includes(topic) ? null : true,
    );
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  });
}

beforeAll(async () => {
  kafka = await testKafka();
  topic = await kafka.createTopic("recreated");
  const source = `source: { kafka: { topics: [${topic}], group: ${topic} } }`;
  const flush = "flush: { every: 200ms }";
  writeFileSync(pipeline, `name: recreated\nformat: canonical-json\n${flush}\n${source}\n`);
}, KAFKA_START_MS + BUILD_MS);

afterAll(async () => {
  await SpikewatchProcess.killAll();
  rmSync(dir, { recursive: true, force: true });
});

describe("a topic that was deleted and created again", () => {
  it(
    "is refused in one sentence also where it has grown past what was read, until an operator takes it on",
    async () => {
      await kafka.produceLines(topic, lines(OLD, "old"));
      await runUntil("old", OLD);
      await kafka.produceLines(topic, lines(MORE, "more"));
      await runUntil("more", MORE);

      await createdAgain();
      await kafka.produceLines(topic, lines(NEW, "new"));
      const refused = await run();
      expect((await refused.exited).code).toBe(1);
      expect(refused.stderr).toMatch(
        new RegExp(
          `topic "${topic}" partition 0 holds another record at offset 44 than the one that was counted: .* spikewatch checkpoints restart --topic ${topic}`,
        ),
      );
      expect(refused.stderr).not.toMatch(/\n\s+at /);
      expect(await counted()).toEqual({ old: OLD, more: MORE });

      const restart = ["checkpoints", "restart", "--topic", topic, "--data", data];
      const warned = await SpikewatchProcess.start(restart);
      expect((await warned.exited).code).toBe(2);
      expect(warned.stdout).toContain("incarnation 0 would end at offset 45, incarnation 1 begins");
      expect(warned.stderr).toContain("nothing was changed: add --yes");
      await spikewatch([...restart, "--yes"]);
      await runUntil("new", NEW);
      expect(await counted()).toEqual({ old: OLD, more: MORE, new: NEW });

      const listed = await spikewatch(["checkpoints", "list", "--json", "--data", data]);
      expect(JSON.parse(listed.stdout)).toMatchObject({ topic, incarnation: 1, end_offset: NEW });
    },
    STORY_MS,
  );

  it("names what is stored where the topic is not known", async () => {
    const unknown = await SpikewatchProcess.start([
      ...["checkpoints", "restart", "--topic", "nowhere", "--yes", "--data", data],
    ]);

    expect((await unknown.exited).code).toBe(1);
    expect(unknown.stderr).toContain(
      'nothing is stored of topic "nowhere": `spikewatch checkpoints list`',
    );
  });
});

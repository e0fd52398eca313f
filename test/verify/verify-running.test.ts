import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { SystemClock } from "../../src/runtime/clock.ts";
import { BUILD_MS, builtProgram } from "../support/built-program.ts";
import { temporaryDirectory } from "../support/clickhouse/engine.ts";
import { KAFKA_START_MS, testKafka, type TestKafka } from "../support/kafka/test-kafka.ts";
import { SpikewatchProcess } from "../support/spikewatch-process.ts";

const PARTITIONS = 3;
const clock = new SystemClock();
const dir = temporaryDirectory();
const data = join(dir, "data");
let kafka: TestKafka;
let topic = "";

beforeAll(async () => {
  await builtProgram();
  kafka = await testKafka();
}, KAFKA_START_MS + BUILD_MS);
afterAll(async () => {
  await SpikewatchProcess.killAll();
  rmSync(dir, { recursive: true, force: true });
});

interface Verified {
  readonly code: number | null;
  readonly verdict: string;
  readonly records: number;
  readonly behind: number;
}

async function verify(pipeline: string): Promise<Verified> {
  const process = await SpikewatchProcess.start(
    ["verify", "--pipeline", pipeline, "--data", data, "--json"],
    { settings: { KAFKA_BROKERS: kafka.brokers.join(",") } },
  );
  const { code } = await process.exited;
  if (process.stdout === "") throw new Error(process.stderr);
  return { code, ...(JSON.parse(process.stdout) as Omit<Verified, "code">) };
}

/** Sends records for as long as `signal` lets it; gives how many there were. */
async function produceSteadily(topic: string, signal: AbortSignal): Promise<number> {
  const producer = kafka.client.producer();
  await producer.connect();
  let sent = 0;
  while (!signal.aborted) {
    const messages = Array.from({ length: 500 }, (_, index) => {
      const number = sent + index;
      const event = {
        time: clock.now(),
        // Every tenth is sent twice, to the same partition.
        id: `e-${number % 10 === 9 ? number - 9 : number}`,
        team: `team-${number % 7}`,
        model: "claude-sonnet-4-5",
        provider: "anthropic",
        output_tokens: number % 1000,
      };
      return { value: JSON.stringify(event), partition: Math.floor(number / 10) % PARTITIONS };
    });
    await producer.send({ topic, messages });
    sent += messages.length;
    await clock.sleep(100, signal);
  }
  await producer.disconnect();
  return sent;
}

describe("spikewatch verify beside a spikewatch run that holds the data directory", () => {
  it("says exact at any moment, while more is written and stored, and at the end of everything", async () => {
    topic = await kafka.createTopic("verify-running", { partitions: PARTITIONS });
    const pipeline = join(dir, "running.yaml");
    writeFileSync(
      pipeline,
      `name: running\nformat: canonical-json\nflush: { every: 200ms }\nsource: { kafka: { topics: [${topic}], group: ${topic} } }\n`,
    );
    const run = await SpikewatchProcess.start(["run", "--pipeline", pipeline, "--data", data], {
      settings: { KAFKA_BROKERS: kafka.brokers.join(","), HTTP_PORT: "0", CLICKHOUSE_PORT: "0" },
    });
    await run.ready();
    const producing = new AbortController();
    const sent = produceSteadily(topic, producing.signal);
    const seen: Verified[] = [];
    try {
      while (seen.filter(({ verdict }) => verdict === "exact").length < 3) {
        const one = await verify(pipeline);
        if (one.records > 0) seen.push(one);
        if (one.verdict !== "exact" && one.records > 0) break;
      }
    } finally {
      producing.abort();
    }
    const total = await sent;

    expect(seen.map(({ verdict, code }) => [verdict, code])).toEqual(
      Array.from({ length: 3 }, () => ["exact", 0]),
    );
    // It was really under way: each looked at more than the one before, and none at all of it.
    expect(seen[0]!.records).toBeLessThan(seen[1]!.records);
    expect(seen[1]!.records).toBeLessThan(seen[2]!.records);
    expect(seen[2]!.records).toBeLessThan(total);
    expect(await run.terminate()).toMatchObject({ code: 0 });
    expect(await verify(pipeline)).toMatchObject({ verdict: "exact", code: 0 });
  }, 120_000);

  it("leaves no consumer group behind", async () => {
    const { groups } = await kafka.admin((admin) => admin.listGroups());

    expect(groups.filter(({ groupId }) => groupId.startsWith(`${topic}-verify-`))).toEqual([]);
  });
});

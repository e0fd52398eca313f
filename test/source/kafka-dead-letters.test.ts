import { afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import kafkajs from "kafkajs";
import { SystemClock } from "../../src/runtime/clock.ts";
import { KafkaDeadLetters, type DeadLetter } from "../../src/source/kafka-dead-letters.ts";
import { createLogger } from "../../src/telemetry/logger.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { KAFKA_START_MS, testKafka, type TestKafka } from "../support/kafka/test-kafka.ts";
import { readTopic } from "../support/kafka/read-topic.ts";
import { until } from "../support/until.ts";

const never = new AbortController().signal;
const opened: KafkaDeadLetters[] = [];
let kafka: TestKafka;

beforeAll(async () => {
  kafka = await testKafka();
}, KAFKA_START_MS);
afterEach(() => Promise.all(opened.splice(0).map((one) => one.stop())));

interface Desk {
  readonly letters: KafkaDeadLetters;
  readonly metrics: Metrics;
  readonly warnings: string[];
}

async function open(topic: string, startTimeoutMs = 10_000): Promise<Desk> {
  const metrics = new Metrics();
  const warnings: string[] = [];
  const write = (line: string): void =>
    void warnings.push((JSON.parse(line) as { msg: string }).msg);
  const letters = new KafkaDeadLetters({
    brokers: kafka.brokers,
    topic,
    pipeline: "mine",
    clock: new SystemClock(),
    logger: createLogger("warn", { write }),
    metrics,
    startTimeoutMs,
  });
  opened.push(letters);
  await letters.start(never);
  return { letters, metrics, warnings };
}

function aLetter(letter: Partial<DeadLetter> = {}): DeadLetter {
  const raw = Uint8Array.of(0, 255, 10);
  const place = { topic: "usage", partition: 3, incarnation: 1, offset: 2 ** 40, event: 7 };
  return { ...place, reason: "invalid_json", detail: "x: is", raw, rawBytes: 70_000, ...letter };
}

/** Refuses every letter. */
const TOO_SMALL = { "max.message.bytes": "200" };

async function allow(topic: string, bytes: number): Promise<void> {
  const type = kafkajs.ConfigResourceTypes.TOPIC;
  const configEntries = [{ name: "max.message.bytes", value: String(bytes) }];
  await kafka.admin((admin) =>
    admin.alterConfigs({ validateOnly: false, resources: [{ type, name: topic, configEntries }] }),
  );
}

describe("KafkaDeadLetters", () => {
  it("writes the event's bytes under a key that is the same again, and says why and from where", async () => {
    const topic = await kafka.createTopic("dead", { partitions: 3 });
    const { letters, metrics } = await open(topic);

    await letters.publish([aLetter({ headers: { trace: "t1" } })], never);
    await letters.publish([aLetter({ headers: { trace: "t1" } })], never);

    const [first, second] = await readTopic(kafka, topic, 2);
    expect(first).toEqual({
      partition: second?.partition,
      key: `usage/3/1/${2 ** 40}/7`,
      value: Buffer.of(0, 255, 10),
      headers: {
        trace: "t1",
        "spikewatch-reason": "invalid_json",
        "spikewatch-detail": "x: is",
        "spikewatch-topic": "usage",
        "spikewatch-partition": "3",
        "spikewatch-incarnation": "1",
        "spikewatch-offset": String(2 ** 40),
        "spikewatch-event": "7",
        "spikewatch-raw-bytes": "70000",
        "spikewatch-pipeline": "mine",
      },
    });
    expect(second).toEqual(first);
    expect(await metrics.registry.metrics()).toContain(
      `spikewatch_dead_letters_produced_total{topic="${topic}"} 2`,
    );
  });

  it("writes more than a request may hold", async () => {
    const topic = await kafka.createTopic("many");
    const { letters } = await open(topic);
    const raw = new Uint8Array(65_536).fill(120);

    await letters.publish(
      Array.from({ length: 50 }, (_, offset) => aLetter({ offset, raw })),
      never,
    );

    expect(await readTopic(kafka, topic, 50)).toHaveLength(50);
  });

  it("waits while the broker refuses, says so once, and goes on by itself", async () => {
    const topic = await kafka.createTopic("refused", { config: TOO_SMALL });
    const { letters, warnings } = await open(topic);

    let isWritten = false;
    const writing = letters.publish([aLetter()], never).then(() => (isWritten = true));
    await until("it says that it waits", () => (warnings.length > 0 ? true : null));
    const early = isWritten;
    await allow(topic, 1_000_000);
    await writing;

    expect(early).toBe(false);
    expect(warnings).toEqual(["waiting for the dead-letter topic"]);
    expect(await readTopic(kafka, topic, 1)).toHaveLength(1);
  }, 30_000);

  it("ends the wait when it is told to", async () => {
    const topic = await kafka.createTopic("given-up", { config: TOO_SMALL });
    const { letters, warnings } = await open(topic);
    const stop = new AbortController();

    const writing = letters.publish([aLetter()], stop.signal);
    writing.catch(() => undefined);
    await until("it waits", () => (warnings.length > 0 ? true : null));
    stop.abort();

    await expect(writing).rejects.toThrow(/dead-letter topic "given-up-.*" was not written/);
  }, 30_000);

  it("refuses to start without the topic, and says how to make it", async () => {
    await expect(open("no-such-topic", 0)).rejects.toThrow(
      /topic "no-such-topic" does not exist .*kafka-topics\.sh .*--create --topic no-such-topic/,
    );
  });
});

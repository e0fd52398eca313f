import { afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { SystemClock } from "../../src/runtime/clock.ts";
import { KafkaSource, type KafkaSourceOptions } from "../../src/source/kafka-source.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import {
  KAFKA_START_MS,
  ownKafka,
  testKafka,
  type TestKafka,
} from "../support/kafka/test-kafka.ts";
import { RecordingHandler } from "../support/recording-handler.ts";
import { until } from "../support/until.ts";

const SESSION_MS = 2_000;
const numbered = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => `record ${from + index}`);

describe("KafkaSource in a group", () => {
  let kafka: TestKafka;
  const sources: KafkaSource[] = [];

  beforeAll(async () => {
    kafka = await testKafka();
  }, KAFKA_START_MS);

  afterEach(async () => {
    for (const source of sources.splice(0)) await source.stop();
  });

  function open(topic: string, options: Partial<KafkaSourceOptions> = {}): KafkaSource {
    const source = new KafkaSource({
      brokers: kafka.brokers,
      groupId: `${topic}-group`,
      topics: [topic],
      logger: silentLogger,
      metrics: new Metrics(),
      clock: new SystemClock(),
      ...options,
    });
    sources.push(source);
    return source;
  }

  /** A plain member of a group of its own that hangs over its first record, as a handler may. */
  async function muteMember(topic: string, sessionTimeout: number) {
    const groupId = `${topic}-mute`;
    const consumer = kafka.client.consumer({ groupId, sessionTimeout, heartbeatInterval: 500 });
    let free: () => void = () => undefined;
    const hung = new Promise<void>((resolve) => (free = resolve));
    const began = new Promise<void>((resolve) => {
      void consumer.connect().then(async () => {
        await consumer.subscribe({ topics: [topic], fromBeginning: true });
        await consumer.run({
          eachMessage: () => {
            resolve();
            return hung;
          },
        });
      });
    });
    await began;
    const isOut = async (): Promise<void> => {
      await until("the broker to put the mute member out", () =>
        kafka.admin(async (admin) => {
          const { groups } = await admin.describeGroups([groupId]);
          return groups.every(({ members }) => members.length === 0) ? true : null;
        }),
      );
    };
    const leave = async (): Promise<void> => {
      free();
      await consumer.disconnect();
    };
    return { isOut, leave };
  }

  it("reads nothing twice and loses nothing when members come and go", async () => {
    const topic = await kafka.createTopic("rebalance", { partitions: 4 });
    const stored = new RecordingHandler();
    // Both members store in one place, as they would in ClickHouse.
    const second = new RecordingHandler();
    Object.defineProperty(second, "ends", { value: stored.ends });
    const total = (): number => stored.records.length + second.records.length;
    const first = open(topic, { sessionTimeoutMs: 6000 });
    await first.start(stored.handler);
    await kafka.produceLines(topic, numbered(400));
    await stored.until(() => stored.records.length === 400);

    const other = open(topic, { sessionTimeoutMs: 6000 });
    await other.start(second.handler);
    await stored.until(() => stored.revocations.length > 0);
    await kafka.produceLines(topic, numbered(400, 400));
    await Promise.race([stored.until(() => total() === 800), second.until(() => total() === 800)]);
    const shared = second.records.length;
    await first.stop();
    await kafka.produceLines(topic, numbered(400, 800));
    await second.until(() => total() === 1200);

    const seen = [...stored.records, ...second.records];
    expect(shared).toBeGreaterThan(0);
    expect(new Set(seen.map(({ partition, offset }) => `${partition}:${offset}`)).size).toBe(1200);
    expect(seen.map(({ text }) => text).sort()).toEqual(numbered(1200).sort());
    expect(stored.overlaps + second.overlaps).toBe(0);
  }, 60_000);

  it("reads a partition that is added, from its first record", async () => {
    const topic = await kafka.createTopic("grown");
    await kafka.produceLines(topic, numbered(10), { partition: 0 });
    const handler = new RecordingHandler();
    await open(topic, { metadataMaxAgeMs: 500 }).start(handler.handler);
    await handler.until(() => handler.records.length === 10);

    await kafka.admin((admin) =>
      admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] }),
    );
    await kafka.produceLines(topic, numbered(10, 10), { partition: 1 });
    await handler.until(() => handler.records.length === 20);

    expect(handler.texts(`${topic}/1`)).toEqual(numbered(10, 10));
    expect(handler.texts(`${topic}/0`)).toEqual(numbered(10));
  });

  it("keeps its place in the group while the handler waits longer than the session", async () => {
    const topic = await kafka.createTopic("slow");
    await kafka.produceLines(topic, numbered(10), { partition: 0 });
    const handler = new RecordingHandler();
    // The broker's own clock: it puts out a member that begins to hang when the handler does, and tells nothing.
    const muted: Awaited<ReturnType<typeof muteMember>>[] = [];
    handler.hold = async () => {
      if (muted.length === 0) muted.push(await muteMember(topic, SESSION_MS));
      await muted[0]?.isOut();
    };

    await open(topic, { sessionTimeoutMs: SESSION_MS }).start(handler.handler);
    await handler.until(() => handler.records.length === 10);
    handler.hold = () => Promise.resolve();
    await muted[0]?.leave();
    expect(muted).toHaveLength(1);
    await kafka.produceLines(topic, numbered(10, 10), { partition: 0 });
    await handler.until(() => handler.records.length === 20);

    expect(handler.texts()).toEqual(numbered(20));
    expect(handler.revocations).toEqual([]);
  });

  it("hands partitions over while its handler waits, and drops what the handler then did", async () => {
    const topic = await kafka.createTopic("blocked", { partitions: 2 });
    await kafka.produceLines(topic, numbered(10), { partition: 0 });
    await kafka.produceLines(topic, numbered(10, 10), { partition: 1 });
    const first = new RecordingHandler();
    const second = new RecordingHandler();
    let release: () => void = () => undefined;
    const blocked = new Promise<void>((resolve) => {
      first.hold = () => {
        resolve();
        return new Promise((free) => (release = free));
      };
    });
    await open(topic, { sessionTimeoutMs: 6000 }).start(first.handler);
    await blocked;

    await open(topic, { sessionTimeoutMs: 6000 }).start(second.handler);
    await second.until(() => second.records.length === 10);
    first.hold = () => Promise.resolve();
    const before = first.batches.length;
    release();
    await first.until(() => first.revocations.length === 1 && first.assignments.length === 3);

    expect(before).toBe(0);
    expect(second.assignments).toHaveLength(1);
    expect(first.assignments[2]).not.toBe(second.assignments[0]);
    expect(first.overlaps).toBe(0);
  }, 60_000);
});

describe("KafkaSource, its broker failing", () => {
  it("goes on where it was when the broker is killed and comes back, and ends when it stays away", async () => {
    const { broker, kafka } = await ownKafka();
    try {
      const topic = await kafka.createTopic("killed");
      const source = new KafkaSource({
        brokers: kafka.brokers,
        groupId: topic,
        topics: [topic],
        logger: silentLogger,
        metrics: new Metrics(),
        clock: new SystemClock(),
        sessionTimeoutMs: 6000,
        silenceMs: 15_000,
      });
      const handler = new RecordingHandler();
      await source.start(handler.handler);
      await kafka.produceLines(topic, numbered(100), { partition: 0 });
      await handler.until(() => handler.records.length === 100);

      await broker.kill();
      await broker.restart();
      await kafka.produceLines(topic, numbered(100, 100), { partition: 0 });
      await handler.until(() => handler.records.length === 200);
      await broker.kill();

      expect(handler.texts()).toEqual(numbered(200));
      await expect(source.done).rejects.toMatchObject({ code: "kafka_unavailable" });
      await source.stop();
    } finally {
      await broker.dispose();
    }
  }, 120_000);
});

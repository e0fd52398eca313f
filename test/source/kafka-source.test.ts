import { afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { SystemClock } from "../../src/runtime/clock.ts";
import { KafkaSource, type KafkaSourceOptions } from "../../src/source/kafka-source.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { KAFKA_START_MS, testKafka, type TestKafka } from "../support/kafka/test-kafka.ts";
import { RecordingHandler } from "../support/recording-handler.ts";

const numbered = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => `record ${from + index}`);

describe("KafkaSource", () => {
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

  it("passes a record of 10 MB whole, between its small neighbours", async () => {
    const topic = await kafka.createTopic("large");
    const large = "x".repeat(10 * 1024 * 1024);
    await kafka.produceLines(topic, ["before", large, "after"], { partition: 0, perRequest: 1 });
    const handler = new RecordingHandler();

    await open(topic).start(handler.handler);
    await handler.until(() => handler.ends.get(`${topic}/0`) === 3);

    expect(handler.records.map(({ size }) => size)).toEqual([6, large.length, 5]);
    expect(handler.texts()[1] === large).toBe(true);
  });

  it("cuts what it fetched to the size of batch it was asked for", async () => {
    const topic = await kafka.createTopic("slices");
    await kafka.produceLines(topic, numbered(1000), { partition: 0 });
    const handler = new RecordingHandler();

    await open(topic, { limits: { maxRecords: 64, maxBytes: 500 } }).start(handler.handler);
    await handler.until(() => handler.ends.get(`${topic}/0`) === 1000);

    expect(handler.texts()).toEqual(numbered(1000));
    expect(Math.max(...handler.batches.map(({ count }) => count))).toBeLessThanOrEqual(64);
    expect(Math.max(...handler.batches.map(({ count }) => count))).toBeGreaterThan(30);
  });

  it("gives each record the broker's time and its headers", async () => {
    const topic = await kafka.createTopic("headers", {
      config: { "message.timestamp.type": "LogAppendTime" },
    });
    const producer = kafka.client.producer();
    await producer.connect();
    const beforeMs = Date.now();
    await producer.send({
      topic,
      messages: [{ value: "one", headers: { team: "search" }, timestamp: "1000" }],
    });
    await producer.disconnect();
    const handler = new RecordingHandler();
    let times: number[] = [];
    let headers: unknown = null;
    handler.hold = (batch) => {
      times = [...batch.appendTimesMs];
      headers = batch.headers;
      return Promise.resolve();
    };

    await open(topic).start(handler.handler);
    await handler.until(() => handler.records.length === 1);

    expect(times[0]).toBeGreaterThanOrEqual(beforeMs);
    expect(headers).toEqual([{ team: Buffer.from("search") }]);
  });

  it("leaves out aborted transactions, and counts their offsets and the control markers as read", async () => {
    const topic = await kafka.createTopic("transactions");
    const producer = kafka.client.producer({
      transactionalId: `${topic}-producer`,
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    const send = async (values: readonly string[], end: "commit" | "abort"): Promise<void> => {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: values.map((value) => ({ value })) });
      await transaction[end]();
    };
    await send(numbered(50), "abort");
    await send(numbered(50, 50), "commit");
    await send(numbered(20, 100), "abort");
    await producer.disconnect();
    const handler = new RecordingHandler();

    await open(topic).start(handler.handler);
    // 120 records and a marker for each of the three transactions.
    await handler.until(() => handler.ends.get(`${topic}/0`) === 123);

    expect(handler.texts()).toEqual(numbered(50, 50));
    expect(handler.gaps).toEqual([]);
  });

  it("moves on over a topic that holds nothing but an aborted transaction", async () => {
    const topic = await kafka.createTopic("aborted");
    const producer = kafka.client.producer({
      transactionalId: `${topic}-producer`,
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value: "never" }] });
    await transaction.abort();
    await producer.disconnect();
    const handler = new RecordingHandler();

    await open(topic).start(handler.handler);
    await handler.until(() => handler.ends.get(`${topic}/0`) === 2);

    expect(handler.records).toEqual([]);
    expect(handler.batches.every(({ fingerprint }) => fingerprint === "")).toBe(true);
  });

  it("tells how much was deleted unread, counts it, and goes on behind the gap", async () => {
    const topic = await kafka.createTopic("gap");
    await kafka.produceLines(topic, numbered(100), { partition: 0 });
    await kafka.admin(async (admin) => {
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "60" }] });
    });
    const handler = new RecordingHandler({ [`${topic}/0`]: 20 });
    const metrics = new Metrics();

    await open(topic, { metrics }).start(handler.handler);
    await handler.until(() => handler.ends.get(`${topic}/0`) === 100);

    expect(handler.gaps).toEqual([{ key: `${topic}/0`, from: 20, to: 60 }]);
    expect(handler.texts()).toEqual(numbered(40, 60));
    const counted = (await metrics.gapRecords.get()).values;
    expect(counted).toEqual([expect.objectContaining({ value: 40 })]);
  });

  it("notices records deleted while it reads", async () => {
    const topic = await kafka.createTopic("gap-live");
    await kafka.produceLines(topic, numbered(10), { partition: 0 });
    const handler = new RecordingHandler();
    let deleted = false;
    handler.hold = async () => {
      if (deleted) return;
      deleted = true;
      await kafka.produceLines(topic, numbered(50, 10), { partition: 0 });
      await kafka.admin(async (admin) => {
        await admin.fetchTopicOffsets(topic);
        await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "40" }] });
      });
    };

    await open(topic).start(handler.handler);
    await handler.until(() => handler.ends.get(`${topic}/0`) === 60);

    expect(handler.gaps).toEqual([{ key: `${topic}/0`, from: 10, to: 40 }]);
    expect(handler.texts()).toEqual([...numbered(10), ...numbered(20, 40)]);
  });

  it("begins at the oldest record where nothing is stored yet, which is no gap", async () => {
    const topic = await kafka.createTopic("oldest");
    await kafka.produceLines(topic, numbered(10), { partition: 0 });
    await kafka.admin(async (admin) => {
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "4" }] });
    });
    const handler = new RecordingHandler();

    await open(topic).start(handler.handler);
    await handler.until(() => handler.ends.get(`${topic}/0`) === 10);

    expect(handler.texts()).toEqual(numbered(6, 4));
    expect(handler.gaps).toEqual([]);
  });

  it("refuses a topic that ends before the stored position", async () => {
    const topic = await kafka.createTopic("recreated");
    await kafka.produceLines(topic, numbered(5), { partition: 0 });
    const source = open(topic);

    await source.start(new RecordingHandler({ [`${topic}/0`]: 500 }).handler);

    await expect(source.done).rejects.toMatchObject({
      code: "kafka_refused",
      message: expect.stringContaining(`topic "${topic}" partition 0 ends at offset 5, before 500`),
    });
  });

  it("ends with the handler's error, and stops reading", async () => {
    const topic = await kafka.createTopic("failing");
    await kafka.produceLines(topic, numbered(10), { partition: 0 });
    const handler = new RecordingHandler();
    handler.hold = () => Promise.reject(new Error("no room"));
    const source = open(topic);

    await source.start(handler.handler);

    await expect(source.done).rejects.toThrow("no room");
  });

  it("tells the broker what is stored", async () => {
    const topic = await kafka.createTopic("committed");
    await kafka.produceLines(topic, numbered(10), { partition: 0 });
    const handler = new RecordingHandler();
    const source = open(topic);
    await source.start(handler.handler);
    await handler.until(() => handler.records.length === 10);

    await source.committed([{ topic, partition: 0, endOffset: 7 }]);
    await source.committed([{ topic, partition: 0, endOffset: 10 }]);
    await source.stop();

    const [offsets] = await kafka.admin((admin) =>
      admin.fetchOffsets({ groupId: `${topic}-group`, topics: [topic] }),
    );
    expect(offsets?.partitions).toEqual([expect.objectContaining({ partition: 0, offset: "10" })]);
  });

  it("says which topic is missing and how to create it", async () => {
    const source = open("no-such-topic", { startTimeoutMs: 300 });

    await expect(source.start(new RecordingHandler().handler)).rejects.toMatchObject({
      code: "kafka_refused",
      message: expect.stringMatching(
        /topic "no-such-topic" does not exist .*kafka-topics\.sh .*--create --topic no-such-topic/,
      ),
    });
  });

  it("says which broker does not answer and what to check", async () => {
    const source = open("any", { brokers: ["127.0.0.1:19"], startTimeoutMs: 300 });

    await expect(source.start(new RecordingHandler().handler)).rejects.toMatchObject({
      code: "kafka_unavailable",
      message: expect.stringMatching(/127\.0\.0\.1:19.*SPIKEWATCH_KAFKA_BROKERS/),
    });
    await expect(source.done).rejects.toMatchObject({ code: "kafka_unavailable" });
  });
});

import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { SystemClock } from "../../src/runtime/clock.ts";
import {
  kafkaCodecs,
  registerKafkaCodecs,
  type KafkaCodecName,
} from "../../src/source/kafka-codecs.ts";
import { KafkaSource } from "../../src/source/kafka-source.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import {
  KAFKA_START_MS,
  testKafka,
  type Codec,
  type TestKafka,
} from "../support/kafka/test-kafka.ts";
import { RecordingHandler } from "../support/recording-handler.ts";

const NAMES: readonly KafkaCodecName[] = ["gzip", "snappy", "lz4", "zstd"];
const CODECS: readonly Codec[] = ["none", ...NAMES];
const MIB = 1024 * 1024;

describe.each(NAMES)("kafkaCodecs: %s", (name) => {
  it("gives back what it compressed", async () => {
    const codec = kafkaCodecs()[name];

    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300_000 }), async (bytes) => {
        const payload = Buffer.from(bytes);
        const inflated = await codec.decompress(await codec.compress(payload));
        expect(inflated.equals(payload)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it("inflates up to its limit and refuses more, without a retry", async () => {
    const codec = kafkaCodecs(2 * MIB)[name];
    const allowed = await codec.compress(Buffer.alloc(MIB, "x"));
    const bomb = await codec.compress(Buffer.alloc(16 * MIB, "x"));

    expect((await codec.decompress(allowed)).length).toBe(MIB);
    await expect(codec.decompress(bomb)).rejects.toMatchObject({
      message: expect.stringMatching(`a ${name} batch of ${bomb.length} bytes cannot be inflated`),
      retriable: false,
    });
  });

  it("refuses broken bytes without a retry", async () => {
    const codec = kafkaCodecs()[name];
    const whole = await codec.compress(Buffer.from("a line\n".repeat(500)));

    for (const broken of [
      whole.subarray(0, -9),
      Buffer.from("no such frame at all"),
      Buffer.alloc(3),
    ]) {
      await expect(codec.decompress(broken)).rejects.toMatchObject({ retriable: false });
    }
  });
});

describe("kafkaCodecs", () => {
  it("refuses a batch that gzip would inflate past the limit in a second member", async () => {
    const codec = kafkaCodecs(MIB).gzip;
    const twice = Buffer.concat([gzipSync(Buffer.alloc(MIB)), gzipSync(Buffer.alloc(MIB))]);

    await expect(codec.decompress(twice)).rejects.toMatchObject({ retriable: false });
  });
});

describe("KafkaSource, reading what Kafka's own producer wrote", () => {
  let kafka: TestKafka;
  const topics = new Map<Codec, string>();
  const lines = Array.from({ length: 3000 }, (_, n) =>
    JSON.stringify({ n, model: "claude-sonnet-4-5", text: "ähnlich ".repeat(n % 40) }),
  );

  beforeAll(async () => {
    kafka = await testKafka();
    for (const codec of CODECS) topics.set(codec, await kafka.createTopic(`java-${codec}`));
    await kafka.produceWithJava(
      CODECS.flatMap((codec) =>
        [...lines, null].map((value) => ({ topic: topics.get(codec)!, codec, value })),
      ),
    );
  }, KAFKA_START_MS);

  function open(topic: string): KafkaSource {
    return new KafkaSource({
      brokers: kafka.brokers,
      groupId: topic,
      topics: [topic],
      logger: silentLogger,
      metrics: new Metrics(),
      clock: new SystemClock(),
    });
  }

  it.each(CODECS)("reads every record of a %s topic, a tombstone included", async (codec) => {
    const topic = topics.get(codec)!;
    const source = open(topic);
    const handler = new RecordingHandler();

    await source.start(handler.handler);
    await handler.until(() => handler.ends.get(`${topic}/0`) === lines.length + 1);
    await source.stop();

    expect(handler.texts()).toEqual([...lines, null]);
  });

  it.each(NAMES)("ends, and says why, when a %s batch inflates past the limit", async (codec) => {
    const topic = topics.get(codec)!;
    const source = open(topic);
    registerKafkaCodecs(1000);

    await source.start(new RecordingHandler().handler);

    await expect(source.done).rejects.toMatchObject({
      code: "kafka_unavailable",
      message: expect.stringContaining(`a ${codec} batch of `),
    });
    await source.stop();
  });
});

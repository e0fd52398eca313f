import { beforeAll, describe, expect, it } from "@jest/globals";
import { SystemClock } from "../../src/runtime/clock.ts";
import type { PassHandler, PassTarget } from "../../src/source/kafka-pass.ts";
import { KafkaScan, type KafkaScanOptions } from "../../src/source/kafka-scan.ts";
import { partitionKey } from "../../src/source/source.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { KAFKA_START_MS, testKafka, type TestKafka } from "../support/kafka/test-kafka.ts";

const numbered = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => `record ${from + index}`);

/** Keeps what it is given; the number at a record's end is its partition's progress. */
class Keeper implements PassHandler {
  readonly texts = new Map<string, string[]>();
  readonly ends = new Map<string, number>();
  readonly gaps: [number, number][] = [];
  readonly fingerprints: string[] = [];
  readonly maxLead: number;
  onBatch: () => Promise<void> = () => Promise.resolve();

  constructor(maxLead = Infinity) {
    this.maxLead = maxLead;
  }

  readonly batch: PassHandler["batch"] = async (records) => {
    const key = partitionKey(records);
    const kept = this.texts.get(key) ?? [];
    kept.push(...records.values.map((value) => Buffer.from(value ?? "null").toString()));
    this.texts.set(key, kept);
    this.ends.set(key, records.endOffset);
    this.fingerprints.push(records.fingerprint);
    await this.onBatch();
  };

  readonly gap: PassHandler["gap"] = (_, from, to) => {
    this.gaps.push([from, to]);
    return Promise.resolve();
  };

  readonly progress: PassHandler["progress"] = (partition) =>
    Number(this.texts.get(partitionKey(partition))?.at(-1)?.split(" ")[1] ?? -1);
}

describe("KafkaScan", () => {
  let kafka: TestKafka;

  beforeAll(async () => {
    kafka = await testKafka();
  }, KAFKA_START_MS);

  function scanOf(topic: string, options: Partial<KafkaScanOptions> = {}): KafkaScan {
    return new KafkaScan({
      brokers: kafka.brokers,
      topics: [topic],
      groupPrefix: `${topic}-scan`,
      clock: new SystemClock(),
      logger: silentLogger,
      signal: new AbortController().signal,
      ...options,
    });
  }

  function whole(topic: string, end: number, partition = 0): PassTarget {
    return { topic, partition, from: 0, end };
  }

  it("tells where each partition begins and ends", async () => {
    const topic = await kafka.createTopic("ranges", { partitions: 2 });
    await kafka.produceLines(topic, numbered(10), { partition: 1 });
    await kafka.admin(async (admin) => {
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 1, offset: "4" }] });
    });

    expect([...(await scanOf(topic).ranges()).values()]).toEqual(
      expect.arrayContaining([
        { topic, partition: 0, low: 0, high: 0 },
        { topic, partition: 1, low: 4, high: 10 },
      ]),
    );
  });

  it("tells which topics are compacted", async () => {
    const plain = await kafka.createTopic("plain");
    const both = await kafka.createTopic("both", {
      config: { "cleanup.policy": "compact,delete" },
    });

    expect(await scanOf(plain, { topics: [plain, both] }).compacted()).toEqual([both]);
  });

  it("reads each partition from its beginning to the given end, in the middle of a batch", async () => {
    const topic = await kafka.createTopic("scan", { partitions: 3 });
    for (const partition of [0, 1, 2]) {
      await kafka.produceLines(topic, numbered(500), { partition });
    }
    const keeper = new Keeper();

    await scanOf(topic).read([whole(topic, 500), whole(topic, 321, 1)], keeper);

    expect(keeper.texts.get(`${topic}/0`)).toEqual(numbered(500));
    expect(keeper.texts.get(`${topic}/1`)).toEqual(numbered(321));
    expect(keeper.texts.has(`${topic}/2`)).toBe(false);
    expect([...keeper.ends.values()]).toEqual(expect.arrayContaining([500, 321]));
    expect(keeper.fingerprints.some((one) => one.startsWith("320:"))).toBe(true);
  });

  it("reads to an end that lies behind a control marker", async () => {
    const topic = await kafka.createTopic("scan-transactions");
    const producer = kafka.client.producer({
      transactionalId: `${topic}-producer`,
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    for (const end of ["commit", "abort"] as const) {
      const transaction = await producer.transaction();
      const messages = numbered(10).map((value) => ({ value }));
      await transaction.send({ topic, messages });
      await transaction[end]();
    }
    await producer.disconnect();
    const keeper = new Keeper();

    await scanOf(topic).read([whole(topic, 22)], keeper);

    expect(keeper.texts.get(`${topic}/0`)).toEqual(numbered(10));
    expect(keeper.ends.get(`${topic}/0`)).toBe(22);
  });

  it("lets a partition wait that is far ahead of the slowest", async () => {
    const topic = await kafka.createTopic("scan-lead", { partitions: 2 });
    // The same progress takes four times as many bytes in partition 1; a fetch brings some 250 records of partition 0.
    for (const [partition, bytes] of [
      [0, 1000],
      [1, 4000],
    ] as const) {
      const lines = numbered(1500).map((line) => `${line} ${"x".repeat(bytes)}`);
      await kafka.produceLines(topic, lines, { partition, perRequest: 50 });
    }
    const leadOf = async (maxLead: number): Promise<number> => {
      const keeper = new Keeper(maxLead);
      let lead = 0;
      keeper.onBatch = () => {
        const [one, other] = [0, 1].map((partition) => keeper.progress({ topic, partition }));
        lead = Math.max(lead, one! - other!);
        return Promise.resolve();
      };
      await scanOf(topic).read([whole(topic, 1500), whole(topic, 1500, 1)], keeper);
      expect(keeper.texts.get(`${topic}/0`)).toHaveLength(1500);
      expect(keeper.texts.get(`${topic}/1`)).toHaveLength(1500);
      return lead;
    };

    expect(await leadOf(Infinity)).toBeGreaterThan(800);
    expect(await leadOf(100)).toBeLessThan(700);
  });

  it("tells what retention took between planning and reading", async () => {
    const topic = await kafka.createTopic("scan-gap");
    await kafka.produceLines(topic, numbered(100), { partition: 0 });
    await kafka.admin(async (admin) => {
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "30" }] });
    });
    const keeper = new Keeper();

    await scanOf(topic).read([whole(topic, 100)], keeper);

    expect(keeper.gaps).toEqual([[0, 30]]);
    expect(keeper.texts.get(`${topic}/0`)).toEqual(numbered(70, 30));
  });

  it("has nothing to read where all of it is gone", async () => {
    const topic = await kafka.createTopic("scan-all-gone");
    await kafka.produceLines(topic, numbered(100), { partition: 0 });
    await kafka.admin(async (admin) => {
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "60" }] });
    });
    const keeper = new Keeper();

    await scanOf(topic).read([whole(topic, 50)], keeper);

    expect(keeper.gaps).toEqual([[0, 60]]);
    expect(keeper.texts.size).toBe(0);
  });

  it("leaves no group and no offsets behind", async () => {
    const topic = await kafka.createTopic("scan-group");
    await kafka.produceLines(topic, numbered(10), { partition: 0 });

    await scanOf(topic).read([whole(topic, 10)], new Keeper());

    const { groups } = await kafka.admin((admin) => admin.listGroups());
    expect(groups.filter(({ groupId }) => groupId.startsWith(`${topic}-scan`))).toEqual([]);
  });

  it("fails with what the handler throws, and at an interruption", async () => {
    const topic = await kafka.createTopic("scan-fails");
    await kafka.produceLines(topic, numbered(10), { partition: 0 });
    const keeper = new Keeper();
    keeper.onBatch = () => Promise.reject(new Error("the ledger is full"));
    const abort = new AbortController();

    await expect(scanOf(topic).read([whole(topic, 10)], keeper)).rejects.toThrow(
      "the ledger is full",
    );
    keeper.onBatch = () => {
      abort.abort();
      return Promise.resolve();
    };
    await expect(
      scanOf(topic, { signal: abort.signal }).read([whole(topic, 11)], keeper),
    ).rejects.toThrow("interrupted before all was read");
  });

  it("gives up when the rest of a partition does not come", async () => {
    const topic = await kafka.createTopic("scan-stall");
    await kafka.produceLines(topic, numbered(10), { partition: 0 });

    await expect(
      scanOf(topic, { silenceMs: 2_000 }).read([whole(topic, 11)], new Keeper()),
    ).rejects.toThrow(`nothing of ${topic}/0 from offset 10 to 10 came for 2 s`);
  });

  it("says that a topic does not exist, and that no broker answers", async () => {
    await expect(scanOf("scan-no-such-topic").ranges()).rejects.toThrow(
      'topic "scan-no-such-topic" does not exist',
    );
    await expect(
      scanOf("t", { brokers: ["127.0.0.1:9"], startTimeoutMs: 0 }).ranges(),
    ).rejects.toMatchObject({ code: "kafka_unavailable" });
  });
});

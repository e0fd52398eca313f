import { beforeEach, describe, expect, it } from "@jest/globals";
import { SystemClock, type Clock } from "../../src/runtime/clock.ts";
import type { FetchedBatch } from "../../src/source/kafka-batch.ts";
import { KafkaReader, type LogRange } from "../../src/source/kafka-reader.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingHandler } from "../support/recording-handler.ts";

const P0 = { topic: "usage", partition: 0 };
const KEY = "usage/0";

/** Records `first` to `last`, as fetched from `fetchedOffset`, but for those that compaction or a transaction took out. */
function fetched(
  first: number,
  last: number,
  options: { fetchedOffset?: number; without?: readonly number[] } = {},
): FetchedBatch {
  const { fetchedOffset = first, without = [] } = options;
  const records = Array.from({ length: last - first + 1 }, (_, index) => first + index)
    .filter((offset) => !without.includes(offset))
    .map((offset) => ({
      offset: String(offset),
      timestamp: "1",
      value: Buffer.from(`r${offset}`),
    }));
  return { ...P0, records, fetchedOffset, lastOffset: last, highWatermark: last + 1 };
}

describe("KafkaReader", () => {
  let handler: RecordingHandler;
  let range: LogRange;
  let seeks: number[];
  let resolved: number[];
  let failures: unknown[];
  let reader: KafkaReader;

  function begin(
    ends: Readonly<Record<string, number>> = {},
    clock: Clock = new SystemClock(),
    ranges = () => Promise.resolve(new Map([0, 1].map((id) => [id, range]))),
  ): void {
    handler = new RecordingHandler(ends);
    reader = new KafkaReader({
      handler: handler.handler,
      log: {
        seek: (_, offset) => void seeks.push(offset),
        ranges,
      },
      clock,
      logger: silentLogger,
      metrics: new Metrics(),
      limits: { maxRecords: 100, maxBytes: 1_000_000 },
      fail: (error) => {
        failures.push(error);
        void reader.stop();
      },
    });
    reader.join([P0]);
  }

  const take = (batch: FetchedBatch): Promise<void> =>
    reader.take(batch, (offset) => void resolved.push(offset));

  beforeEach(() => {
    range = { low: 0, high: 1000 };
    [seeks, resolved, failures] = [[], [], []];
  });

  it("seeks to what is stored as soon as it is assigned, also where nothing is fetched", async () => {
    begin({ [KEY]: 60 });

    await handler.until(() => handler.assignments.length === 1);
    await take(fetched(60, 61));

    expect(seeks).toEqual([60]);
  });

  it("asks again where to start when the pause is over, and hands over nothing meanwhile", async () => {
    const clock = new ManualClock();
    begin({}, clock);
    await handler.until(() => handler.assignments.length === 1);

    reader.reassign(10_000);
    const taken = take(fetched(0, 9));
    await clock.advance(9_900);
    const before = handler.assignments.length;
    await clock.advance(500);
    await taken;
    await take(fetched(0, 9));

    expect(before).toBe(1);
    expect(handler.assignments).toHaveLength(2);
    expect(handler.records).toHaveLength(10);
  });

  it("asks at once when the group assigns partitions within the pause", async () => {
    const clock = new ManualClock();
    begin({}, clock);
    await handler.until(() => handler.assignments.length === 1);

    reader.reassign(10_000);
    reader.join([P0]);
    await clock.advance(500);
    await take(fetched(0, 9));

    expect(handler.assignments).toHaveLength(2);
    expect(handler.records).toHaveLength(10);
  });

  it("drops the part of a batch that is older than its position", async () => {
    begin({ [KEY]: 5 });

    await take(fetched(0, 9));

    expect(handler.texts()).toEqual(["r5", "r6", "r7", "r8", "r9"]);
    expect(resolved).toEqual([9]);
  });

  it("seeks back to its position after the library rewound, and takes nothing twice", async () => {
    begin();
    await take(fetched(0, 9));

    await take(fetched(0, 9));
    await take(fetched(10, 12));

    expect(seeks).toEqual([0, 10]);
    expect(handler.records.map(({ offset }) => offset)).toEqual([...Array(13).keys()]);
  });

  it("does not follow the library when it jumps ahead of what is stored", async () => {
    begin({ [KEY]: 10 });

    await take(fetched(40, 49));
    await take(fetched(10, 49));

    expect(seeks).toEqual([10, 10]);
    expect(handler.texts()[0]).toBe("r10");
    expect(handler.records).toHaveLength(40);
    expect(handler.gaps).toEqual([]);
  });

  it("takes a hole within a fetch as compaction or a transaction, not as a gap", async () => {
    begin();

    await take(fetched(0, 9, { without: [0, 1, 2, 7, 9] }));
    await take(fetched(30, 39, { fetchedOffset: 10 }));

    expect(handler.gaps).toEqual([]);
    expect(handler.batches.map(({ endOffset }) => endOffset)).toEqual([10, 40]);
    expect(resolved).toEqual([9, 39]);
  });

  it("reports what the log lost before it was read, then goes on at the log's begin", async () => {
    begin();
    await take(fetched(0, 9));
    range = { low: 25, high: 1000 };

    await take(fetched(25, 30));

    expect(handler.gaps).toEqual([{ key: KEY, from: 10, to: 25 }]);
    expect(handler.texts().slice(10)).toEqual(["r25", "r26", "r27", "r28", "r29", "r30"]);
  });

  it("asks of records before its position, too, whether they were counted", async () => {
    begin({ [KEY]: 0 });
    range = { low: 25, high: 1000 };

    await take(fetched(25, 30));

    expect(handler.gaps).toEqual([{ key: KEY, from: 0, to: 25 }]);
  });

  it("moves past offsets that hold no record", async () => {
    begin();
    await take(fetched(0, 9));

    reader.skip(P0, 10, 14, 15);
    await take(fetched(15, 16));

    expect(handler.batches.map(({ endOffset }) => endOffset)).toEqual([10, 15, 17]);
  });

  it("believes a recordless stretch ahead of its position only after a seek to it", async () => {
    begin();
    await take(fetched(0, 9));

    reader.skip(P0, 50, 59, 60);
    await take(fetched(60, 61));
    const doubted = handler.batches.length;
    reader.skip(P0, 50, 59, 60);
    await take(fetched(60, 61));

    expect(doubted).toBe(1);
    expect(seeks).toEqual([0, 10, 10]);
    expect(handler.batches.map(({ endOffset }) => endOffset)).toEqual([10, 60, 62]);
  });

  it("takes back what it held and asks anew at each join", async () => {
    begin();
    await take(fetched(0, 9));
    handler.ends.set(KEY, 3);

    reader.join([P0, { topic: "usage", partition: 1 }]);
    await take(fetched(3, 9));

    expect(handler.revocations).toEqual([[KEY]]);
    expect(handler.assignments).toEqual([KEY, KEY, "usage/1"]);
    expect(handler.texts().slice(10)[0]).toBe("r3");
  });

  it("ignores batches of a partition it does not hold", async () => {
    begin();
    reader.join([]);

    await take(fetched(0, 9));

    expect(handler.records).toEqual([]);
    expect(resolved).toEqual([]);
  });

  it("does not mark as read what was in the handler's hands when the group changed", async () => {
    begin();
    handler.hold = () => {
      if (handler.revocations.length === 0) reader.join([P0]);
      handler.hold = () => Promise.resolve();
      return Promise.resolve();
    };

    await take(fetched(0, 9));

    expect(resolved).toEqual([]);
  });

  it("fails on a log that ends before its position, once it is sure", async () => {
    range = { low: 0, high: 5 };
    begin({ [KEY]: 500 });

    await take(fetched(0, 4));

    expect(failures).toEqual([expect.objectContaining({ code: "kafka_refused" })]);
    expect(handler.records).toEqual([]);
  });

  it("hands over nothing after stop", async () => {
    begin();
    await reader.stop();

    await take(fetched(0, 9));

    expect(handler.records).toEqual([]);
  });

  it("stops at once although the broker does not say what the log holds", async () => {
    begin({}, new SystemClock(), () => new Promise(() => undefined));

    await reader.stop();

    expect(failures).toEqual([]);
    expect(handler.records).toEqual([]);
  });
});

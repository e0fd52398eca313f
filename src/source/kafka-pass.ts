import type { Consumer, EachBatchPayload, Kafka } from "kafkajs";
import type { Clock } from "../runtime/clock.ts";
import { AppError, messageOf } from "../runtime/errors.ts";
import type { Logger } from "../telemetry/logger.ts";
import { Metrics } from "../telemetry/metrics.ts";
import { kafkaFingerprint } from "./kafka-batch.ts";
import { forwardSkips, kafkaLog, kafkaUnavailable, toFetchedBatch } from "./kafka-client.ts";
import { KafkaReader } from "./kafka-reader.ts";
import { partitionKey, type Partition, type RecordBatch, type SourceHandler } from "./source.ts";
import { Watchdog } from "./watchdog.ts";

/** What to read of one partition: [from, end). */
export interface PassTarget extends Partition {
  readonly from: number;
  readonly end: number;
}

/** Who gets the records. Calls never overlap. */
export interface PassHandler {
  /** The records that follow, none at or past the target's end. `endOffset` is where the next batch begins, at most the target's end. */
  batch(records: RecordBatch): Promise<void>;
  /** Records [from, to) have gone from the log since reading began. */
  gap(partition: Partition, from: number, to: number): Promise<void>;
  /** How far a partition has come, in a measure of the caller's, -1 at the start. Those more than `maxLead` ahead of the slowest wait for it. */
  progress(partition: Partition): number;
  readonly maxLead: number;
}

export interface KafkaPassOptions {
  readonly kafka: Kafka;
  readonly brokers: readonly string[];
  readonly group: string;
  readonly targets: readonly PassTarget[];
  readonly handler: PassHandler;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Reading ends with an error when it aborts. */
  readonly signal: AbortSignal;
  /** Nothing of any partition for this long ends it with an error. */
  readonly silenceMs: number;
}

/** How far one partition is. */
interface Course {
  readonly target: PassTarget;
  next: number;
  paused: boolean;
}

const SLICE = { maxRecords: 2000, maxBytes: 4 * 1024 * 1024 };
const MAX_BYTES_PER_PARTITION = 256 * 1024;
const SESSION_MS = 30_000;
/** How long to wait for the library when reading is over. */
const CLOSE_MS = 5_000;

/** One pass over the targets. `KafkaReader` keeps the positions; here it is decided who reads on and when all is read. */
export class KafkaPass {
  readonly #options: KafkaPassOptions;
  readonly #consumer: Consumer;
  readonly #reader: KafkaReader;
  readonly #watchdog: Watchdog;
  readonly #courses: Map<string, Course>;
  readonly #over = new AbortController();
  readonly #ended: Promise<void>;
  #finish: () => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;

  constructor(options: KafkaPassOptions) {
    this.#options = options;
    const { kafka, group, clock, logger, silenceMs, targets } = options;
    this.#courses = new Map(
      targets
        .filter(({ from, end }) => from < end)
        .map((target) => [partitionKey(target), { target, next: target.from, paused: false }]),
    );
    this.#ended = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    this.#ended.catch(() => undefined);
    this.#consumer = kafka.consumer({
      groupId: group,
      sessionTimeout: SESSION_MS,
      maxBytesPerPartition: MAX_BYTES_PER_PARTITION,
      maxWaitTimeInMs: 200,
    });
    this.#reader = new KafkaReader({
      handler: this.#sourceHandler(),
      log: kafkaLog(kafka, this.#consumer, logger),
      logger,
      clock,
      metrics: new Metrics(),
      limits: SLICE,
      fail: this.#fail,
    });
    const bark = (): void => this.#fail(this.#stalled());
    this.#watchdog = new Watchdog({ clock, silenceMs, bark });
  }

  /** Resolves when every target is read to its end. Throws AppError where that cannot be, and what the handler throws. */
  async run(): Promise<void> {
    const { signal, brokers } = this.#options;
    const interrupted = (): void =>
      this.#fail(new AppError("interrupted before all was read", { code: "input" }));
    if (signal.aborted) interrupted();
    signal.addEventListener("abort", interrupted, { once: true });
    try {
      await this.#start().catch((error: unknown) => {
        throw kafkaUnavailable(brokers, messageOf(error), error);
      });
      await this.#ended;
    } finally {
      signal.removeEventListener("abort", interrupted);
    }
  }

  async close(): Promise<void> {
    const quiet = this.#reader.stop();
    this.#over.abort();
    const timer = new AbortController();
    const left = this.#consumer.disconnect().catch(() => undefined);
    await Promise.race([left, this.#options.clock.sleep(CLOSE_MS, timer.signal)]);
    timer.abort();
    await quiet;
  }

  async #start(): Promise<void> {
    const consumer = this.#consumer;
    this.#listen();
    await consumer.connect();
    const topics = [...new Set(this.#options.targets.map(({ topic }) => topic))];
    await consumer.subscribe({ topics, fromBeginning: true });
    void this.#watchdog.watch(this.#over.signal);
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 1,
      eachBatch: (payload) => this.#eachBatch(payload),
    });
  }

  #listen(): void {
    const { events } = this.#consumer;
    forwardSkips(this.#consumer, this.#reader);
    this.#consumer.on(events.CRASH, ({ payload: { error, restart } }) => {
      if (!restart) this.#fail(kafkaUnavailable(this.#options.brokers, messageOf(error), error));
    });
    this.#consumer.on(events.GROUP_JOIN, ({ payload }) => {
      const assigned = Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => ({ topic, partition })),
      );
      this.#reader.join(assigned.filter((one) => this.#courses.has(partitionKey(one))));
      // What is not to be read need not be fetched.
      const others = assigned.filter((one) => !this.#courses.has(partitionKey(one)));
      if (others.length > 0) this.#consumer.pause(others.map(asTopicPartitions));
    });
  }

  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    if (this.#over.signal.aborted) return;
    const settled = new AbortController();
    const resolve = (offset: number): void => payload.resolveOffset(String(offset));
    const work = this.#reader
      .take(toFetchedBatch(payload.batch), resolve)
      .finally(() => settled.abort());
    const isSettled = (): boolean => settled.signal.aborted;
    while (!isSettled()) {
      await this.#options.clock.sleep(1000, settled.signal);
      if (isSettled()) break;
      this.#watchdog.stir();
      await payload.heartbeat().catch(() => undefined);
    }
    await work;
  }

  #sourceHandler(): SourceHandler {
    const { handler } = this.#options;
    const courseOf = (one: Partition): Course | undefined => this.#courses.get(partitionKey(one));
    return {
      assigned: (partition) => Promise.resolve(courseOf(partition)?.next ?? 0),
      revoked: () => Promise.resolve(),
      batch: async (records) => {
        const course = courseOf(records);
        if (course === undefined || course.next >= course.target.end) return;
        const cut = cutAt(records, course.target.end);
        await handler.batch(cut);
        course.next = cut.endOffset;
        this.#advanced();
      },
      gap: async (partition, from, to) => {
        const course = courseOf(partition);
        if (course === undefined || course.next >= course.target.end) return 0;
        course.next = Math.min(to, course.target.end);
        await handler.gap(partition, from, to);
        this.#advanced();
        return 0;
      },
    };
  }

  /** Ends when all is read; else lets those that are far ahead wait, and those that have waited go on. */
  #advanced(): void {
    this.#watchdog.stir();
    const { handler } = this.#options;
    const open = [...this.#courses.values()].filter(({ next, target }) => next < target.end);
    if (open.length === 0) this.#finish();
    const slowest = Math.min(...open.map(({ target }) => handler.progress(target)));
    for (const course of this.#courses.values()) {
      const read = course.next >= course.target.end;
      const wait = read || handler.progress(course.target) > slowest + handler.maxLead;
      if (wait === course.paused) continue;
      course.paused = wait;
      const which = [asTopicPartitions(course.target)];
      if (wait) this.#consumer.pause(which);
      else this.#consumer.resume(which);
    }
  }

  #stalled(): AppError {
    const [course] = [...this.#courses.values()].filter(({ next, target }) => next < target.end);
    const { silenceMs, brokers } = this.#options;
    const where =
      course === undefined
        ? "it"
        : `${partitionKey(course.target)} from offset ${course.next} to ${course.target.end - 1}`;
    return kafkaUnavailable(brokers, `nothing of ${where} came for ${silenceMs / 1000} s`);
  }
}

function asTopicPartitions({ topic, partition }: Partition): {
  topic: string;
  partitions: number[];
} {
  return { topic, partitions: [partition] };
}

/** The records before `end`. */
function cutAt(records: RecordBatch, end: number): RecordBatch {
  if (records.endOffset <= end) return records;
  const kept = records.offsets.filter((offset) => offset < end).length;
  const last = kept - 1;
  return {
    ...records,
    values: records.values.slice(0, kept),
    offsets: records.offsets.subarray(0, kept),
    appendTimesMs: records.appendTimesMs.subarray(0, kept),
    headers: records.headers?.slice(0, kept) ?? null,
    endOffset: end,
    fingerprint:
      kept === 0
        ? ""
        : kafkaFingerprint({
            offset: String(records.offsets[last]),
            timestamp: String(records.appendTimesMs[last]),
            value: (records.values[last] as Buffer | null | undefined) ?? null,
          }),
  };
}

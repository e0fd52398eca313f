import type { Consumer, ConsumerCrashEvent, EachBatchPayload, Kafka } from "kafkajs";
import { AppError, messageOf } from "../runtime/errors.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { SliceLimits } from "./kafka-batch.ts";
import {
  createKafkaClient,
  forwardSkips,
  kafkaLog,
  kafkaUnavailable,
  reachBroker,
  requireTopics,
  toFetchedBatch,
  type KafkaClientOptions,
} from "./kafka-client.ts";
import { registerKafkaCodecs } from "./kafka-codecs.ts";
import { KafkaReader } from "./kafka-reader.ts";
import type { Partition, Source, SourceHandler } from "./source.ts";
import { Watchdog } from "./watchdog.ts";

export interface KafkaSourceOptions extends KafkaClientOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly metrics: Metrics;
  /** After this long without a heartbeat the group gives our partitions away. */
  readonly sessionTimeoutMs?: number;
  /** How long `start` waits for a broker to answer and for the topics to exist. */
  readonly startTimeoutMs?: number;
  /** Without any answer from the broker for this long, `done` rejects. */
  readonly silenceMs?: number;
  /** What one `batch` call may hold. */
  readonly limits?: SliceLimits;
  readonly maxBytesPerPartition?: number;
  /** How soon added partitions are noticed. */
  readonly metadataMaxAgeMs?: number;
}

const DEFAULTS = {
  sessionTimeoutMs: 30_000,
  startTimeoutMs: 30_000,
  silenceMs: 60_000,
  limits: { maxRecords: 2000, maxBytes: 4 * 1024 * 1024 },
  // Compressed; a batch larger than this still comes whole. Little at once, so that its records are gone before the collector moves them to where
  // only a full collection finds them: in a run over a million records 30 MB less than 256 KiB takes, which took 90 MB less than 1 MiB.
  maxBytesPerPartition: 64 * 1024,
  metadataMaxAgeMs: 30_000,
};
/** The broker fills a fetch in the order of the partitions: enough for 32 that are behind, so that none of them starves. */
const MAX_FETCH_BYTES = 8 * 1024 * 1024;
/** A rebalance waits this long for members that do not answer. */
const REBALANCE_TIMEOUT_MS = 30_000;
/** How often the broker is told what is stored, at most. */
const COMMIT_EVERY_MS = 5_000;
/** How long `stop` waits for the library. With what the others need it fits into the ten seconds that supervisors give. */
const STOP_MS = 5_000;

/**
 * Reads topics as a member of a consumer group. The group only shares out the partitions: where reading starts is what the handler says,
 * offsets committed to the broker are for lag tooling. What the library gets wrong about positions, `KafkaReader` puts right.
 */
export class KafkaSource implements Source {
  readonly name: string;
  readonly done: Promise<void>;
  readonly #options: KafkaSourceOptions & typeof DEFAULTS;
  readonly #kafka: Kafka;
  readonly #consumer: Consumer;
  readonly #watchdog: Watchdog;
  readonly #abort = new AbortController();
  readonly #toCommit = new Map<string, { topic: string; partition: number; offset: string }>();
  #reader: KafkaReader | null = null;
  #lastCommitMs = 0;
  #finish: () => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #stopped: Promise<void> | null = null;

  constructor(options: KafkaSourceOptions) {
    this.#options = { ...DEFAULTS, ...options };
    const { clock, silenceMs, sessionTimeoutMs, maxBytesPerPartition, groupId } = this.#options;
    this.name = `kafka ${options.topics.join(",")}`;
    this.done = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#reject = reject;
    });
    this.done.catch(() => undefined);
    registerKafkaCodecs();
    this.#kafka = createKafkaClient(this.#options);
    this.#consumer = this.#kafka.consumer({
      groupId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      heartbeatInterval: Math.min(3000, sessionTimeoutMs / 3),
      maxBytesPerPartition,
      maxBytes: MAX_FETCH_BYTES,
      maxWaitTimeInMs: 500,
      metadataMaxAge: this.#options.metadataMaxAgeMs,
    });
    const bark = (): void => this.#fail(this.#unavailable(`no answer for ${silenceMs / 1000} s`));
    this.#watchdog = new Watchdog({ clock, silenceMs, bark });
  }

  /** Throws AppError where no broker answers, login is refused, or a topic does not exist. */
  async start(handler: SourceHandler): Promise<void> {
    const { logger, clock, metrics, limits, topics } = this.#options;
    const fail = (error: unknown): void => this.#fail(error);
    const reader = new KafkaReader({
      handler,
      log: kafkaLog(this.#kafka, this.#consumer, logger),
      logger,
      clock,
      metrics,
      limits,
      fail,
    });
    this.#reader = reader;
    try {
      const waiting = { ...this.#options, signal: this.#abort.signal };
      await reachBroker(this.#kafka, waiting);
      await requireTopics(this.#kafka, topics, waiting);
      const joined = this.#listen(reader);
      await this.#consumer.connect();
      await this.#consumer.subscribe({ topics: [...topics], fromBeginning: true });
      void this.#watchdog.watch(this.#abort.signal);
      await this.#consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 1,
        eachBatch: (payload) => this.#eachBatch(reader, payload),
      });
      await Promise.race([joined, this.done]);
    } catch (error) {
      const trouble =
        error instanceof AppError ? error : this.#unavailable(messageOf(error), error);
      this.#fail(trouble);
      await this.stop();
      throw trouble;
    }
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#close();
    return this.#stopped;
  }

  reassign(pauseMs?: number): void {
    this.#reader?.reassign(pauseMs);
  }

  /** Best effort: what is not committed here is only seen as lag. */
  async committed(ends: readonly (Partition & { readonly endOffset: number })[]): Promise<void> {
    for (const { topic, partition, endOffset } of ends) {
      this.#toCommit.set(`${topic}/${partition}`, { topic, partition, offset: String(endOffset) });
    }
    const nowMs = this.#options.clock.now();
    if (Math.abs(nowMs - this.#lastCommitMs) < COMMIT_EVERY_MS) return;
    this.#lastCommitMs = nowMs;
    await this.#commit();
  }

  async #commit(): Promise<void> {
    const offsets = [...this.#toCommit.values()].filter((one) => this.#reader?.holds(one) === true);
    this.#toCommit.clear();
    if (offsets.length === 0) return;
    try {
      await this.#consumer.commitOffsets(offsets);
    } catch (error) {
      this.#options.logger.debug({ reason: messageOf(error) }, "offsets were not committed");
    }
  }

  async #close(): Promise<void> {
    const { clock } = this.#options;
    const quiet = this.#reader?.stop();
    const timer = new AbortController();
    const left = (async () => {
      await this.#commit();
      await this.#consumer.disconnect().catch(() => undefined);
    })();
    await Promise.race([left, clock.sleep(STOP_MS, timer.signal)]);
    timer.abort();
    this.#abort.abort();
    await quiet;
    this.#finish();
  }

  #isStopping(): boolean {
    return this.#stopped !== null;
  }

  #fail(error: unknown): void {
    if (this.#isStopping()) return;
    this.#reject(error);
    void this.stop();
  }

  #unavailable(what: string, cause?: unknown): AppError {
    return kafkaUnavailable(this.#options.brokers, what, cause);
  }

  /** Resolves at the first join. */
  #listen(reader: KafkaReader): Promise<void> {
    const consumer = this.#consumer;
    const { events } = consumer;
    for (const event of [events.FETCH, events.HEARTBEAT] as const) {
      consumer.on(event, this.#watchdog.stir);
    }
    forwardSkips(consumer, reader);
    consumer.on(events.CRASH, (crash) => this.#crashed(crash));
    return new Promise((resolve) => {
      consumer.on(events.GROUP_JOIN, ({ payload }) => {
        // A restart that was under way when we stopped: it would stay a member for ever.
        if (this.#isStopping()) return void consumer.disconnect();
        this.#watchdog.stir();
        const assigned = Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
          partitions.map((partition) => ({ topic, partition })),
        );
        this.#options.logger.info({ partitions: assigned.length }, "joined the consumer group");
        reader.join(assigned);
        resolve();
      });
    });
  }

  #crashed({ payload: { error, restart } }: ConsumerCrashEvent): void {
    const reason = messageOf(error);
    if (restart) this.#options.logger.warn({ reason }, "the Kafka consumer restarts");
    else this.#fail(this.#unavailable(reason, error));
  }

  /** Never throws: the library would end the consumer for good. */
  async #eachBatch(reader: KafkaReader, payload: EachBatchPayload): Promise<void> {
    const resolve = (offset: number): void => payload.resolveOffset(String(offset));
    const beats = (): Promise<boolean> => succeeds(payload.heartbeat());
    // A process that was stopped for a while learns here that its partitions are gone.
    if (this.#isStopping() || !(await beats())) return;
    const settled = new AbortController();
    const isSettled = (): boolean => settled.signal.aborted;
    const work = reader.take(toFetchedBatch(payload.batch), resolve).finally(() => settled.abort());
    while (!isSettled()) {
      await this.#options.clock.sleep(1000, settled.signal);
      // A rebalance does not wait for a handler that waits for ClickHouse: the reader knows that its work is stale by then.
      if (!isSettled() && !this.#isStopping() && !(await beats())) return;
    }
    await work;
  }
}

/** The library meets the same error on its own next call, and rejoins. */
function succeeds(call: Promise<void>): Promise<boolean> {
  return call.then(
    () => true,
    () => false,
  );
}

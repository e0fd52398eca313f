import kafkajs, {
  type Admin,
  type Batch,
  type Consumer,
  type Kafka,
  type KafkaConfig,
  type LogEntry,
  type SASLOptions,
} from "kafkajs";
import type { Clock } from "../runtime/clock.ts";
import { AppError, messageOf } from "../runtime/errors.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { FetchedBatch } from "./kafka-batch.ts";
import type { KafkaLog, KafkaReader, LogRange } from "./kafka-reader.ts";

export interface KafkaClientOptions {
  /** `host:port` of some brokers. */
  readonly brokers: readonly string[];
  readonly clientId?: string;
  readonly ssl?: boolean;
  readonly sasl?: {
    readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
    readonly username: string;
    readonly password: string;
  };
  readonly logger: Logger;
  readonly clock: Clock;
}

interface Waiting extends KafkaClientOptions {
  readonly startTimeoutMs: number;
  readonly signal: AbortSignal;
}

/** Pause before a broker is asked again. */
const ASK_AGAIN_MS = 500;

/** A client that retries for some seconds and logs to us. Connects to nothing yet. */
export function createKafkaClient(options: KafkaClientOptions): Kafka {
  const { brokers, clientId = "spikewatch", ssl = false, sasl, logger } = options;
  const config: KafkaConfig = {
    brokers: [...brokers],
    clientId,
    ssl,
    connectionTimeout: 3000,
    requestTimeout: 30_000,
    retry: { initialRetryTime: 200, maxRetryTime: 3000, retries: 5 },
    logLevel: kafkajs.logLevel.ERROR,
    // What the library calls an error mends itself or comes back as a CRASH event.
    logCreator: () => (entry: LogEntry) =>
      logger.debug({ from: entry.namespace }, entry.log.message),
  };
  return new kafkajs.Kafka(sasl === undefined ? config : { ...config, sasl: sasl as SASLOptions });
}

export function kafkaUnavailable(
  brokers: readonly string[],
  what: string,
  cause?: unknown,
): AppError {
  const at = brokers.join(", ");
  return new AppError(
    `cannot read from Kafka at ${at}: ${what}; check that a broker runs there and can be reached (SPIKEWATCH_KAFKA_BROKERS)`,
    { code: "kafka_unavailable", retryable: true, cause },
  );
}

/**
 * Runs `work` with an admin connection of its own. Its view of the cluster is fresh: a lasting one would not know a partition added in
 * the last five minutes.
 */
export async function withAdmin<T>(
  kafka: Kafka,
  work: (admin: Admin) => Promise<T>,
  retries = 3,
): Promise<T> {
  const admin = kafka.admin({ retry: { initialRetryTime: 200, retries } });
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Waits until a broker answers. Throws AppError when none does in time, or when it refuses the login. */
export async function reachBroker(kafka: Kafka, options: Waiting): Promise<void> {
  await untilAnswered(() => withAdmin(kafka, () => Promise.resolve(), 0), options);
}

/** Asks until there is an answer. The library may fail in ways that say nothing when a broker is slow. */
async function untilAnswered<T>(ask: () => Promise<T>, options: Waiting): Promise<T> {
  const { clock, startTimeoutMs, logger, brokers, signal } = options;
  const deadlineMs = clock.now() + startTimeoutMs;
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      const reason = messageOf(error);
      refuseLogin(error);
      if (clock.now() >= deadlineMs || signal.aborted) {
        throw kafkaUnavailable(brokers, reason, error);
      }
      if (attempt === 1) logger.warn({ reason }, "waiting for a Kafka broker");
      await clock.sleep(ASK_AGAIN_MS, signal);
    }
  }
}

async function existingTopics(kafka: Kafka, options: Waiting): Promise<ReadonlySet<string>> {
  const list = (): Promise<string[]> => withAdmin(kafka, (admin) => admin.listTopics());
  return new Set(await untilAnswered(list, options));
}

function refuseLogin(error: unknown): void {
  if (!(error instanceof kafkajs.KafkaJSSASLAuthenticationError)) return;
  throw new AppError(
    `Kafka refused the login: ${messageOf(error)}; check SPIKEWATCH_KAFKA_SASL_MECHANISM, _USERNAME and _PASSWORD`,
    { code: "kafka_refused", cause: error },
  );
}

/** Waits until every topic exists. Throws AppError naming those that do not. */
export async function requireTopics(
  kafka: Kafka,
  topics: readonly string[],
  options: Waiting,
): Promise<void> {
  const { clock, startTimeoutMs, brokers, logger, signal } = options;
  const deadlineMs = clock.now() + startTimeoutMs;
  for (let attempt = 1; ; attempt++) {
    const existing = await existingTopics(kafka, options);
    const missing = topics.filter((topic) => !existing.has(topic));
    if (missing.length === 0) return;
    if (clock.now() >= deadlineMs || signal.aborted) {
      const [at = "", topic = ""] = [brokers[0], missing[0]];
      throw new AppError(
        `topic "${missing.join('", "')}" does not exist on Kafka at ${brokers.join(", ")}; correct the pipeline's topics or create it: ` +
          `kafka-topics.sh --bootstrap-server ${at} --create --topic ${topic} --partitions 6`,
        { code: "kafka_refused" },
      );
    }
    if (attempt === 1) logger.warn({ topics: missing }, "waiting for topics to exist");
    await clock.sleep(ASK_AGAIN_MS, signal);
  }
}

/** Makes a topic of one partition where there is none, with the broker's defaults. Throws AppError where the broker refuses. */
export async function ensureTopic(kafka: Kafka, topic: string, options: Waiting): Promise<void> {
  const { brokers, logger } = options;
  if ((await existingTopics(kafka, options)).has(topic)) return;
  try {
    const topics = [{ topic, numPartitions: 1 }];
    // False where another process was faster.
    await withAdmin(kafka, (admin) => admin.createTopics({ topics, waitForLeaders: true }));
    logger.info({ topic }, "topic created");
  } catch (error) {
    throw new AppError(
      `Kafka at ${brokers.join(", ")} does not let us create topic "${topic}" (${messageOf(error)}); create it, nothing is ever written to it: ` +
        `kafka-topics.sh --bootstrap-server ${brokers[0] ?? ""} --create --topic ${topic} --partitions 1`,
      { code: "kafka_refused", cause: error },
    );
  }
}

/** The library's batch in our words. Where its fetch began is not in its types; without it the first record stands in. */
export function toFetchedBatch(batch: Batch): FetchedBatch {
  const { topic, partition, messages, highWatermark } = batch;
  const { fetchedOffset } = batch as { readonly fetchedOffset?: string };
  return {
    topic,
    partition,
    records: messages,
    fetchedOffset: Number(fetchedOffset ?? batch.firstOffset()),
    lastOffset: Number(batch.lastOffset()),
    highWatermark: Number(highWatermark),
  };
}

/** First and end offset of each partition of a topic. */
export async function logRanges(kafka: Kafka, topic: string): Promise<Map<number, LogRange>> {
  const offsets = await withAdmin(kafka, (admin) => admin.fetchTopicOffsets(topic));
  return new Map(
    offsets.map(({ partition, low, high }) => [
      partition,
      { low: Number(low), high: Number(high) },
    ]),
  );
}

/** What a `KafkaReader` needs of the library. */
export function kafkaLog(kafka: Kafka, consumer: Consumer, logger: Logger): KafkaLog {
  return {
    seek: ({ topic, partition }, offset) => {
      try {
        consumer.seek({ topic, partition, offset: String(offset) });
      } catch (error) {
        // Between a crash and its restart there is no group to seek in; the next join asks again where to start.
        logger.debug({ topic, partition, reason: messageOf(error) }, "no seek");
      }
    },
    ranges: (topic) => logRanges(kafka, topic),
  };
}

/** Tells the reader of offsets that the library passes over without a call: control markers, aborted records. */
export function forwardSkips(consumer: Consumer, reader: Pick<KafkaReader, "skip">): void {
  consumer.on(consumer.events.START_BATCH_PROCESS, ({ payload }) => {
    if (payload.batchSize > 0) return;
    const last = Number(payload.lastOffset);
    // Typed as a string; null where compaction left nothing at or after the fetched offset.
    const first = payload.firstOffset as string | null;
    reader.skip(payload, Number(first ?? last), last, Number(payload.highWatermark));
  });
}

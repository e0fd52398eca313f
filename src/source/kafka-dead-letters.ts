import type { Kafka, Message, Producer } from "kafkajs";
import { AppError, messageOf } from "../runtime/errors.ts";
import { retry } from "../runtime/retry.ts";
import { untilAborted } from "../runtime/until-aborted.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import {
  createKafkaClient,
  kafkaUnavailable,
  reachBroker,
  requireTopics,
  type KafkaClientOptions,
} from "./kafka-client.ts";
import type { Partition } from "./source.ts";

/** One rejected event: where it was, why it was not counted, and as much as is kept of it. */
export interface DeadLetter extends Partition {
  readonly incarnation: number;
  readonly offset: number;
  readonly event: number;
  readonly reason: string;
  readonly detail: string;
  readonly raw: Uint8Array;
  readonly rawBytes: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface KafkaDeadLettersOptions extends KafkaClientOptions {
  readonly topic: string;
  /** Name of the pipeline that rejects. */
  readonly pipeline: string;
  readonly metrics: Metrics;
  /** How long to wait for a broker and for the topic to exist. */
  readonly startTimeoutMs?: number;
}

/** A request stays below the broker's usual limit of 1 MiB. */
const MAX_REQUEST_BYTES = 512 * 1024;
const MESSAGE_BYTES = 512;
const RETRY = { baseMs: 200, maxMs: 5_000 };
const START_MS = 30_000;
const STOP_MS = 1_000;
/** Begins the names of our headers; the record's own stand beside them. */
const PREFIX = "spikewatch-";

/**
 * Writes rejected events to a topic, acknowledged by all replicas in sync. At least once: the key is made of the event's place, so a compacted topic or a reader
 * knows a repeat. Nothing is dropped where the topic cannot be written: the caller waits.
 */
export class KafkaDeadLetters {
  readonly #options: KafkaDeadLettersOptions;
  readonly #kafka: Kafka;
  readonly #producer: Producer;

  /** Connects to nothing yet. */
  constructor(options: KafkaDeadLettersOptions) {
    this.#options = options;
    this.#kafka = createKafkaClient(options);
    this.#producer = this.#kafka.producer({
      allowAutoTopicCreation: false,
      retry: { initialRetryTime: 100, retries: 2 },
    });
  }

  /** Throws AppError where no broker answers in time or the topic does not exist. */
  async start(signal: AbortSignal): Promise<void> {
    const waiting = { startTimeoutMs: START_MS, ...this.#options, signal };
    await reachBroker(this.#kafka, waiting);
    await requireTopics(this.#kafka, [this.#options.topic], waiting);
    await this.#producer.connect().catch((error: unknown) => {
      throw kafkaUnavailable(this.#options.brokers, messageOf(error), error);
    });
  }

  async publish(letters: readonly DeadLetter[], signal: AbortSignal): Promise<void> {
    const { topic, metrics, logger } = this.#options;
    const trouble = new Set<string>();
    const wait = (reason: string): void => {
      if (trouble.size === 0) logger.warn({ topic, reason }, "waiting for the dead-letter topic");
      trouble.add(reason);
    };
    for (const messages of requestsOf(letters.map((one) => this.#message(one)))) {
      await this.#send(messages, signal, wait);
      metrics.deadLettersProduced.inc({ topic }, messages.length);
    }
    if (trouble.size > 0) logger.info({ topic }, "the dead-letter topic is written again");
  }

  async stop(): Promise<void> {
    const timer = new AbortController();
    const left = this.#producer.disconnect().catch(() => undefined);
    await Promise.race([left, this.#options.clock.sleep(STOP_MS, timer.signal)]);
    timer.abort();
  }

  /** An attempt that hangs when `signal` aborts is left alone: should it land, its keys tell. */
  async #send(
    messages: Message[],
    signal: AbortSignal,
    wait: (reason: string) => void,
  ): Promise<void> {
    const { topic, clock } = this.#options;
    const stopped = "stopped before it was";
    const attempt = async (): Promise<void> => {
      if (signal.aborted) throw notWritten(topic, stopped);
      try {
        await this.#producer.send({ topic, messages, acks: -1 });
      } catch (error) {
        throw notWritten(topic, messageOf(error), error);
      }
    };
    const sending = retry(attempt, {
      ...RETRY,
      clock,
      signal,
      onRetry: ({ cause }) => wait(messageOf(cause)),
    });
    sending.catch(() => undefined);
    const ended = new AbortController();
    const aborted = untilAborted(AbortSignal.any([signal, ended.signal]));
    await Promise.race([sending, aborted]);
    ended.abort();
    if (signal.aborted) throw notWritten(topic, stopped);
  }

  #message(letter: DeadLetter): Message {
    const { topic, partition, incarnation, offset, event } = letter;
    const own = {
      reason: letter.reason,
      detail: letter.detail,
      topic,
      partition,
      incarnation,
      offset,
      event,
      "raw-bytes": letter.rawBytes,
      pipeline: this.#options.pipeline,
    };
    const named = Object.entries(own).map(([name, value]) => [PREFIX + name, String(value)]);
    return {
      key: `${topic}/${partition}/${incarnation}/${offset}/${event}`,
      value: Buffer.from(letter.raw),
      headers: { ...letter.headers, ...(Object.fromEntries(named) as Record<string, string>) },
    };
  }
}

function* requestsOf(messages: readonly Message[]): Generator<Message[]> {
  let request: Message[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = MESSAGE_BYTES + (message.value?.length ?? 0);
    if (request.length > 0 && bytes + size > MAX_REQUEST_BYTES) {
      yield request;
      [request, bytes] = [[], 0];
    }
    request.push(message);
    bytes += size;
  }
  if (request.length > 0) yield request;
}

function notWritten(topic: string, reason: string, cause?: unknown): AppError {
  return new AppError(`dead-letter topic "${topic}" was not written: ${reason}`, {
    code: "kafka_unavailable",
    retryable: true,
    cause,
  });
}

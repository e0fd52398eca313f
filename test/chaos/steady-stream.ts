import { CompressionTypes, type Message, type Producer, type RecordMetadata } from "kafkajs";
import { SystemClock } from "../../src/runtime/clock.ts";
import { generate, startOf, type GeneratedRecord } from "../million/generate.mjs";
import type { TestKafka } from "../support/kafka/test-kafka.ts";

const TICK_MS = 50;
/** After trouble nothing is made up for: the stream goes on at its rate. */
const MOST_AT_ONCE_MS = 1_000;
/** The generator's three days of event time are spread over this long: more than any run takes, so that an id never comes again. */
const PLANNED_SECONDS = 7_200;
const CODECS = [
  CompressionTypes.None,
  CompressionTypes.GZIP,
  CompressionTypes.Snappy,
  CompressionTypes.LZ4,
  CompressionTypes.ZSTD,
];
export const STREAM_START_MS = startOf("2025-03-03");
const clock = new SystemClock();

export interface SteadyStreamOptions {
  readonly kafka: TestKafka;
  readonly topic: string;
  /** Events are spread by user over this many partitions, the first ones of the topic. */
  readonly partitions: number;
  readonly rate: number;
  readonly seed: number;
  /** Keeps every acknowledged line with its place, for topics that will not hold them to the end. */
  readonly keep?: boolean;
  /** How many people there are; few are soon all known to every partition. */
  readonly users?: number;
  /** Sends no event twice: for logs that lose records, where nobody could know a copy. */
  readonly once?: boolean;
  /** Gives every record a key of its own, as compacted topics demand. */
  readonly keyed?: boolean;
}

export interface KeptLine {
  readonly partition: number;
  readonly offset: number;
  readonly line: string;
}

/** Good, doubled, late and bad events at a steady rate, each codec in turn, until stopped. The same seed sends the same events. */
export class SteadyStream {
  readonly kept: KeptLine[] = [];
  readonly #options: SteadyStreamOptions;
  readonly #events: Iterator<GeneratedRecord>;
  readonly #stopping = new AbortController();
  readonly #producer: Producer;
  readonly #homes = new Map<string, number>();
  #partitions: number;
  #turn = 0;
  #sent = 0;
  #keys = 0;
  #paused = false;
  #failures = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(options: SteadyStreamOptions) {
    this.#options = options;
    this.#partitions = options.partitions;
    this.#events = generate({
      count: options.rate * PLANNED_SECONDS,
      seed: options.seed,
      startMs: STREAM_START_MS,
      teams: 60,
      users: options.users ?? 600,
    });
    this.#producer = options.kafka.client.producer({ maxInFlightRequests: 1 });
  }

  /** Acknowledged records. */
  get sent(): number {
    return this.#sent;
  }

  /** Requests that failed and were sent again. */
  get failures(): number {
    return this.#failures;
  }

  async start(): Promise<void> {
    await this.#producer.connect();
    this.#running = this.#run();
  }

  /** From now on new users are spread over that many partitions. Who was seen before stays, since copies stay with the first. */
  async spread(partitions: number): Promise<void> {
    // What the producer knows of the topic may be minutes old.
    this.pause();
    await this.#producer.disconnect();
    await this.#producer.connect();
    this.#partitions = partitions;
    this.resume();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  /** Sends `count` events at once, beside the steady ones. */
  async burst(count: number): Promise<void> {
    await this.#send(this.draw(count));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#producer.disconnect();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let lastMs = clock.now();
    let owed = 0;
    while (!signal.aborted) {
      await clock.sleep(TICK_MS, signal);
      const nowMs = clock.now();
      owed += (Math.min(nowMs - lastMs, MOST_AT_ONCE_MS) * this.#options.rate) / 1000;
      lastMs = nowMs;
      if (this.#paused) owed = 0;
      const count = Math.floor(owed);
      if (count === 0) continue;
      owed -= count;
      await this.#send(this.draw(count));
    }
  }

  /** The next events, each with its partition, to be sent by somebody else. */
  draw(
    count: number,
  ): { readonly value: string; readonly partition: number; key: string | null }[] {
    return Array.from({ length: count }, () => {
      const { line, user } = this.#next();
      const key = this.#options.keyed === true ? `event-${this.#keys++}` : null;
      return { value: line, partition: this.#partitionOf(user), key };
    });
  }

  #next(): GeneratedRecord {
    for (;;) {
      const next = this.#events.next();
      if (next.done === true) throw new Error("the stream sent all that was planned");
      if (this.#options.once !== true || next.value.kind !== "duplicate") return next.value;
    }
  }

  #partitionOf(user: string): number {
    let partition = this.#homes.get(user);
    if (partition === undefined) {
      partition = hashOf(user) % this.#partitions;
      this.#homes.set(user, partition);
    }
    return partition;
  }

  /** Sends until acknowledged: in trouble the topic may hold a batch twice, and is what counts. */
  async #send(messages: readonly Message[]): Promise<void> {
    const { topic, keep } = this.#options;
    const compression = CODECS[this.#turn++ % CODECS.length] as CompressionTypes;
    for (;;) {
      try {
        const places = await this.#producer.send({
          topic,
          compression,
          acks: -1,
          messages: [...messages],
        });
        this.#sent += messages.length;
        if (keep === true) this.#keep(messages, places);
        return;
      } catch (error) {
        if (this.#stopping.signal.aborted) throw error;
        this.#failures++;
        await clock.sleep(200, this.#stopping.signal);
      }
    }
  }

  #keep(messages: readonly Message[], places: readonly RecordMetadata[]): void {
    for (const { partition, baseOffset } of places) {
      const lines = messages.filter((one) => one.partition === partition);
      for (const [index, { value }] of lines.entries()) {
        this.kept.push({ partition, offset: Number(baseOffset) + index, line: String(value) });
      }
    }
  }
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

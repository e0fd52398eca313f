import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { CompressionTypes, Kafka, logLevel, type Admin, type Message } from "kafkajs";
import { registerKafkaCodecs } from "../../../src/source/kafka-codecs.ts";
import { Broker } from "./broker.ts";
import { installKafka } from "./install.ts";

/** What a `beforeAll` that asks for a broker may take when Kafka must be fetched first. */
export const KAFKA_START_MS = 180_000;

export type Codec = "none" | "gzip" | "snappy" | "lz4" | "zstd";

/** One record for Kafka's own Java producer; null is a tombstone. */
export interface JavaRecord {
  readonly topic: string;
  readonly codec: Codec;
  readonly value: string | Uint8Array | null;
  readonly partition?: number;
}

const CODECS: Readonly<Record<Codec, CompressionTypes>> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};

/** A broker and the things tests do with it. */
export class TestKafka {
  readonly brokers: readonly string[];
  readonly #kafka: Kafka;

  constructor(brokers: readonly string[]) {
    registerKafkaCodecs();
    this.brokers = brokers;
    const retry = { initialRetryTime: 100, retries: 8 };
    this.#kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, retry });
  }

  /** A plain kafkajs client, for what has no method here. */
  get client(): Kafka {
    return this.#kafka;
  }

  /** Creates a topic of a name nobody else uses, and gives the name. */
  async createTopic(
    name: string,
    options: { partitions?: number; config?: Readonly<Record<string, string>> } = {},
  ): Promise<string> {
    const topic = `${name}-${randomUUID().slice(0, 8)}`;
    const configEntries = Object.entries(options.config ?? {}).map(([key, value]) => ({
      name: key,
      value,
    }));
    const numPartitions = options.partitions ?? 1;
    await this.admin((admin) =>
      admin.createTopics({
        topics: [{ topic, numPartitions, configEntries }],
        waitForLeaders: true,
      }),
    );
    return topic;
  }

  /** Produces one record a line, in order, by kafkajs. Without a partition they are spread. */
  async produceLines(
    topic: string,
    lines: readonly (string | Buffer | null)[],
    options: { partition?: number; codec?: Codec; perRequest?: number } = {},
  ): Promise<void> {
    const producer = this.#kafka.producer();
    const { partition, codec = "none", perRequest = 1000 } = options;
    await producer.connect();
    try {
      for (let from = 0; from < lines.length; from += perRequest) {
        const messages: Message[] = lines
          .slice(from, from + perRequest)
          .map((value) => (partition === undefined ? { value } : { value, partition }));
        await producer.send({ topic, messages, compression: CODECS[codec], acks: -1 });
      }
    } finally {
      await producer.disconnect();
    }
  }

  /** Produces by Kafka's own Java client: what its codecs write is what production topics hold. */
  async produceWithJava(records: readonly JavaRecord[]): Promise<void> {
    const { classpath } = await installKafka();
    const jvm = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"];
    const child = spawn("java", [...jvm, "-cp", classpath, "ProduceMain", this.brokers.join(",")]);
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    for (const { topic, codec, value, partition = -1 } of records) {
      const base64 = value === null ? "" : Buffer.from(value).toString("base64");
      child.stdin.write(`${topic}\t${codec}\t${partition}\t${base64}\n`);
    }
    child.stdin.end();
    const code = await new Promise((resolve) => child.once("close", resolve));
    const acknowledged = Buffer.concat(output).toString().trim();
    if (code !== 0 || acknowledged !== String(records.length)) {
      const said = Buffer.concat(errors).toString().slice(-3000);
      throw new Error(`the Java producer sent ${acknowledged} of ${records.length}:\n${said}`);
    }
  }

  /** Runs `work` with a connected admin client. */
  async admin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  }
}

/** The run's shared broker: SPIKEWATCH_KAFKA_BROKERS where set, else one that is started on the first call of the run. */
export async function testKafka(): Promise<TestKafka> {
  const given = process.env["SPIKEWATCH_KAFKA_BROKERS"];
  if (given !== undefined && given !== "") return new TestKafka(given.split(","));
  const desk = process.env["SPIKEWATCH_TEST_KAFKA_DESK"];
  if (desk === undefined) {
    throw new Error("no broker desk: run jest from the project's root, with its jest.config.js");
  }
  const answer = JSON.parse(await ask(Number(desk))) as { brokers?: string[]; error?: string };
  if (answer.brokers === undefined) {
    throw new Error(`the test broker did not start: ${answer.error ?? "no reason given"}`);
  }
  return new TestKafka(answer.brokers);
}

/** A broker of the caller's own, to stop, kill and restart. */
export async function ownKafka(): Promise<{ broker: Broker; kafka: TestKafka }> {
  const broker = await Broker.start();
  return { broker, kafka: new TestKafka([broker.address]) };
}

function ask(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    connect(port, "127.0.0.1")
      .on("data", (chunk: Buffer) => chunks.push(chunk))
      .once("error", reject)
      .once("end", () => resolve(Buffer.concat(chunks).toString()));
  });
}

import { randomUUID } from "node:crypto";
import kafkajs, { type Kafka } from "kafkajs";
import { messageOf } from "../runtime/errors.ts";
import {
  createKafkaClient,
  logRanges,
  reachBroker,
  requireTopics,
  withAdmin,
  type KafkaClientOptions,
} from "./kafka-client.ts";
import { registerKafkaCodecs } from "./kafka-codecs.ts";
import { KafkaPass, type PassHandler, type PassTarget } from "./kafka-pass.ts";
import type { LogRange } from "./kafka-reader.ts";
import { partitionKey, type Partition } from "./source.ts";

export interface KafkaScanOptions extends KafkaClientOptions {
  readonly topics: readonly string[];
  /** The throw-away consumer group's name begins with it. */
  readonly groupPrefix: string;
  /** Reading ends, with an error, when it aborts. */
  readonly signal: AbortSignal;
  /** How long to wait for a broker that does not answer. */
  readonly startTimeoutMs?: number;
  /** Without a record of a partition that should have some for this long, reading gives up. */
  readonly silenceMs?: number;
}

/**
 * Reads parts of topics once, beside whoever else reads them: in a consumer group of its own that commits nothing and is removed afterwards. The
 * partitions advance together, so that what must be remembered across them stays small.
 */
export class KafkaScan {
  readonly #options: KafkaScanOptions & { startTimeoutMs: number; silenceMs: number };
  readonly #kafka: Kafka;

  constructor(options: KafkaScanOptions) {
    this.#options = { startTimeoutMs: 10_000, silenceMs: 60_000, ...options };
    registerKafkaCodecs();
    this.#kafka = createKafkaClient(options);
  }

  /** First and end offset of each partition that exists, by partition key. Throws AppError where no broker answers or a topic is missing. */
  async ranges(): Promise<Map<string, LogRange & Partition>> {
    const { topics } = this.#options;
    await reachBroker(this.#kafka, this.#options);
    await requireTopics(this.#kafka, topics, { ...this.#options, startTimeoutMs: 0 });
    const ranges = new Map<string, LogRange & Partition>();
    for (const topic of topics) {
      for (const [partition, range] of await logRanges(this.#kafka, topic)) {
        ranges.set(partitionKey({ topic, partition }), { topic, partition, ...range });
      }
    }
    return ranges;
  }

  /** Those of the topics whose older records the broker replaces by newer ones of the same key; empty where it does not tell. */
  async compacted(): Promise<string[]> {
    const { topics } = this.#options;
    const resources = topics.map((name) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name,
      configNames: ["cleanup.policy"],
    }));
    try {
      const answer = await withAdmin(this.#kafka, (admin) =>
        admin.describeConfigs({ resources, includeSynonyms: false }),
      );
      return answer.resources
        .filter(({ configEntries }) =>
          configEntries.some(({ configValue }) => configValue.includes("compact")),
        )
        .map(({ resourceName }) => resourceName);
    } catch (error) {
      this.#options.logger.debug({ reason: messageOf(error) }, "topic settings are not told");
      return [];
    }
  }

  /** Hands over every record of the targets. Throws AppError where that cannot be done. */
  async read(targets: readonly PassTarget[], handler: PassHandler): Promise<void> {
    if (targets.every(({ from, end }) => from >= end)) return;
    const group = `${this.#options.groupPrefix}-${randomUUID()}`;
    const pass = new KafkaPass({ ...this.#options, kafka: this.#kafka, group, targets, handler });
    try {
      await pass.run();
    } finally {
      await pass.close();
      // Nothing was committed: the group would vanish by itself after some days.
      await withAdmin(this.#kafka, (admin) => admin.deleteGroups([group])).catch(() => undefined);
    }
  }
}

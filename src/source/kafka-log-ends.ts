import { createKafkaClient, logRanges, type KafkaClientOptions } from "./kafka-client.ts";
import type { LogRange } from "./kafka-reader.ts";
import { partitionKey } from "./source.ts";

/** Asks the broker for the first and end offset of each partition of the topics, by partition key. Rejects where it does not tell. */
export function kafkaLogEnds(
  options: KafkaClientOptions & { readonly topics: readonly string[] },
): () => Promise<ReadonlyMap<string, LogRange>> {
  const kafka = createKafkaClient(options);
  return async () => {
    const ends = new Map<string, LogRange>();
    for (const topic of options.topics) {
      for (const [partition, range] of await logRanges(kafka, topic)) {
        ends.set(partitionKey({ topic, partition }), range);
      }
    }
    return ends;
  };
}

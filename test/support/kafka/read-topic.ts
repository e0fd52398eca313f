import { randomUUID } from "node:crypto";
import type { TestKafka } from "./test-kafka.ts";

/** A record as it is on the topic; headers as text. */
export interface TopicRecord {
  readonly partition: number;
  readonly key: string | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** The first `count` records that a topic gives, from its begin. */
export async function readTopic(
  kafka: TestKafka,
  topic: string,
  count: number,
): Promise<TopicRecord[]> {
  const consumer = kafka.client.consumer({ groupId: `read-${randomUUID()}`, maxWaitTimeInMs: 100 });
  const records: TopicRecord[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: ({ partition, message }) => {
        const headers = Object.entries(message.headers ?? {});
        records.push({
          partition,
          key: message.key?.toString() ?? null,
          value: message.value,
          headers: Object.fromEntries(headers.map(([name, value]) => [name, String(value)])),
        });
        if (records.length === count) resolve();
        return Promise.resolve();
      },
    });
  });
  await consumer.disconnect();
  return records.slice(0, count);
}

import type { Codec } from "../../support/kafka/test-kafka.ts";
import { until } from "../../support/until.ts";
import type { Arena } from "../arena.ts";
import { playRuns, type Scenario, type Stage } from "../scenario.ts";
import { dumpTopic } from "../topic-dump.ts";

async function startOne({ arena }: Stage): Promise<void> {
  await arena.startWorker();
  await arena.recovered();
}

/** Some transactions abort, some commit, some are open while the worker dies; their markers take offsets. */
export const transactions: Scenario = {
  name: "transactions",
  fault: "transactions aborted, committed, or open while the worker is killed",
  runs: 30,
  play: (ground) =>
    playRuns(
      ground,
      { name: "transactions" },
      {
        before: startOne,
        run: async ({ arena, random, clock }, index) => {
          const transactionalId = `${arena.topic}-${index}`;
          const producer = arena.kafka.client.producer({
            transactionalId,
            idempotent: true,
            maxInFlightRequests: 1,
          });
          await producer.connect();
          try {
            const transaction = await producer.transaction();
            await transaction.send({ topic: arena.topic, messages: arena.stream.draw(300) });
            if (index % 3 === 2) await replace(arena);
            else await clock.sleep(random.below(800));
            await (random.chance(0.5) ? transaction.abort() : transaction.commit());
          } finally {
            await producer.disconnect();
          }
          return [await arena.recovered(clock.now())];
        },
      },
    ),
};

async function replace(arena: Arena): Promise<void> {
  for (const worker of arena.workers) await worker.kill();
  await arena.startWorker();
}

const CODECS: readonly Codec[] = ["none", "gzip", "snappy", "lz4", "zstd"];

/** The steady stream uses all codecs as kafkajs writes them; here come batches as Kafka's own producer writes them. */
export const codecs: Scenario = {
  name: "codecs",
  fault: "each codec, as kafkajs and as Kafka's Java producer write it",
  runs: 5,
  play: (ground) =>
    playRuns(
      ground,
      { name: "codecs" },
      {
        before: startOne,
        run: async ({ arena, clock }, index) => {
          const codec = CODECS[index % CODECS.length]!;
          const events = arena.stream.draw(2_000);
          await arena.kafka.produceWithJava(
            events.map(({ value, partition }) => ({
              topic: arena.topic,
              codec,
              value,
              partition,
            })),
          );
          return [await arena.recovered(clock.now())];
        },
      },
    ),
};

const KEYS = 200;
const REWRITES = 20;

/** A log with holes that compaction made, tombstones among them, is read behind the checkpoint; then it grows. */
export const compactedTopic: Scenario = {
  name: "compacted",
  fault: "a compacted topic: holes and tombstones, and no gap reported",
  runs: 5,
  play: (ground) => {
    let survivors = 0;
    return playRuns(
      ground,
      {
        name: "compacted",
        stream: { keyed: true, once: true },
        topicConfig: {
          "cleanup.policy": "compact",
          "segment.ms": "500",
          "min.cleanable.dirty.ratio": "0.01",
          "max.compaction.lag.ms": "500",
        },
      },
      {
        run: async ({ arena, clock }, index) => {
          for (const worker of arena.workers) await worker.kill();
          arena.stream.pause();
          await rewriteKeys(arena, `key-${index}`);
          survivors += KEYS / 2;
          await compacted(arena, survivors);
          arena.stream.resume();
          const startedMs = clock.now();
          const worker = await arena.startWorker();
          const recoveryMs = await arena.recovered(startedMs);
          if (worker.stderr.includes("removed from the log")) {
            throw new Error("holes of compaction were taken for lost records");
          }
          return [recoveryMs];
        },
      },
    );
  },
};

/** Writes the same keys again and again, then removes half of them. */
async function rewriteKeys(arena: Arena, prefix: string): Promise<void> {
  const place = (index: number): { key: string; partition: number } => ({
    key: `${prefix}-${index}`,
    partition: index % 6,
  });
  const producer = arena.kafka.client.producer();
  await producer.connect();
  try {
    for (let turn = 0; turn < REWRITES; turn++) {
      const events = arena.stream.draw(KEYS);
      const messages = events.map(({ value }, index) => ({ value, ...place(index) }));
      await producer.send({ topic: arena.topic, messages });
    }
    const removed = Array.from({ length: KEYS / 2 }, (_, index) => index);
    const messages = removed.map((index) => ({ value: null, ...place(index) }));
    await producer.send({ topic: arena.topic, messages });
  } finally {
    await producer.disconnect();
  }
}

/** Waits until nothing is left that compaction could still remove: the stream's own records, whose keys all differ, and the survivors. */
async function compacted(arena: Arena, survivors: number): Promise<void> {
  await until(
    "the topic is compacted",
    async () => {
      // A segment that is written to is not compacted: new records close it.
      await arena.stream.burst(60);
      let there = 0;
      for await (const { value } of dumpTopic(arena.kafka.brokers, arena.topic)) {
        if (value !== null) there++;
      }
      return there === arena.stream.sent + survivors ? true : null;
    },
    { timeoutMs: 120_000, everyMs: 2_000 },
  );
}

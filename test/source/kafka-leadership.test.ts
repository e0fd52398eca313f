import { randomUUID } from "node:crypto";
import { afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { SystemClock } from "../../src/runtime/clock.ts";
import { KafkaLeadership } from "../../src/source/kafka-leadership.ts";
import type { LeaderTerm } from "../../src/source/leadership.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { KAFKA_START_MS, testKafka, type TestKafka } from "../support/kafka/test-kafka.ts";
import { until } from "../support/until.ts";

const clock = new SystemClock();
const never = new AbortController().signal;
const running: KafkaLeadership[] = [];
let kafka: TestKafka;

beforeAll(async () => {
  kafka = await testKafka();
}, KAFKA_START_MS);
afterEach(() => Promise.all(running.splice(0).map((one) => one.stop())));

async function stand(
  name: string,
  group: string,
  brokers: readonly string[] = kafka.brokers,
): Promise<KafkaLeadership> {
  const one = new KafkaLeadership({
    brokers,
    name,
    groupId: `${group}-detect`,
    topic: `${group}-control`,
    logger: silentLogger,
    clock,
  });
  running.push(one);
  one.setReady(true);
  await one.start();
  return one;
}

async function leads(one: KafkaLeadership): Promise<LeaderTerm> {
  const term = await one.acquire(never);
  if (term === null) throw new Error("gave up");
  return term;
}

describe("KafkaLeadership", () => {
  it("makes the first one leader, keeps it through the coming and going of others, and hands over at once when it stops", async () => {
    const group = `lead-${randomUUID().slice(0, 8)}`;
    const first = await stand("one", group);
    const term = await leads(first);
    expect(first.leader).toBe("one");

    const second = await stand("two", group);
    const third = await stand("three", group);
    await until("it is known who leads", () => (second.leader === "one" ? true : null));
    await third.stop();
    expect(await second.acquire(AbortSignal.timeout(1_500))).toBeNull();
    expect(term.isHeld()).toBe(true);
    expect(term.lost.aborted).toBe(false);

    const startedMs = clock.now();
    await first.stop();
    const next = await leads(second);
    expect(clock.now() - startedMs).toBeLessThan(3_000);
    expect(term.lost.aborted).toBe(true);
    expect(term.isHeld()).toBe(false);
    expect(next.isHeld()).toBe(true);
    expect(second.leader).toBe("two");
  }, 40_000);

  it("makes a topic of one partition and writes nothing to it", async () => {
    const group = `lead-${randomUUID().slice(0, 8)}`;
    await leads(await stand("one", group));

    const offsets = await kafka.admin((admin) => admin.fetchTopicOffsets(`${group}-control`));

    expect(offsets).toMatchObject([{ partition: 0, high: "0" }]);
  }, 20_000);

  it("says what to do where the broker does not let it make the topic", async () => {
    const group = `no${"x".repeat(260)}`;

    await expect(stand("one", group)).rejects.toThrow(
      /does not let us create topic "nox+-control" .*; create it, nothing is ever written to it: kafka-topics/,
    );
  }, 20_000);
});

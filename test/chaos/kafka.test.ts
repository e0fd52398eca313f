import { afterAll, beforeAll, describe, it } from "@jest/globals";
import { BUILD_MS, builtProgram } from "../support/built-program.ts";
import { KAFKA_START_MS, testKafka } from "../support/kafka/test-kafka.ts";
import { SpikewatchProcess } from "../support/spikewatch-process.ts";
import { brokerCut, killBroker } from "./scenarios/brokers.ts";
import { codecs, compactedTopic, transactions } from "./scenarios/logs.ts";
import { retention } from "./scenarios/retention.ts";
import { expectExactness, playShort, SHORT_MS } from "./short-form.ts";

beforeAll(async () => {
  await builtProgram();
  await testKafka();
}, BUILD_MS + KAFKA_START_MS);
afterAll(() => SpikewatchProcess.killAll());

describe("a Kafka that dies, is cut off, or holds what is not plain", () => {
  it.each([
    { scenario: killBroker, runs: 1 },
    { scenario: brokerCut, runs: 1 },
    { scenario: retention, runs: 2 },
    { scenario: transactions, runs: 3 },
    { scenario: compactedTopic, runs: 1 },
    { scenario: codecs, runs: 5 },
  ])(
    "changes no total: $scenario.fault",
    async ({ scenario, runs }) => {
      expectExactness(await playShort(scenario, runs), runs);
    },
    SHORT_MS,
  );
});

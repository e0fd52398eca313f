import { afterAll, beforeAll, describe, it } from "@jest/globals";
import { BUILD_MS, builtProgram } from "../support/built-program.ts";
import { KAFKA_START_MS, testKafka } from "../support/kafka/test-kafka.ts";
import { SpikewatchProcess } from "../support/spikewatch-process.ts";
import { lateCommits, lostAnswers, swallowedInserts } from "./scenarios/broken-answers.ts";
import { clickhouseCut, clickhouseDown, killEngine } from "./scenarios/outages.ts";
import { expectExactness, playShort, SHORT_MS } from "./short-form.ts";

beforeAll(async () => {
  await builtProgram();
  await testKafka();
}, BUILD_MS + KAFKA_START_MS);
afterAll(() => SpikewatchProcess.killAll());

describe("a ClickHouse that answers wrongly, late or not at all", () => {
  it.each([
    { scenario: lostAnswers, runs: 6 },
    { scenario: swallowedInserts, runs: 3 },
    { scenario: lateCommits, runs: 2 },
    { scenario: killEngine, runs: 3 },
    { scenario: clickhouseCut, runs: 1 },
    { scenario: clickhouseDown, runs: 1 },
  ])(
    "changes no total: $scenario.fault",
    async ({ scenario, runs }) => {
      expectExactness(await playShort(scenario, runs), runs);
    },
    SHORT_MS,
  );
});

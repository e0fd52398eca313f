import { afterAll, beforeAll, describe, it } from "@jest/globals";
import { BUILD_MS, builtProgram } from "../support/built-program.ts";
import { KAFKA_START_MS, testKafka } from "../support/kafka/test-kafka.ts";
import { SpikewatchProcess } from "../support/spikewatch-process.ts";
import { rebalances, twoDeployments } from "./scenarios/groups.ts";
import { killWorker } from "./scenarios/kill-worker.ts";
import { stopping } from "./scenarios/stopping.ts";
import { zombie } from "./scenarios/zombie.ts";
import { expectExactness, playShort, SHORT_MS } from "./short-form.ts";

beforeAll(async () => {
  await builtProgram();
  await testKafka();
}, BUILD_MS + KAFKA_START_MS);
afterAll(() => SpikewatchProcess.killAll());

describe("workers that die, freeze and come back", () => {
  it.each([
    { scenario: killWorker, runs: 5 },
    { scenario: stopping, runs: 3 },
    { scenario: zombie, runs: 2 },
    { scenario: rebalances, runs: 1 },
    { scenario: twoDeployments, runs: 1 },
  ])(
    "changes no total: $scenario.fault",
    async ({ scenario, runs }) => {
      expectExactness(await playShort(scenario, runs), runs);
    },
    SHORT_MS,
  );
});

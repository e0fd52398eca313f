import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { BUILD_MS, builtProgram } from "../support/built-program.ts";
import { KAFKA_START_MS, testKafka } from "../support/kafka/test-kafka.ts";
import { SpikewatchProcess } from "../support/spikewatch-process.ts";
import { buildMutant } from "./mutate.mjs";
import { lateCommits, swallowedInserts } from "./scenarios/broken-answers.ts";
import { zombie } from "./scenarios/zombie.ts";
import { playShort, SHORT_MS } from "./short-form.ts";

const folder = mkdtempSync(join(tmpdir(), "spikewatch-mutants-"));

beforeAll(async () => {
  await builtProgram();
  await testKafka();
}, BUILD_MS + KAFKA_START_MS);
afterAll(async () => {
  await SpikewatchProcess.killAll();
  rmSync(folder, { recursive: true, force: true });
});

/** Commits must meet within milliseconds for some of it; on a busy machine they may miss one another. */
const TRIES = 3;

describe("the same suite on a program with one part of the commit switched off", () => {
  it.each([
    { part: "no-claim", scenario: zombie, wrong: "double" },
    { part: "no-guard", scenario: lateCommits, wrong: "double" },
    { part: "no-read-back", scenario: swallowedInserts, wrong: "lost" },
  ] as const)(
    "finds events $wrong under $part: $scenario.fault",
    async ({ part, scenario, wrong }) => {
      const program = buildMutant(part, join(folder, part));

      const play = () => playShort(scenario, 1, { program, patienceMs: 8_000 });
      let { verdict } = await play();
      for (let tries = 1; verdict[wrong] === 0 && tries < TRIES; tries++) {
        ({ verdict } = await play());
      }

      expect(verdict[wrong]).toBeGreaterThan(0);
      expect(verdict.differences.length).toBeGreaterThan(0);
    },
    TRIES * SHORT_MS,
  );
});

import { expect } from "@jest/globals";
import { builtProgram } from "../support/built-program.ts";
import { testKafka } from "../support/kafka/test-kafka.ts";
import type { Extent, Outcome, Scenario } from "./scenario.ts";

/** A session as short as the broker lets it be with some margin, few events: what two cores play in seconds. */
const SHORT: Extent = {
  runs: 1,
  rate: 600,
  sessionMs: 2_000,
  limitMs: 120_000,
  patienceMs: 60_000,
  outageMs: 4_000,
};

let program: string | null = null;

/** What one scenario of the short form may take on a machine that is busy with another test. */
export const SHORT_MS = 180_000;

/** Plays a scenario `runs` times on the run's shared broker. The seed is always the same: CI tells the same of the same code. */
export async function playShort(
  scenario: Scenario,
  runs: number,
  more: { readonly program?: string; readonly patienceMs?: number } = {},
): Promise<Outcome> {
  // One and the same through all of a file, whatever is edited meanwhile.
  program ??= await builtProgram();
  const kafka = await testKafka();
  const tell = (): void => undefined;
  return scenario.play({ ...SHORT, runs, kafka, seed: 20_261_122, tell, program, ...more });
}

/** Nothing lost, nothing twice, no remark; and it was played as often as asked for. */
export function expectExactness(outcome: Outcome, runs: number): void {
  expect(outcome.verdict.differences).toEqual([]);
  expect(outcome).toMatchObject({ runs, verdict: { lost: 0, double: 0 } });
  expect(outcome.verdict.records).toBeGreaterThan(500);
  expect(outcome.recoveriesMs.length).toBeGreaterThanOrEqual(runs);
}

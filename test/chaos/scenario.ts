import { SystemClock } from "../../src/runtime/clock.ts";
import { createRandom, type Random } from "../million/random.mjs";
import type { TestKafka } from "../support/kafka/test-kafka.ts";
import { Arena, type ArenaOptions } from "./arena.ts";
import type { Verdict } from "./exactness.ts";
import type { DumpedRecord } from "./topic-dump.ts";

/** How much of a fault is played. */
export interface Extent {
  readonly runs: number;
  /** Events a second. */
  readonly rate: number;
  /** Session time-out of the consumer group. */
  readonly sessionMs: number;
  /** No run begins later than this after the first. */
  readonly limitMs: number;
  /** How long an outage lasts. */
  readonly outageMs: number;
  /** How long partitions may stand still before that is a failure. */
  readonly patienceMs: number;
}

export interface Ground extends Extent {
  readonly kafka: TestKafka;
  readonly seed: number;
  /** Another program than the built one. */
  readonly program?: string;
  readonly tell: (line: string) => void;
}

export interface Outcome {
  readonly runs: number;
  readonly verdict: Verdict;
  /** From the fault, or where it lasts from its end, until all that was sent up to then is stored and every partition goes on. */
  readonly recoveriesMs: readonly number[];
}

/** One fault, played again and again on a running system, and judged at the end. */
export interface Scenario {
  readonly name: string;
  /** As the table names it. */
  readonly fault: string;
  /** How often the long form plays it. */
  readonly runs: number;
  play(ground: Ground): Promise<Outcome>;
}

/** What one run of a fault has to play with. */
export interface Stage {
  readonly arena: Arena;
  readonly random: Random;
  readonly clock: SystemClock;
}

/**
 * Opens an arena, plays `run` as often as the ground says, waits until all is stored, and judges. `run` gives its recovery times. What gets
 * stuck is judged as it stands.
 */
export async function playRuns(
  ground: Ground,
  options: Pick<ArenaOptions, "name"> & Partial<ArenaOptions>,
  parts: {
    readonly before?: (stage: Stage) => Promise<void>;
    readonly run: (stage: Stage, index: number) => Promise<readonly number[]>;
    /** What must have been counted, where the topic does not hold it to the end. */
    readonly records?: (stage: Stage) => AsyncIterable<DumpedRecord>;
  },
): Promise<Outcome> {
  return Arena.with({ ...ground, ...options }, async (arena) => {
    const clock = new SystemClock();
    const stage = { arena, random: createRandom(ground.seed), clock };
    const recoveriesMs: number[] = [];
    let runs = 0;
    try {
      await parts.before?.(stage);
      const deadlineMs = clock.now() + ground.limitMs;
      while (runs < ground.runs && (runs === 0 || clock.now() < deadlineMs)) {
        recoveriesMs.push(...(await parts.run(stage, runs++)));
        ground.tell(`${options.name} ${runs}/${ground.runs}, ${arena.stream.sent} events`);
      }
      return { runs, verdict: await arena.finish(parts.records?.(stage)), recoveriesMs };
    } catch (error) {
      return { runs, verdict: await arena.giveUp((error as Error).message), recoveriesMs };
    }
  });
}

/** The statement that stores a batch. */
export const COMMIT = /^INSERT INTO usage \(/;

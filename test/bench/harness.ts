import { cpuUsage } from "node:process";
import { performance } from "node:perf_hooks";

/** How long to measure. Tests use the shortest. */
export interface Effort {
  readonly warmUpMs: number;
  readonly rounds: number;
  readonly roundMs: number;
}
export const FULL: Effort = { warmUpMs: 800, rounds: 5, roundMs: 600 };
export const TINY: Effort = { warmUpMs: 0, rounds: 1, roundMs: 0 };

/** What a variant is given: the events of the million generator as a file, with their price book. */
export interface BenchInput {
  readonly events: string;
  readonly prices: string;
  readonly count: number;
  /** For what the variant writes; removed after. */
  readonly folder: string;
}

/** Prepared work. `pass` does it once over and gives how many units that was. */
export interface Work {
  readonly pass: () => number | Promise<number>;
  /** One pass is a whole round: it is long, and the first one warms up. */
  readonly isLong?: boolean;
  /** One pass only, and none before it: what is measured happens once in a process. */
  readonly isCold?: boolean;
  /** Figures beside the time, asked after the last pass. */
  readonly notes?: () => Readonly<Record<string, number>>;
  readonly end?: () => Promise<void>;
}

export interface Bench {
  readonly name: string;
  /** What one asks to know. */
  readonly question: string;
  readonly unit: string;
  /** What the peer does: the least code that gives the same numbers. */
  readonly peer: string;
  /** What notes of the measured side may come to at most; over it, the run fails. */
  readonly limits?: Readonly<Record<string, number>>;
  readonly variants: Readonly<Record<"spikewatch" | "peer", (input: BenchInput) => Promise<Work>>>;
}

/** CPU time of this process, all its threads included, per unit. */
export interface Measured {
  readonly units: number;
  readonly medianNs: number;
  readonly minNs: number;
  readonly wallNs: number;
  readonly notes: Readonly<Record<string, number>>;
}

interface Round {
  readonly units: number;
  readonly cpuNs: number;
  readonly wallNs: number;
}

/** Runs the work warm, then round by round. */
export async function measure(work: Work, effort: Effort): Promise<Measured> {
  const isCold = work.isCold === true;
  const isLong = isCold || work.isLong === true;
  const roundMs = isLong ? 0 : effort.roundMs;
  if (effort.warmUpMs > 0 && !isCold) await round(work, isLong ? 0 : effort.warmUpMs);
  const rounds: Round[] = [];
  const most = isCold ? 1 : isLong ? 3 : Infinity;
  for (let one = 0; one < Math.min(most, effort.rounds); one++) {
    rounds.push(await round(work, roundMs));
  }
  const notes = work.notes?.() ?? {};
  const cpu = rounds.map(({ cpuNs, units }) => cpuNs / units).sort((a, b) => a - b);
  const wall = rounds.map(({ wallNs, units }) => wallNs / units).sort((a, b) => a - b);
  return {
    units: rounds.reduce((sum, { units }) => sum + units, 0),
    medianNs: cpu[cpu.length >> 1] ?? 0,
    minNs: cpu[0] ?? 0,
    wallNs: wall[wall.length >> 1] ?? 0,
    notes,
  };
}

async function round(work: Work, atLeastMs: number): Promise<Round> {
  const startedMs = performance.now();
  const before = cpuUsage();
  let units = 0;
  do units += await work.pass();
  while (performance.now() - startedMs < atLeastMs);
  const { user, system } = cpuUsage(before);
  return { units, cpuNs: (user + system) * 1e3, wallNs: (performance.now() - startedMs) * 1e6 };
}

import { cpuUsage, pid } from "node:process";
import { setFlagsFromString } from "node:v8";
import type { PaneUse } from "../../src/detect/series-tree.ts";
import { DEFAULT_DETECTION } from "../../src/detect/settings.ts";
import { SpendDetector } from "../../src/detect/spend-detector.ts";
import { createRandom } from "../million/random.mjs";
import { peakMbOf } from "./engine-under-test.ts";
import type { Bench, BenchInput, Work } from "./harness.ts";

const TEAMS = 10_000;
const TEAMS_A_DEPARTMENT = 100;
/** Monday 2026-01-05, 00:00 UTC. */
const MONDAY = Date.UTC(2026, 0, 5) / 60_000;
const HISTORY_DAYS = 7;
/** Everybody works from 9 to 17, in every step of five minutes. */
const FIRST_HOUR = 9;
const HOURS = 8;
const STEP_MINUTES = 5;
const STEPS = (HOURS * 60) / STEP_MINUTES;
const TICKS_A_PASS = 24;

/** One tick of all teams, and the whole process. */
const LIMITS = { slowestTickMs: 1_000, peakMb: 1_000 };

/** Teams that are told apart no further, and teams with one person each who uses one model. */
type People = "none" | "one a team";

/**
 * What does it cost to judge 10,000 teams that were all active in the same minute, and how much memory do they hold? Each tick begins a new step of five minutes,
 * so that all windows of a day and less are due; those of a week are with each new hour.
 */
export const tickBench: Bench = {
  name: "tick",
  question: `a team judged on all its statistics, ${TEAMS} in a tick`,
  unit: "team",
  peer: "mean and deviation of 5 factors × 6 windows",
  limits: LIMITS,
  variants: { spikewatch: (input) => judged(input, "none"), peer: zScores },
};

/** The same where each team's spend is one person's. */
export const tickWithPeopleBench: Bench = {
  ...tickBench,
  name: "people",
  question: `a team and its one person judged on all their statistics, ${TEAMS} in a tick`,
  variants: { spikewatch: (input) => judged(input, "one a team"), peer: zScores },
};

function judged(input: BenchInput, people: People): Promise<Work> {
  // As the program sets it.
  setFlagsFromString("--heap-growing-percent=20");
  const stream = new Steps(input, people);
  const detector = new SpendDetector(DEFAULT_DETECTION);
  while (stream.day < HISTORY_DAYS) detector.learn(stream.next());
  detector.catchUp();
  let opened = 0;
  return Promise.resolve(
    ticking(
      stream,
      (uses, minute) => {
        opened += detector.observe(uses, minute * 60_000 + 59_999).length;
      },
      () => ({ opened, series: detector.tree.nodes.length }),
    ),
  );
}

const FACTORS = 5;
const WINDOWS = [1, 3, 6, 12, 72, 288];
const SIZE = FACTORS * WINDOWS.length;

/** What is used today: each fading sum in standard deviations of its own past. */
class ZScores {
  readonly #sums = new Float64Array(SIZE);
  readonly #means = new Float64Array(SIZE);
  readonly #variances = new Float64Array(SIZE);

  /** Gives how many of them are over 4. */
  add({ usd, requests, tokens, errors }: PaneUse): number {
    const factors = [usd, requests, tokens, usd / tokens, errors];
    let spikes = 0;
    for (let at = 0; at < SIZE; at++) {
      const factor = factors[Math.floor(at / WINDOWS.length)] as number;
      const fading = 1 - 1 / (WINDOWS[at % WINDOWS.length] as number);
      const sum = (this.#sums[at] as number) * fading + factor;
      const off = sum - (this.#means[at] as number);
      const variance = this.#variances[at] as number;
      if (off > 4 * Math.sqrt(variance)) spikes++;
      this.#sums[at] = sum;
      this.#means[at] = (this.#means[at] as number) + 0.01 * off;
      this.#variances[at] = variance + 0.01 * (off * off - variance);
    }
    return spikes;
  }
}

function zScores(input: BenchInput): Promise<Work> {
  const stream = new Steps(input, "none");
  const teams = new Map<string, ZScores>();
  let spikes = 0;
  const see = (uses: readonly PaneUse[]): void => {
    for (const use of uses) {
      let team = teams.get(use.team);
      if (team === undefined) teams.set(use.team, (team = new ZScores()));
      spikes += team.add(use);
    }
  };
  while (stream.day < 1) see(stream.next());
  return Promise.resolve(ticking(stream, see, () => ({ spikes })));
}

/** A pass is two hours; what each tick costs is noted. */
function ticking(
  stream: Steps,
  see: (uses: readonly PaneUse[], minute: number) => void,
  more: () => Readonly<Record<string, number>>,
): Work {
  const ticks: number[] = [];
  return {
    isLong: true,
    pass: () => {
      let units = 0;
      for (let tick = 0; tick < TICKS_A_PASS; tick++) {
        const uses = stream.next();
        const before = cpuUsage();
        see(uses, stream.minute);
        const { user, system } = cpuUsage(before);
        ticks.push((user + system) / 1e3);
        units += uses.length;
      }
      return units;
    },
    notes: () => {
      const sorted = ticks.toSorted((a, b) => a - b);
      return {
        tickMs: sorted[sorted.length >> 1] ?? 0,
        slowestTickMs: sorted.at(-1) ?? 0,
        peakMb: peakMbOf(pid),
        ...more(),
      };
    },
  };
}

/** Step by step what all teams used in its first minute; nights and weekends are left out. */
class Steps {
  readonly #random = createRandom(1);
  readonly #teams: number;
  readonly #names: readonly Pick<PaneUse, "department" | "team" | "user" | "model">[];
  #step = -1;

  constructor({ count }: BenchInput, people: People) {
    this.#teams = count < 10_000 ? 50 : TEAMS;
    this.#names = Array.from({ length: this.#teams }, (_, team) => ({
      department: `department-${Math.floor(team / TEAMS_A_DEPARTMENT)}`,
      team: `team-${team}`,
      user: people === "none" ? "unknown" : `user-${team}`,
      model: people === "none" ? "unknown" : `model-${team % 3}`,
    }));
  }

  /** The day of the next step, counted from the first one. */
  get day(): number {
    const workday = Math.floor((this.#step + 1) / STEPS);
    return Math.floor(workday / 5) * 7 + (workday % 5);
  }

  /** Of the step that was given last. */
  get minute(): number {
    const workday = Math.floor(this.#step / STEPS);
    const day = Math.floor(workday / 5) * 7 + (workday % 5);
    return MONDAY + day * 1440 + FIRST_HOUR * 60 + (this.#step % STEPS) * STEP_MINUTES;
  }

  next(): PaneUse[] {
    this.#step++;
    const { minute } = this;
    return this.#names.map((names) => this.#use(minute, names));
  }

  #use(minute: number, names: Pick<PaneUse, "department" | "team" | "user" | "model">): PaneUse {
    const requests = 1 + this.#random.below(4);
    const tokens = requests * this.#random.size(20_000);
    const usd = tokens * 3e-6;
    return {
      minute,
      ...names,
      key: "unknown",
      agent: "unknown",
      tool: "unknown",
      usd,
      usdSquared: (usd * usd) / requests,
      requests,
      errors: 0,
      tokens,
      cacheReadTokens: tokens * 0.7,
      outputTokens: tokens * 0.1,
    };
  }
}

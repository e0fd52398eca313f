import { DEFAULT_DETECTION } from "../../src/detect/settings.ts";
import { SpendDetector } from "../../src/detect/spend-detector.ts";
import type { PaneUse } from "../../src/detect/series-tree.ts";
import { Dispatcher } from "../../src/notify/dispatcher.ts";
import type { Leadership, LeaderTerm } from "../../src/source/leadership.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { DetectService } from "../../src/workers/detect-service.ts";
import type { LogEnds } from "../../src/workers/tail-watermark.ts";
import { ManualClock } from "../support/manual-clock.ts";
import type { MemoryIncidentStore } from "../support/memory-incident-store.ts";
import { MemoryCommits } from "../support/memory-tail.ts";
import { rollupsOf } from "../support/spend-stream.ts";
import { aQuietStore, NOON, WitnessNotifier } from "./detect-scene.ts";

/** An election that the test decides. */
export class Election implements Leadership {
  leader: string | null = null;
  readonly done = new Promise<void>(() => undefined);
  readonly readiness: boolean[] = [];
  isHeld = true;
  isStopped = false;
  #lost = new AbortController();
  #term: LeaderTerm | null = null;
  #wake: () => void = () => undefined;

  start(): Promise<void> {
    return Promise.resolve();
  }

  async acquire(signal: AbortSignal): Promise<LeaderTerm | null> {
    while (this.#term === null && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    return signal.aborted ? null : this.#term;
  }

  setReady(ready: boolean): void {
    this.readiness.push(ready);
  }

  stop(): Promise<void> {
    this.isStopped = true;
    return Promise.resolve();
  }

  elect(): void {
    const lost = new AbortController();
    this.#lost = lost;
    this.isHeld = true;
    this.#term = { isHeld: () => this.isHeld && !lost.signal.aborted, lost: lost.signal };
    this.#wake();
  }

  depose(): void {
    this.#term = null;
    this.#lost.abort();
  }
}

/** The world that several processes share. */
export class World {
  readonly clock = new ManualClock(NOON * 60_000);
  readonly commits = new MemoryCommits();
  readonly store: MemoryIncidentStore = aQuietStore();

  constructor() {
    this.commits.add([], { arrivedMs: this.clock.now(), maxEventMs: NOON * 60_000 - 300_000 });
  }

  /** Whoever learns from now on finds it in the history. */
  commit(uses: readonly PaneUse[]): void {
    this.store.rollups.push(...rollupsOf(uses));
    this.commits.add(uses, { arrivedMs: this.clock.now() });
  }

  /** Time passes for all, a second at a time. */
  async pass(seconds: number): Promise<void> {
    for (let one = 0; one < seconds; one++) {
      await this.clock.advance(1_000);
      await this.clock.advance(0);
    }
  }
}

/** One of the processes that share it. */
export async function aProcess(
  world: World,
  options: { readonly election?: Election | null; readonly logEnds?: () => Promise<LogEnds> } = {},
) {
  const { clock, store, commits } = world;
  const election = options.election === undefined ? new Election() : options.election;
  const witness = new WitnessNotifier(store);
  const metrics = new Metrics();
  const rules = { role: "primary", tickets: true, edits: true } as const;
  const service = new DetectService({
    leadership: election,
    newDetector: () => new SpendDetector({ ...DEFAULT_DETECTION, minimumUsd: 10 }),
    newTail: () => commits.tail(),
    newDispatcher: (mayTell) =>
      new Dispatcher({
        receivers: [{ notifier: witness, rules, minIntervalMs: 0 }],
        ...{ store, clock, metrics, mayTell, logger: silentLogger },
      }),
    logEnds: options.logEnds ?? (() => Promise.resolve(new Map())),
    latenessMs: 0,
    idleAfterMs: 30_000,
    ...{ store, clock, metrics, logger: silentLogger },
  });
  const failures: unknown[] = [];
  service.done.catch((error: unknown) => failures.push(error));
  await service.start();
  await clock.advance(0);
  await clock.advance(0);
  const leads = async (): Promise<number | undefined> =>
    (await metrics.detectLeader.get()).values[0]?.value;
  return { service, election: election ?? new Election(), witness, metrics, failures, leads };
}

/** Incidents that a receiver was told of as new. */
export const opened = ({ told }: WitnessNotifier): string[] =>
  told.filter(({ reason }) => reason === "opened").map(({ incident }) => incident.id);

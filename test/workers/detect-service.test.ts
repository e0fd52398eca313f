import { describe, expect, it } from "@jest/globals";
import { SpendDetector } from "../../src/detect/spend-detector.ts";
import type { PaneUse } from "../../src/detect/series-tree.ts";
import { Dispatcher } from "../../src/notify/dispatcher.ts";
import { AppError } from "../../src/runtime/errors.ts";
import type { Leadership, LeaderTerm } from "../../src/source/leadership.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { DetectService } from "../../src/workers/detect-service.ts";
import { ManualClock } from "../support/manual-clock.ts";
import type { MemoryIncidentStore } from "../support/memory-incident-store.ts";
import { MemoryCommits } from "../support/memory-tail.ts";
import { rollupsOf } from "../support/spend-stream.ts";
import { aQuietStore, aRunaway, NOON, WitnessNotifier } from "./detect-scene.ts";

/** An election that the test decides. */
class Election implements Leadership {
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
class World {
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

async function aProcess(world: World, options: { readonly election?: Election | null } = {}) {
  const { clock, store, commits } = world;
  const election = options.election === undefined ? new Election() : options.election;
  const witness = new WitnessNotifier(store);
  const metrics = new Metrics();
  const rules = { role: "primary", tickets: true, edits: true } as const;
  const service = new DetectService({
    leadership: election,
    newDetector: () => new SpendDetector({ minimumUsd: 10, sensitivity: 1 }),
    newTail: () => commits.tail(),
    newDispatcher: (mayTell) =>
      new Dispatcher({
        receivers: [{ notifier: witness, rules, minIntervalMs: 0 }],
        ...{ store, clock, metrics, mayTell, logger: silentLogger },
      }),
    logEnds: () => Promise.resolve(new Map()),
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

const opened = ({ told }: WitnessNotifier): string[] =>
  told.filter(({ reason }) => reason === "opened").map(({ incident }) => incident.id);

describe("DetectService", () => {
  it("learns, stands by, and pages what is stored from the moment it leads", async () => {
    const world = new World();
    const { service, election, witness, leads } = await aProcess(world);
    expect(service.state).toBe("standby");
    expect(election.readiness).toEqual([true]);
    world.commit(aRunaway(NOON, 8));
    await world.pass(30);
    expect([opened(witness), await leads()]).toEqual([[], 0]);

    election.elect();
    await world.pass(2);

    expect(service.state).toBe("watching");
    expect(await leads()).toBe(1);
    expect(opened(witness)).toHaveLength(1);
    world.commit(aRunaway(NOON + 8, 4));
    await world.pass(60);
    expect(opened(witness)).toHaveLength(1);
    expect(witness.told.map(({ reason }) => reason)).toContain("updated");
    await service.stop();
    expect(election.isStopped).toBe(true);
  });

  it.each(["learns", "stands by", "watches"])(
    "gives the leadership back at once although the store does not answer while it %s",
    async (state) => {
      const world = new World();
      world.commits.isSilent = state === "learns";
      const { service, election, failures } = await aProcess(world);
      if (state === "watches") election.elect();
      await world.pass(2);
      world.commits.isSilent = true;
      await world.pass(2);

      const stopped = service.stop();
      await world.pass(2);
      await stopped;

      expect(election.isStopped).toBe(true);
      expect(failures).toEqual([]);
    },
  );

  it("goes on with the incidents of the one before it, and pages none of them again", async () => {
    const world = new World();
    const first = await aProcess(world);
    first.election.elect();
    const second = await aProcess(world);
    await world.pass(2);
    world.commit(aRunaway(NOON, 8));
    await world.pass(30);
    world.commit(aRunaway(NOON + 8, 4));
    await world.pass(7);
    const [page] = opened(first.witness);

    // As SIGKILL would: nothing of it goes on.
    first.election.depose();
    second.election.elect();
    world.commit(aRunaway(NOON + 12, 4));
    await world.pass(70);

    expect(opened(first.witness)).toHaveLength(1);
    expect(opened(second.witness)).toEqual([]);
    expect(second.service.detector.incidents.map(({ id }) => id)).toEqual([page]);
    const revisions = world.store.incidents.map(({ revision }) => revision);
    expect(new Set(revisions).size).toBe(revisions.length);
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
    // Sixteen minutes of six dollars.
    expect(second.service.detector.incidents[0]!.actualUsd).toBeGreaterThan(90);
  });

  it("pages what the one before it had seen and not stored any more", async () => {
    const world = new World();
    const first = await aProcess(world);
    first.election.elect();
    const second = await aProcess(world);
    await world.pass(2);
    world.store.isDown = true;
    world.commit(aRunaway(NOON, 8));
    await world.pass(10);
    first.election.depose();
    world.store.isDown = false;

    second.election.elect();
    await world.pass(3);

    expect(opened(first.witness)).toEqual([]);
    expect(opened(second.witness)).toHaveLength(1);
  });

  it("stores and tells nothing while its term is in doubt, and what it kept when it is held again", async () => {
    const world = new World();
    const { service, election, witness } = await aProcess(world);
    election.elect();
    await world.pass(2);
    world.commit(aRunaway(NOON, 8));

    election.isHeld = false;
    await world.pass(20);

    expect(service.state).toBe("in doubt");
    expect([witness.told, world.store.incidents, world.store.deliveries]).toEqual([[], [], []]);
    election.isHeld = true;
    await world.pass(2);
    expect(opened(witness)).toHaveLength(1);
  });

  it("tells nothing more once its term is lost, throws away what it had, and stands by again", async () => {
    const world = new World();
    const { service, election, witness, leads } = await aProcess(world);
    election.elect();
    await world.pass(2);
    election.isHeld = false;
    world.commit(aRunaway(NOON, 8));
    await world.pass(5);
    const before = service.detector;

    election.depose();
    await world.pass(5);

    expect(service.detector).not.toBe(before);
    expect(service.state).toBe("standby");
    expect(election.readiness).toEqual([true, false, true]);
    expect([witness.told, world.store.incidents, await leads()]).toEqual([[], [], 0]);
    election.elect();
    await world.pass(2);
    expect(opened(witness)).toHaveLength(1);
  });

  it("shows what others detect where it never watches", async () => {
    const world = new World();
    const watcher = await aProcess(world);
    watcher.election.elect();
    const viewer = await aProcess(world, { election: null });
    await world.pass(2);
    world.commit(aRunaway(NOON, 8));
    await world.pass(30);

    const [incident] = watcher.service.detector.incidents;
    expect(viewer.service.detector.incidents.map(({ id }) => id)).toEqual([incident!.id]);
    expect(viewer.service.detector.minute).toBe(NOON + 7);
    expect([viewer.service.state, viewer.witness.told]).toEqual(["standby", []]);
  });

  it("waits for a store that is down, when it learns and when it follows", async () => {
    const world = new World();
    world.commits.isDown = true;
    const { service, election, witness, failures } = await aProcess(world);
    await world.pass(5);
    expect(service.state).toBe("learning");
    world.commits.isDown = false;
    await world.pass(10);
    expect(service.state).toBe("standby");

    election.elect();
    await world.pass(2);
    world.commits.isDown = true;
    world.commit(aRunaway(NOON, 8));
    await world.pass(5);
    world.commits.isDown = false;
    await world.pass(2);

    expect(opened(witness)).toHaveLength(1);
    expect(failures).toEqual([]);
  });

  it("cannot go on where the store refuses for good", async () => {
    const world = new World();
    const refusal = new AppError("table incidents is gone", { code: "store_refused" });
    world.store.loadIncidents = () => Promise.reject(refusal);

    const { failures } = await aProcess(world);
    await world.pass(1);

    expect(failures).toEqual([refusal]);
  });
});

import { describe, expect, it } from "@jest/globals";
import { AppError } from "../../src/runtime/errors.ts";
import { aRunaway, NOON } from "./detect-scene.ts";
import { aProcess, opened, World } from "./detect-world.ts";

describe("DetectService", () => {
  it("learns a topic's past when all of it is counted, and stands by only then", async () => {
    const world = new World();
    const uses = aRunaway(NOON, 8);
    const { endOffset } = world.commits.all[0]?.position ?? { endOffset: 0 };
    const ends = new Map([["token-usage/0", { low: 0, high: endOffset + uses.length }]]);
    const { service, election, witness } = await aProcess(world, {
      logEnds: () => Promise.resolve(ends),
    });
    await world.pass(5);
    expect([service.state, service.backlog]).toEqual(["learning", uses.length]);
    expect(election.readiness).toEqual([]);

    world.commit(uses);
    await world.pass(2);

    expect([service.state, service.backlog]).toEqual(["standby", 0]);
    expect(election.readiness).toEqual([true]);
    expect(service.detector.minute).toBeGreaterThan(NOON);
    expect(opened(witness)).toEqual([]);
  });

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

  it.each(["learns", "stands by", "takes over", "watches"])(
    "gives the leadership back at once although the store does not answer while it %s",
    async (state) => {
      const world = new World();
      world.commits.isSilent = state === "learns";
      const { service, election, failures } = await aProcess(world);
      if (state === "watches") election.elect();
      await world.pass(2);
      world.commits.isSilent = true;
      if (state === "takes over") election.elect();
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

import { describe, expect, it } from "@jest/globals";
import { pino } from "pino";
import { MemoryIncidentStore } from "../support/memory-incident-store.ts";
import { aUse, rollupsOf } from "../support/spend-stream.ts";
import { aDetectWorker, aQuietStore, aRunaway, NOON } from "./detect-scene.ts";

describe("DetectWorker", () => {
  it("stores an incident before it tells it, and tells it once", async () => {
    const { see, tick, witness, store } = await aDetectWorker();

    await see(...aRunaway(NOON, 8));
    await tick();

    const pages = witness.told.filter(({ reason }) => reason === "opened");
    expect(pages).toHaveLength(1);
    const [{ incident, storedRevision }] = pages as [(typeof pages)[0]];
    expect(incident.scope).toMatchObject({ team: "payments", user: "ada" });
    expect(storedRevision).toBeGreaterThanOrEqual(1);
    expect(store.incidents[0]).toMatchObject({
      incident_id: incident.id,
      kind: "spike",
      severity: "page",
      state: "open",
      team: "payments",
      user: "ada",
    });
  });

  it("says nothing on ordinary days", async () => {
    const { see, tick, witness, store } = await aDetectWorker();

    await see(...["ada", "ben", "cem"].map((user) => aUse({ minute: NOON, user, usd: 0.1 })));
    await tick();

    expect(witness.told).toEqual([]);
    expect(store.incidents).toEqual([]);
  });

  it("stores the newest state of a growing incident at each tick", async () => {
    const { see, tick, store, detector } = await aDetectWorker();
    await see(...aRunaway(NOON, 8));
    await tick();

    await see(...aRunaway(NOON + 8, 3));
    expect(store.incidents.at(-1)!.revision).toBeLessThan(detector.incidents[0]!.revision);
    await tick();

    expect(store.incidents.at(-1)).toMatchObject({
      revision: detector.incidents[0]!.revision,
      actual_usd: detector.incidents[0]!.actualUsd,
    });
  });

  it("waits with the page until the store has it", async () => {
    const { see, tick, witness, store } = await aDetectWorker();
    store.isDown = true;
    await see(...aRunaway(NOON, 8));
    await tick();
    expect(witness.told).toEqual([]);

    store.isDown = false;
    await tick();
    await tick();

    expect(witness.told.map(({ reason }) => reason)).toEqual(["opened"]);
    expect(witness.told[0]!.storedRevision).toBeGreaterThanOrEqual(1);
  });

  it("tells a page although the store refuses the incident for good", async () => {
    const lines: string[] = [];
    const logger = pino({ level: "error" }, { write: (line: string) => lines.push(line) });
    const { see, tick, witness, store } = await aDetectWorker({ logger });
    store.saveIncidents = () => Promise.reject(new Error("table incidents is gone"));

    await see(...aRunaway(NOON, 8));
    await tick();

    expect(witness.told.map(({ reason }) => reason)).toEqual(["opened"]);
    expect(lines.join()).toContain("table incidents is gone");
  });

  it("goes on after a restart and tells nothing twice", async () => {
    const first = await aDetectWorker();
    await first.see(...aRunaway(NOON, 10));
    await first.tick();
    await first.worker.stop();
    const [before] = first.detector.incidents;

    const second = await aDetectWorker({ store: first.store });
    await second.see(...aRunaway(NOON + 10, 10));
    await second.tick();
    second.watermarkMs = (NOON + 120) * 60_000;
    await second.tick();
    await second.tick();

    expect(second.detector.incidents.map(({ id }) => id)).toEqual([before!.id]);
    expect(second.witness.told.map(({ reason }) => reason)).not.toContain("opened");
    expect(second.witness.told.at(-1)).toMatchObject({
      reason: "resolved",
      incident: { id: before!.id, state: "resolved" },
    });
    expect(second.store.incidents.at(-1)).toMatchObject({ state: "resolved" });
    const excess = second.detector.incidents[0]!.excessUsd;
    expect(excess).toBeGreaterThan(110);
    expect(excess).toBeLessThan(125);
  });

  it("tells after a restart what was stored but not told", async () => {
    const first = await aDetectWorker();
    await first.see(...aRunaway(NOON, 8));
    // The process died between the two.
    first.store.deliveries.length = 0;

    const second = await aDetectWorker({ store: first.store });
    await second.tick();

    expect(second.witness.told.map(({ reason }) => reason)).toEqual(["opened"]);
  });

  it("pages after a start for what began while nobody watched", async () => {
    const store = aQuietStore();
    store.rollups.push(...rollupsOf(aRunaway(NOON, 10)));

    const { tick, witness } = await aDetectWorker({ store });
    await tick();

    expect(witness.told).toMatchObject([
      { reason: "opened", incident: { scope: { user: "ada" } } },
    ]);
  });

  it("starts on an empty store", async () => {
    const { worker, tick, witness } = await aDetectWorker({ store: new MemoryIncidentStore() });

    await tick();
    await worker.stop();

    expect(witness.told).toEqual([]);
  });

  it("applies an acknowledgement once, stores it and shows it", async () => {
    const { see, tick, act, witness, store, detector } = await aDetectWorker();
    await see(...aRunaway(NOON, 8));
    await tick();

    act({ action: "acknowledge", actor: "otto" });
    await tick();
    const { revision } = detector.incidents[0]!;
    await tick();

    expect(detector.incidents[0]).toMatchObject({
      state: "acknowledged",
      acknowledgedBy: "otto",
      revision,
    });
    expect(witness.told.map(({ reason }) => reason)).toEqual(["opened", "acknowledged"]);
    expect(store.incidents.at(-1)).toMatchObject({ state: "acknowledged" });
  });

  it("applies a mute and takes it back", async () => {
    const { see, tick, act, clock, detector, store } = await aDetectWorker();
    await see(...aRunaway(NOON, 8));
    await tick();
    const until = clock.now() + 4 * 3_600_000;

    act({ action: "mute", until_ms: until });
    await tick();
    expect(detector.incidents[0]!.mutedUntilMs).toBe(until);
    expect(JSON.parse(store.incidents.at(-1)!.document)).toMatchObject({ mutedUntilMs: until });
    act({ action: "unmute" });
    await tick();

    expect(detector.incidents[0]!.mutedUntilMs).toBeNull();
  });

  it("does not acknowledge an incident again after a restart that has come back since", async () => {
    const first = await aDetectWorker();
    await first.see(...aRunaway(NOON, 8));
    await first.tick();
    first.act({ action: "acknowledge" });
    await first.tick();
    first.watermarkMs = (NOON + 60) * 60_000;
    await first.tick();
    expect(first.detector.incidents[0]!.state).toBe("resolved");
    await first.see(...aRunaway(NOON + 62, 8));
    expect(first.detector.incidents).toMatchObject([{ state: "open" }]);
    await first.worker.stop();

    const second = await aDetectWorker({ store: first.store });
    await second.tick();

    expect(second.detector.incidents).toMatchObject([{ state: "open" }]);
    expect(second.witness.told.map(({ reason }) => reason)).not.toContain("acknowledged");
  });

  it("ignores actions on incidents it does not know or that are over", async () => {
    const scene = await aDetectWorker();
    const { see, tick, act, witness } = scene;
    await see(...aRunaway(NOON, 8));
    scene.watermarkMs = (NOON + 120) * 60_000;
    act({ incident_id: "inc-of-somebody-else" });
    await tick();
    act({ action: "mute", until_ms: 1e15 });
    await tick();

    expect(scene.detector.incidents[0]).toMatchObject({ state: "resolved", mutedUntilMs: null });
    expect(witness.told.map(({ reason }) => reason)).not.toContain("acknowledged");
  });

  it("tries again at the next tick when the store could not be read", async () => {
    const { see, tick, act, store, detector } = await aDetectWorker();
    await see(...aRunaway(NOON, 8));
    await tick();
    act({ action: "acknowledge" });
    const load = store.loadActions.bind(store);
    store.loadActions = () => Promise.reject(new Error("connection reset"));
    await tick();
    expect(detector.incidents[0]!.state).toBe("open");

    store.loadActions = load;
    await tick();

    expect(detector.incidents[0]!.state).toBe("acknowledged");
  });

  it("stores what has changed since the last tick when it stops", async () => {
    const { see, tick, store, detector, worker } = await aDetectWorker();
    await see(...aRunaway(NOON, 8));
    await tick();
    await see(...aRunaway(NOON + 8, 2));

    await worker.stop();
    await worker.stop();

    expect(store.incidents.at(-1)!.revision).toBe(detector.incidents[0]!.revision);
  });

  it("keeps what it could not store for the next tick", async () => {
    const { see, tick, store, detector } = await aDetectWorker();
    await see(...aRunaway(NOON, 8));
    await tick();
    await see(...aRunaway(NOON + 8, 2));
    const save = store.saveIncidents.bind(store);
    store.saveIncidents = () => Promise.reject(new Error("refused for now"));
    await tick();
    store.saveIncidents = save;

    await tick();

    expect(store.incidents.at(-1)!.revision).toBe(detector.incidents[0]!.revision);
  });
});

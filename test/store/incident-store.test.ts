import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { SystemClock } from "../../src/runtime/clock.ts";
import { ClickHouseStore } from "../../src/store/clickhouse-store.ts";
import type { Connection } from "../../src/store/connect.ts";
import { ClickHouseIncidentStore } from "../../src/store/incident-store.ts";
import type {
  DeliveryRow,
  HourRollup,
  IncidentActionRow,
  IncidentRow,
  Rollup,
} from "../../src/store/rows.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { startTestEngine, truncateAll, type TestEngine } from "../support/clickhouse/engine.ts";
import { MINUTE_MS, aBatch, aStep, type PaneSpec } from "../support/clickhouse/pane-builders.ts";

let test: TestEngine;
let connection: Connection;
let store: ClickHouseIncidentStore;

beforeAll(async () => {
  test = await startTestEngine();
  connection = test.connect();
  store = new ClickHouseIncidentStore({ connection, clock: new SystemClock() });
});
afterAll(() => test.stop());
beforeEach(() => truncateAll(connection));

const anIncident = (changes: Partial<IncidentRow> = {}): IncidentRow => ({
  incident_id: "i1",
  revision: 1,
  kind: "spike",
  severity: "page",
  state: "open",
  department: "R&D",
  team: `o'team "\\" 🚀`,
  user: "",
  opened_at_ms: MINUTE_MS + 123,
  paged_at_ms: null,
  updated_at_ms: MINUTE_MS + 456,
  resolved_at_ms: null,
  expected_usd: 0.1,
  actual_usd: 1234.5678,
  excess_usd: 1234.4678,
  document: JSON.stringify({ name: "line\nbreak\ttab" }),
  ...changes,
});

const aDelivery = (changes: Partial<DeliveryRow> = {}): DeliveryRow => ({
  delivery_id: "d1",
  incident_id: "i1",
  receiver: "slack:#costs",
  reason: "opened",
  status: "sending",
  attempt: 1,
  at_ms: MINUTE_MS + 1,
  reference: "",
  error: "",
  ...changes,
});

const anAction = (changes: Partial<IncidentActionRow> = {}): IncidentActionRow => ({
  action_id: "a1",
  incident_id: "i1",
  action: "mute",
  actor: "ana",
  at_ms: MINUTE_MS + 7,
  until_ms: MINUTE_MS + 4 * 3_600_000,
  ...changes,
});

async function usage(specs: readonly PaneSpec[]): Promise<void> {
  const writer = new ClickHouseStore({
    connection,
    writer: randomUUID(),
    clock: new SystemClock(),
    logger: silentLogger,
  });
  await writer.claim([{ topic: "t", partition: 0 }]);
  await writer.append(aBatch([aStep({ topic: "t", endOffset: 1 })], specs));
}

describe("ClickHouseIncidentStore", () => {
  it("gives the newest revision of incidents that changed lately, resolved or not", async () => {
    const clock = new SystemClock();
    await store.saveIncidents([anIncident({ incident_id: "old" })]);
    await clock.sleep(5);
    const sinceMs = clock.now();
    await store.saveIncidents([anIncident(), anIncident({ revision: 2, actual_usd: 7 })]);
    await store.saveIncidents([
      anIncident({ incident_id: "i2", state: "resolved", resolved_at_ms: MINUTE_MS }),
    ]);

    const changed = await store.changedIncidents(sinceMs);

    expect(changed).toMatchObject([
      { incident_id: "i1", revision: 2, actual_usd: 7 },
      { incident_id: "i2", state: "resolved", resolved_at_ms: MINUTE_MS },
    ]);
  });

  it("gives an incident back as it was saved", async () => {
    await store.saveIncidents([anIncident()]);

    expect(await store.loadIncidents(0)).toEqual([anIncident()]);
  });

  it("gives the newest revision of each incident, in the order they opened", async () => {
    const later = anIncident({ incident_id: "i0", opened_at_ms: MINUTE_MS + 60_000 });
    await store.saveIncidents([anIncident(), later]);
    await store.saveIncidents([
      anIncident({ revision: 2, state: "acknowledged", paged_at_ms: MINUTE_MS + 9 }),
    ]);

    expect(await store.loadIncidents(0)).toEqual([
      anIncident({ revision: 2, state: "acknowledged", paged_at_ms: MINUTE_MS + 9 }),
      later,
    ]);
  });

  it("leaves out what was resolved before the time asked for", async () => {
    const resolved = (id: string, at: number) =>
      anIncident({ incident_id: id, state: "resolved", resolved_at_ms: at });
    await store.saveIncidents([
      anIncident(),
      resolved("old", MINUTE_MS),
      resolved("new", MINUTE_MS + 1),
    ]);

    const loaded = await store.loadIncidents(MINUTE_MS);

    expect(loaded.map(({ incident_id }) => incident_id).sort()).toEqual(["i1", "new"]);
  });

  it("says how each delivery ended, also where it was recorded in the millisecond it began", async () => {
    await store.saveDelivery(aDelivery());
    await store.saveDelivery(aDelivery({ status: "failed", error: "503" }));
    await store.saveDelivery(aDelivery({ attempt: 2 }));
    await store.saveDelivery(aDelivery({ attempt: 2, status: "delivered", reference: "C1:1.2" }));
    await store.saveDelivery(aDelivery({ delivery_id: "d2" }));
    await store.saveDelivery(aDelivery({ delivery_id: "d3", incident_id: "other" }));

    expect(await store.loadDeliveries(["i1"])).toEqual([
      aDelivery({ attempt: 2, status: "delivered", reference: "C1:1.2" }),
      aDelivery({ delivery_id: "d2" }),
    ]);
  });

  it("finds deliveries of more incidents than one question may name", async () => {
    await store.saveDelivery(aDelivery({ incident_id: "i1200" }));
    const ids = Array.from({ length: 1300 }, (_, index) => `i${index}`);

    expect(await store.loadDeliveries(ids)).toHaveLength(1);
    expect(await store.loadDeliveries([])).toEqual([]);
  });

  it("gives actions after a time, oldest first, each once", async () => {
    const ack = anAction({
      action_id: "a2",
      action: "acknowledge",
      until_ms: null,
      at_ms: MINUTE_MS + 9,
    });
    for (const action of [
      ack,
      anAction(),
      anAction(),
      anAction({ action_id: "a0", at_ms: MINUTE_MS }),
    ]) {
      await store.saveAction(action);
    }

    expect(await store.loadActions(MINUTE_MS)).toEqual([anAction(), ack]);
  });

  it("rolls history up to five minutes, in order of time, over days", async () => {
    const day = 86_400_000;
    const pane = (minuteMs: number, team: string): PaneSpec => ({
      minuteMs,
      team,
      requests: 2,
      uncached_input_tokens: 5,
      cache_read_input_tokens: 1,
      output_tokens: 10,
      reasoning_output_tokens: 3,
      cost_nanos: 1_500_000_000,
    });
    await usage([
      pane(MINUTE_MS + 2 * day, "b"),
      pane(MINUTE_MS + 60_000, "a"),
      pane(MINUTE_MS, "a"),
      pane(MINUTE_MS + 300_000, "a"),
    ]);

    const rollups: Rollup[] = [];
    for await (const chunk of store.history(0, MINUTE_MS + 10 * day)) rollups.push(...chunk);

    expect(
      rollups.map(({ startMs, team, requests, tokens, costUsd }) => [
        startMs,
        team,
        requests,
        tokens,
        costUsd,
      ]),
    ).toEqual([
      [MINUTE_MS, "a", 4, 32, 3],
      [MINUTE_MS + 300_000, "a", 2, 16, 1.5],
      [MINUTE_MS + 2 * day, "b", 2, 16, 1.5],
    ]);
    expect(rollups[0]).toMatchObject({ department: "unknown", user: "unknown", model: "unknown" });
  });

  it("names the sessions of each five minutes, once however many deltas name them", async () => {
    const pane = (minuteMs: number, session: string): PaneSpec => ({
      minuteMs,
      requests: 1,
      cost_nanos: 1e9,
      session: [session, 1e9],
    });
    await usage([
      pane(MINUTE_MS, "one"),
      pane(MINUTE_MS + 60_000, "one"),
      pane(MINUTE_MS + 120_000, "two 🚀"),
      pane(MINUTE_MS + 300_000, "two 🚀"),
      { minuteMs: MINUTE_MS + 600_000, requests: 1 },
    ]);

    const named: string[][] = [];
    for await (const chunk of store.history(0, MINUTE_MS + 3_600_000)) {
      named.push(...chunk.map(({ sessions }) => [...sessions].sort()));
    }

    expect(named).toEqual([["one", "two 🚀"], ["two 🚀"], []]);
  });

  it("gives it by the hour as well, and says which five minutes held something", async () => {
    const hourMs = Math.floor(MINUTE_MS / 3_600_000) * 3_600_000;
    await usage([
      { minuteMs: hourMs, team: "a", requests: 2, cost_nanos: 1_500_000_000 },
      { minuteMs: hourMs + 4 * 60_000, team: "a", requests: 1, cost_nanos: 500_000_000 },
      { minuteMs: hourMs + 59 * 60_000, team: "a", requests: 1 },
      { minuteMs: hourMs + 3_600_000, team: "a", requests: 7 },
      { minuteMs: hourMs + 7_200_000, team: "a", requests: 9 },
    ]);
    const hours: HourRollup[] = [];
    const toMs = hourMs + 7_200_000;

    for await (const chunk of store.hourHistory(0, toMs)) hours.push(...chunk);

    expect(
      hours.map(({ startMs, requests, costUsd, steps }) => [startMs, requests, costUsd, steps]),
    ).toEqual([
      [hourMs, 4, 2, 0b1000_0000_0001],
      [hourMs + 3_600_000, 7, 0, 0b1],
    ]);
    expect(await store.historySize(0, toMs)).toBe(3);
    expect(await store.historySize(0, hourMs)).toBe(0);
  });

  it("gives history from its first minute to before its last", async () => {
    await usage([
      { minuteMs: MINUTE_MS, requests: 1 },
      { minuteMs: MINUTE_MS + 300_000, requests: 1 },
    ]);
    const starts: number[] = [];

    for await (const chunk of store.history(MINUTE_MS, MINUTE_MS + 300_000)) {
      starts.push(...chunk.map(({ startMs }) => startMs));
    }

    expect(starts).toEqual([MINUTE_MS]);
  });
});

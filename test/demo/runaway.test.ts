import { beforeAll, describe, expect, it } from "@jest/globals";
import { createCompany } from "../../src/demo/company.ts";
import type { Culprit } from "../../src/demo/runaway.ts";
import {
  type DemoEvent,
  distributionDistance,
  dollarsOf,
  historyEvents,
  liveEvents,
  promptOf,
} from "./demo-events.ts";

const LIVE_MS = Date.UTC(2026, 10, 18);
const MINUTE_MS = 60_000;
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

function loopOf(events: readonly DemoEvent[]): DemoEvent[] {
  return events.filter((event) => event.session.includes("-r"));
}

function culpritOf(seed: number): Culprit {
  return createCompany({ seed, startMs: LIVE_MS, historyDays: 1 }).culprit;
}

function dollarsPerMinute(events: readonly DemoEvent[], fromMs: number, minutes: number): number {
  const untilMs = fromMs + minutes * MINUTE_MS;
  const calls = events.filter((event) => event.time >= fromMs && event.time < untilMs);
  return calls.reduce((sum, event) => sum + dollarsOf(event), 0) / minutes;
}

describe("chooseRunaway", () => {
  it("moves to another team and user with each of these seeds", () => {
    const culprits = SEEDS.map(culpritOf);

    expect(new Set(culprits.map((culprit) => culprit.team)).size).toBe(SEEDS.length);
    expect(new Set(culprits.map((culprit) => culprit.user)).size).toBe(SEEDS.length);
  });

  it("begins between mid-morning and early afternoon of the live day", () => {
    for (const seed of SEEDS) {
      const { startMs, endMs } = culpritOf(seed);
      const minute = (startMs - LIVE_MS) / MINUTE_MS;
      expect(minute).toBeGreaterThanOrEqual(9.5 * 60);
      expect(minute).toBeLessThanOrEqual(13 * 60);
      expect(endMs - startMs).toBeGreaterThanOrEqual(60 * MINUTE_MS);
    }
  });

  it("takes a negative seed too", () => {
    expect(culpritOf(-3).user).toMatch(/^[a-z]+\.[a-z]$/);
  });
});

describe("runAway", () => {
  let company: ReturnType<typeof createCompany>;
  let live: DemoEvent[];
  let loop: DemoEvent[];
  let ordinary: DemoEvent[];

  beforeAll(() => {
    company = createCompany({ seed: 7, startMs: LIVE_MS, historyDays: 14 });
    live = liveEvents(company);
    loop = loopOf(live);
    const { tool, model } = company.culprit;
    ordinary = [...historyEvents(company)].filter(
      (event) => event.tool === tool && event.model === model,
    );
  });

  it("is who the company says it is, in everything an event tells", () => {
    const { startMs, endMs, ...who } = company.culprit;

    for (const [field, value] of Object.entries(who)) {
      expect(new Set(loop.map((event) => event[field as keyof DemoEvent]))).toEqual(
        new Set([value]),
      );
    }
    expect(loop[0]!.time).toBe(startMs);
    expect(loop.at(-1)!.time).toBeLessThan(endMs);
    expect(loop.at(-1)!.time).toBeGreaterThan(endMs - 5 * MINUTE_MS);
  });

  it.each([1, 2, 3])(
    "burns 15 to 40 dollars a minute at first and more later (seed %i)",
    (seed) => {
      const other = createCompany({ seed, startMs: LIVE_MS, historyDays: 1 });
      const calls = loopOf(liveEvents(other));
      const { startMs, endMs } = other.culprit;

      const first = dollarsPerMinute(calls, startMs, 10);
      const last = dollarsPerMinute(calls, endMs - 15 * MINUTE_MS, 15);

      expect(first).toBeGreaterThan(12);
      expect(first).toBeLessThan(40);
      expect(last).toBeGreaterThan(1.3 * first);
    },
  );

  it.each<[string, (event: DemoEvent) => number]>([
    ["prompt size", promptOf],
    ["output", (event) => event.output_tokens!],
    ["cached share", (event) => (event.cache_read_input_tokens ?? 0) / promptOf(event)],
    ["price of a call", dollarsOf],
  ])("differs from everybody's sessions only in rate: the %s is drawn alike", (_, feature) => {
    expect(loop.length).toBeGreaterThan(5_000);
    expect(distributionDistance(loop.map(feature), ordinary.map(feature))).toBeLessThan(0.05);
  });

  it("leaves the culprit an ordinary user before it begins", () => {
    const { user, startMs } = company.culprit;
    const before = live.filter((event) => event.user === user && event.time < startMs);
    const spent = before.reduce((sum, event) => sum + dollarsOf(event), 0);

    expect(loop.every((event) => event.time >= startMs)).toBe(true);
    expect(spent).toBeLessThan(100);
  });
});

import { describe, expect, it } from "@jest/globals";
import type { HourUse } from "../../src/detect/hour-use.ts";
import type { PaneUse } from "../../src/detect/series-tree.ts";
import { DEFAULT_DETECTION } from "../../src/detect/settings.ts";
import { SpendDetector } from "../../src/detect/spend-detector.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { detailBegin, HISTORY_MS, learnHistory } from "../../src/workers/detect-history.ts";
import { MemoryIncidentStore } from "../support/memory-incident-store.ts";
import { aUse, MONDAY_MINUTE, rollupsOf } from "../support/spend-stream.ts";

const DAY_MS = 86_400_000;
const NEWEST_MS = MONDAY_MINUTE * 60_000 + 40 * DAY_MS + 43_200_000;
const BEGIN_MS = NEWEST_MS - HISTORY_MS;

/** What it was told, in turn. */
class Told extends SpendDetector {
  readonly hours: number[] = [];
  readonly steps: number[] = [];

  override learnHours(uses: readonly HourUse[]): void {
    this.hours.push(...uses.map(({ minute }) => minute));
    super.learnHours(uses);
  }

  override learn(uses: readonly PaneUse[]): void {
    this.steps.push(...uses.map(({ minute }) => minute));
    super.learn(uses);
  }
}

/** Larger than it is. */
class LargeStore extends MemoryIncidentStore {
  override historySize(): Promise<number> {
    return Promise.resolve(2_000_000);
  }
}

async function learnt(store: MemoryIncidentStore): Promise<Told> {
  for (let day = 0; day <= 40; day++) {
    const minute = MONDAY_MINUTE + day * 1440 + 600;
    store.rollups.push(...rollupsOf([aUse({ minute }), aUse({ minute: minute + 5 })]));
  }
  const detector = new Told(DEFAULT_DETECTION);
  await learnHistory({ detector, store, newestMs: NEWEST_MS, logger: silentLogger });
  return detector;
}

describe("detailBegin", () => {
  it("is the begin of history while that is small", () => {
    expect(detailBegin(BEGIN_MS, NEWEST_MS, 60_000)).toBe(BEGIN_MS);
    expect(detailBegin(BEGIN_MS, NEWEST_MS, 0)).toBe(BEGIN_MS);
  });

  it("is a midnight that leaves about as many sums as are worth their time", () => {
    const days = (NEWEST_MS - detailBegin(BEGIN_MS, NEWEST_MS, 200_000)) / DAY_MS;

    expect(days).toBeGreaterThan(13);
    expect(days).toBeLessThanOrEqual(14);
    expect(detailBegin(BEGIN_MS, NEWEST_MS, 200_000) % DAY_MS).toBe(0);
  });

  it("leaves a week, however many there are", () => {
    const days = (NEWEST_MS - detailBegin(BEGIN_MS, NEWEST_MS, 1e9)) / DAY_MS;

    expect(days).toBeGreaterThan(6);
    expect(days).toBeLessThanOrEqual(7);
  });
});

describe("learnHistory", () => {
  it("reads all of a small history by five minutes", async () => {
    const { hours, steps } = await learnt(new MemoryIncidentStore());

    expect(hours).toEqual([]);
    expect(steps).toHaveLength(2 * 35);
  });

  it("reads the older weeks of a large one by the hour, and no minute twice", async () => {
    const { hours, steps, tree } = await learnt(new LargeStore());

    expect(steps).toHaveLength(2 * 7);
    expect(hours).toHaveLength(35 - 7);
    expect(Math.max(...hours)).toBeLessThan(Math.min(...steps));
    expect(tree.organisation.ageDays(NEWEST_MS / 60_000)).toBeGreaterThan(34);
  });

  it("takes a store in which nothing is for the begin", async () => {
    const detector = new Told(DEFAULT_DETECTION);
    const store = new MemoryIncidentStore();

    expect(await learnHistory({ detector, store, newestMs: -1, logger: silentLogger })).toEqual([]);
    expect([detector.hours, detector.steps]).toEqual([[], []]);
  });
});

import type { Contributor, Incident } from "../../src/detect/incident.ts";
import type { ChartPoint, LiveSnapshot, TeamNow } from "../../src/detect/live.ts";
import type { FeedSnapshot, FeedView, HealthPart, HealthView } from "../../src/server/views.ts";
import type { ServiceState } from "../../src/runtime/service.ts";

const FIVE_MINUTES_MS = 300_000;
/** The event time that the builders agree on: an afternoon. */
export const AFTERNOON_MS = Date.UTC(2026, 9, 30, 14, 42, 10);

export function aTeamNow(team: Partial<TeamNow> = {}): TeamNow {
  return {
    department: "engineering",
    team: "search",
    actualUsdLastHour: 41.5,
    expectedUsdLastHour: 38.2,
    actualUsdToday: 402.1,
    expectedUsdToday: 390.4,
    smallestIncidentUsd: 61.5,
    incidentId: null,
    ...team,
  };
}

/** A day in five-minute steps: quiet at night, busy at work; `spikeFrom` is the step at which `spikeUsd` is added. */
export function aDayChart(
  options: { usdPerStep?: number; spikeFrom?: number; spikeUsd?: number; endMs?: number } = {},
): ChartPoint[] {
  const { usdPerStep = 40, spikeFrom = 288, spikeUsd = 0, endMs = AFTERNOON_MS } = options;
  const lastMs = Math.floor(endMs / FIVE_MINUTES_MS) * FIVE_MINUTES_MS;
  return Array.from({ length: 288 }, (_, step) => {
    const startMs = lastMs - (287 - step) * FIVE_MINUTES_MS;
    const hour = (startMs % 86_400_000) / 3_600_000;
    const expectedUsd = usdPerStep * (0.15 + Math.exp(-(((hour - 14) / 4.5) ** 2)));
    const noise = 1 + 0.12 * Math.sin(step * 1.7) + 0.07 * Math.sin(step * 0.61 + 2);
    const spike = step >= spikeFrom ? spikeUsd : 0;
    return { startMs, actualUsd: expectedUsd * noise + spike, expectedUsd };
  });
}

export function aContributor(contributor: Partial<Contributor> = {}): Contributor {
  return {
    dimension: "user",
    value: "ines.moreau",
    share: 0.93,
    actualUsd: 391.2,
    expectedUsd: 9.4,
    ...contributor,
  };
}

/** An agent that ran away three quarters of an hour ago. */
export function anIncident(incident: Partial<Incident> = {}): Incident {
  const openedAtMs = AFTERNOON_MS - 42 * 60_000;
  return {
    id: "inc-20261030-search-7f3a",
    revision: 4,
    kind: "spike",
    severity: "page",
    state: "open",
    scope: { department: "engineering", team: "search", user: "ines.moreau" },
    openedAtMs,
    pagedAtMs: openedAtMs,
    updatedAtMs: AFTERNOON_MS - 20_000,
    resolvedAtMs: null,
    windowMs: FIVE_MINUTES_MS,
    expectedUsd: 38.4,
    actualUsd: 449.3,
    excessUsd: 410.9,
    actualUsdPerHour: 588.2,
    expectedUsdPerHour: 51.6,
    excessUsdNext24h: 12_878.4,
    score: 14.2,
    bar: 5,
    contributors: [
      aContributor(),
      aContributor({ value: "tom.becker", share: 0.04, actualUsd: 24.9, expectedUsd: 8.1 }),
      aContributor({ value: "__rest__", share: 0.03, actualUsd: 33.2, expectedUsd: 20.9 }),
      aContributor({
        dimension: "model",
        value: "claude-opus-4-8",
        share: 0.97,
        actualUsd: 420,
        expectedUsd: 21.4,
      }),
      aContributor({
        dimension: "model",
        value: "__rest__",
        share: 0.03,
        actualUsd: 29.3,
        expectedUsd: 17,
      }),
      aContributor({
        dimension: "tool",
        value: "claude-code",
        share: 1,
        actualUsd: 441,
        expectedUsd: 30.1,
      }),
    ],
    factors: [
      { factor: "requests_per_active_user", ratio: 9.1, share: 0.88 },
      { factor: "tokens_per_request", ratio: 1.4, share: 0.13 },
      { factor: "price_per_token", ratio: 1.02, share: 0.01 },
      { factor: "active_users", ratio: 0.96, share: -0.02 },
    ],
    acknowledgedBy: null,
    mutedUntilMs: null,
    chart: aDayChart({ usdPerStep: 3.8, spikeFrom: 279, spikeUsd: 46 }),
    ...incident,
  };
}

export function aLiveSnapshot(snapshot: Partial<LiveSnapshot> = {}): LiveSnapshot {
  return {
    eventTimeMs: AFTERNOON_MS,
    teams: [aTeamNow()],
    incidents: [],
    chart: aDayChart(),
    ...snapshot,
  };
}

export function aFeedSnapshot(feed: Partial<FeedSnapshot> = {}): FeedSnapshot {
  return {
    records: 318_402,
    accepted: 317_986,
    duplicates: 391,
    ignored: 0,
    rejectedByReason: new Map([
      ["not_json", 17],
      ["time_in_future", 8],
    ]),
    unpricedByModel: new Map([["inhouse-7b", 48_210]]),
    lagRecords: 12,
    lastFetchMs: AFTERNOON_MS,
    lastFlushMs: AFTERNOON_MS - 1800,
    analystUrl: "http://127.0.0.1:8123/?user=reader",
    ...feed,
  };
}

/** Views that a test changes while the server runs. */
export class FakeViews {
  live: LiveSnapshot = aLiveSnapshot();
  feed: FeedSnapshot = aFeedSnapshot();
  state: ServiceState = "running";
  parts: HealthPart[] = [
    { name: "store", ok: true, detail: "embedded engine answers" },
    { name: "source", ok: true, detail: "6 partitions of token-usage" },
    { name: "detector", ok: true, detail: "1,204 series" },
  ];

  readonly liveView = { snapshot: (): LiveSnapshot => this.live };
  readonly feedView: FeedView = { snapshot: () => this.feed };
  readonly healthView: HealthView = { state: () => this.state, parts: () => this.parts };
}

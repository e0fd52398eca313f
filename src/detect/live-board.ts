import { chartOf } from "./incident-chart.ts";
import { expectedStepUsd, expectWindowUsd } from "./expectation.ts";
import type { Incident } from "./incident.ts";
import type { LiveSnapshot, LiveView, TeamNow } from "./live.ts";
import type { SeriesNode } from "./series-node.ts";
import type { SpendDetector } from "./spend-detector.ts";

/** What the page shows, read off the detector's state. */
export class LiveBoard implements LiveView {
  readonly #detector: SpendDetector;

  constructor(detector: SpendDetector) {
    this.#detector = detector;
  }

  snapshot(): LiveSnapshot {
    const { tree, minute, newestMs, incidents } = this.#detector;
    if (minute < 0) return { eventTimeMs: null, teams: [], incidents: [], chart: [] };
    const teams = tree.nodes
      .filter((node) => node.level === "team")
      .map((node) => ({
        ...teamNow(node, minute, incidents),
        smallestIncidentUsd: this.#detector.smallestIncidentUsd(node),
      }))
      .sort((a, b) => b.actualUsdLastHour - a.actualUsdLastHour);
    const order = [...incidents].sort((a, b) => rank(a) - rank(b) || b.openedAtMs - a.openedAtMs);
    return {
      eventTimeMs: newestMs,
      teams,
      incidents: order,
      chart: chartOf(tree.organisation, minute),
    };
  }
}

function rank(incident: Incident): number {
  return incident.state === "resolved" ? 1 : 0;
}

function teamNow(
  node: SeriesNode,
  minute: number,
  incidents: readonly Incident[],
): Omit<TeamNow, "smallestIncidentUsd"> {
  const midnightStep = Math.floor(minute / 1440) * 288;
  const step = Math.floor(minute / 5);
  let expectedUsdToday = 0;
  for (let one = midnightStep; one <= step; one++) expectedUsdToday += expectedStepUsd(node, one);
  const { department = "", team = "" } = node.scope;
  const incident = incidents.find(
    ({ state, scope }) =>
      state !== "resolved" && scope.team === team && scope.department === department,
  );
  return {
    department,
    team,
    actualUsdLastHour: node.usd(minute, 60),
    expectedUsdLastHour: expectWindowUsd(node, minute, 60),
    actualUsdToday: node.chartUsd(midnightStep, step),
    expectedUsdToday,
    incidentId: incident?.id ?? null,
  };
}

import { expectedStepUsd } from "./expectation.ts";
import type { Incident } from "./incident.ts";
import type { SeriesNode } from "./series-node.ts";

const DAY_STEPS = 288;

/** The chart a minute later: within a step only its last point has moved; late events show with the next step. */
export function chartNow(
  before: Incident["chart"],
  node: SeriesNode,
  minute: number,
): Incident["chart"] {
  const step = Math.floor(minute / 5);
  if (before.at(-1)?.startMs !== step * 300_000) return chartOf(node, minute);
  return before.with(-1, pointAt(node, step));
}

function pointAt(node: SeriesNode, step: number): Incident["chart"][number] {
  return {
    startMs: step * 300_000,
    actualUsd: node.chartUsd(step),
    expectedUsd: expectedStepUsd(node, step),
  };
}

/** The last day in five-minute steps. */
export function chartOf(node: SeriesNode, minute: number): Incident["chart"] {
  const last = Math.floor(minute / 5);
  return Array.from({ length: DAY_STEPS }, (_, index) =>
    pointAt(node, last - DAY_STEPS + 1 + index),
  );
}

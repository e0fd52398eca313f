import { EXPLAINS, hasRisen, TAKEN_IN_TURN } from "./attribution.ts";
import { REST } from "./contributors.ts";
import type { Contributor, Level, Scope } from "./incident.ts";
import type { SeriesNode } from "./series-node.ts";

/** The whole path down to what explains the excess: the node's own, then its key, agent, model and tool where one holds 70 %. */
export function scopeOf(node: SeriesNode, contributors: readonly Contributor[]): Scope {
  const scope: Record<string, string> = { ...node.scope };
  for (const one of contributors) {
    const { dimension, value, share } = one;
    if (!isPlace(node, dimension)) continue;
    if (value === REST || value === "unknown" || share < EXPLAINS) continue;
    if (node.level !== "user" && isAsUsual(one, contributors)) continue;
    // What many people call is not one person's, whoever called it most.
    if (dimension === "user" && SHARED.includes(node.level)) continue;
    scope[dimension] ??= value;
  }
  return scope;
}

/** What is narrowed down to is a series, and a session is none; what the organisation is told of is no one team's, whichever of them spends most. */
function isPlace({ level }: SeriesNode, dimension: Contributor["dimension"]): boolean {
  return dimension !== "session" && (dimension !== "team" || level !== "organisation");
}
const SHARED: readonly Level[] = ["model", "tool"];

/** Whether a team's main tool or model holds not much more of the excess than of everything, or the others have risen as well: it explains nothing. */
function isAsUsual(one: Contributor, all: readonly Contributor[]): boolean {
  const { dimension, share, actualUsd, expectedUsd } = one;
  const of = all.filter((other) => other.dimension === dimension);
  const whole = of.reduce((sum, other) => sum + other.expectedUsd, 0);
  if (whole > 0 && expectedUsd >= USUAL_SHARE * share * whole) return true;
  if (!TAKEN_IN_TURN.has(dimension)) return false;
  const restUsd = of.reduce((sum, other) => sum + other.actualUsd, 0) - actualUsd;
  return hasRisen(restUsd, whole - expectedUsd, whole);
}
const USUAL_SHARE = 0.4;

import type { Verdict } from "./detector.ts";
import type { Episode } from "./episode.ts";
import { explainedBy } from "./explained.ts";
import { REST } from "./contributors.ts";
import type { SeriesNode } from "./series-node.ts";

/** Most of what is found, or of what an incident has cost. */
const MOST = 0.5;

/** A page, and how long ago its incident still burnt. */
interface Found {
  readonly node: SeriesNode;
  readonly minute: number;
  readonly verdict: Verdict;
}

/**
 * Whether a page is about the person whom an earlier page turned out to be about: whose agent works every night is found at their team or their tool on the one
 * and at themselves on the next, and it is one thing to stop.
 */
export function isNextNight(before: Episode, { node, minute, verdict }: Found): boolean {
  const { incident } = before;
  if (before.open || incident.severity !== "page" || verdict.severity !== "page") return false;
  if ((incident.kind === "price") !== (verdict.kind === "price")) return false;
  const person = personOf(before);
  if (person === undefined || verdict.excessUsd <= 0) return false;
  if (node === person) return true;
  const at = { minute, window: verdict.windowMinutes, basis: verdict.basis };
  return explainedBy(person, node, at) >= MOST * verdict.excessUsd;
}

/** Whom an incident is about: by its scope, or by who carries most of it. */
function personOf({ base, incident }: Episode): SeriesNode | undefined {
  if (base.level === "user") return base;
  const team = base.level === "team" ? base : base.parent;
  if (team?.level !== "team") return undefined;
  const { scope, contributors } = incident;
  const most = contributors.find(
    ({ dimension, value, share }) => dimension === "user" && value !== REST && share >= MOST,
  );
  return team.children("user").get(scope.user ?? most?.value ?? "");
}

import { excessOf } from "./attribution.ts";
import { REST } from "./contributors.ts";
import type { Verdict } from "./detector.ts";
import type { Episode } from "./episode.ts";
import { explainedBy } from "./explained.ts";
import type { SeriesNode } from "./series-node.ts";

/** Most of what is found, or of what an incident has cost. */
const MOST = 0.5;

/** A page that would be a new incident. */
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
  const { base, incident } = before;
  if (before.open || incident.severity !== "page" || verdict.severity !== "page") return false;
  if ((incident.kind === "price") !== (verdict.kind === "price")) return false;
  const person = personOf(before);
  if (person === undefined || verdict.excessUsd <= 0) return false;
  // What a rate makes of somebody's dollars is no part of what it makes of their team's.
  const basis = verdict.basis === "price" ? "price" : "profile";
  const at = { minute, window: verdict.windowMinutes, basis } as const;
  const least = MOST * verdict.excessUsd;
  // It goes on under its old name, so it must burn there.
  if (base !== person && base !== node && excessOf(base, at) < least) return false;
  return node === person || explainedBy(person, node, at) >= least;
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

import type { Track } from "../detect/episode.ts";
import type { Incident, Scope } from "../detect/incident.ts";
import type { Explained } from "./explain-sql.ts";

/** An incident as a document holds it, and what it holds beside that. */
export type StoredIncident = Incident & {
  readonly track?: Track | null;
  /** Why it was opened: names and values as detection keeps them. */
  readonly decision?: Readonly<Record<string, unknown>> | null;
};

/** Why an incident was opened, by what is stored of it: snake case, flat, in order of importance. */
export type Decision = ReadonlyMap<string, string | number | boolean>;

/** What people ask first; whatever else a decision holds follows. */
const ORDER = [
  "rule",
  "kind",
  "statistic",
  "factor",
  "window_minutes",
  "actual_usd",
  "expected_usd",
  "excess_usd",
  "actual",
  "expected",
  "spread",
  "spread_usd",
  "samples",
  "score",
  "bar",
  "gate_usd",
  "minimum_usd",
];

/** The opening decision. Of an incident that was stored without one, what its first revision says. */
export function decisionOf(first: StoredIncident): Decision {
  const known = new Map<string, string | number | boolean>([
    ["kind", first.kind],
    ["window_minutes", first.windowMs / 60_000],
    ["score", first.score],
    ["bar", first.bar],
    // Later revisions sum up the episode, not the window.
    ...(first.revision === 1 ? openingDollars(first) : []),
  ]);
  flatten(first.decision ?? {}, "", known);
  const place = (name: string): number => {
    const index = ORDER.indexOf(name);
    return index < 0 ? ORDER.length : index;
  };
  return new Map([...known].sort(([a], [b]) => place(a) - place(b)));
}

function openingDollars(first: StoredIncident): [string, number][] {
  return [
    ["actual_usd", first.actualUsd],
    ["expected_usd", first.expectedUsd],
    ["excess_usd", first.excessUsd],
  ];
}

function flatten(
  value: Readonly<Record<string, unknown>>,
  prefix: string,
  into: Map<string, string | number | boolean>,
): void {
  for (const [key, one] of Object.entries(value)) {
    const name = prefix + key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    if (typeof one === "object" && one !== null) flatten({ ...one }, `${name}.`, into);
    else if (typeof one === "string" || typeof one === "number" || typeof one === "boolean") {
      into.set(name, one);
    }
  }
}

/** The minutes and the series that were judged. */
export function explainedOf(first: StoredIncident, decision: Decision): Explained {
  const minute = numberOf(decision.get("minute")) ?? Math.floor(first.openedAtMs / 60_000);
  const minutes = numberOf(decision.get("window_minutes")) ?? first.windowMs / 60_000;
  const timezone = decision.get("timezone");
  return {
    fromMinute: minute - minutes + 1,
    toMinute: minute + 1,
    path: pathOf(first),
    timezone: typeof timezone === "string" ? timezone : "UTC",
  };
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** The series that was judged; the incident's scope may be told narrower than that. */
function pathOf({ track, scope }: StoredIncident): Scope {
  if (track === undefined || track === null) return scope;
  return Object.fromEntries(track.path.map(({ level, name }) => [level, name]));
}

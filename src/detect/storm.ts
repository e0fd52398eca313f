import type { Verdict } from "./detector.ts";
import { barOf } from "./evidence.ts";
import { isAncestor } from "./explained.ts";
import { PERSONAL, type Incident } from "./incident.ts";
import type { SeriesNode } from "./series-node.ts";
import type { SeriesTree } from "./series-tree.ts";

/** A team is in a storm from so many standard deviations over its usual day on; so many teams make one, and so large a part of those at work. */
const STORM_HEAT = 2.5;
const STORM_TEAMS = 3;
const STORM_SHARE = 0.3;
/** Beside a group that is paged about, less heat of fewer others says the same: on ordinary minutes three teams in a hundred are so far. */
const BESIDE_HEAT = 0.7;
const BESIDE_TEAMS = 2;
const BESIDE_SHARE = 0.2;
const AT_WORK_MINUTES = 60;

/** When a finding is judged, and whether it is about one person by that person's own bar: `isOfOne`. */
export interface Weather {
  readonly minute: number;
  readonly isOfOne: boolean;
}

/** The organisation, where many teams are far beyond their usual hour at once: a storm over many teams is one incident. Else the node. */
export function stormAround(
  { organisation, teams }: SeriesTree,
  node: SeriesNode,
  at: Weather,
  isExplained: (team: SeriesNode) => boolean,
): SeriesNode {
  if (node === organisation) return node;
  const atWork = teams.filter(({ lastMinute }) => at.minute - lastMinute < AT_WORK_MINUTES);
  const hot = atWork.filter((team) => team.heat >= BESIDE_HEAT && !isExplained(team));
  const stormy = hot.filter(({ heat }) => heat >= STORM_HEAT).length;
  if (stormy >= Math.max(STORM_TEAMS, STORM_SHARE * atWork.length)) return organisation;
  if (at.isOfOne) return node;
  const own = placeOf(node);
  const beside = hot.filter((team) => team !== own && !isAncestor(own, team)).length;
  return beside >= Math.max(BESIDE_TEAMS, BESIDE_SHARE * atWork.length) ? organisation : node;
}

/** Pages elsewhere that are so recent are of the same storm, unless so many come together by chance more often than this. */
export const BESIDE_MINUTES = 15;
const CHANCE = 0.02;
/** Minutes of work in a quarter, in which a team has about a page by chance. */
const QUARTER_MINUTES = 91 * 600;

/**
 * Whether a page is about what one person or key does: somebody new, or who went over a bar of their own. What a small team finds is soon one person's by its
 * dollars, and still the team's.
 */
export function isOfOne(node: SeriesNode, { kind, bar }: Pick<Verdict, "kind" | "bar">): boolean {
  return PERSONAL.includes(node.level) && (kind === "new" || bar >= barOf(node) - ROUNDING);
}
/** A bar that was stored and read again is about the same. */
const ROUNDING = 1e-9;

/** What an incident was opened by. */
export function barPassed({ kind, decision }: Incident): Pick<Verdict, "kind" | "bar"> {
  return { kind, bar: decision?.bar ?? Infinity };
}

/**
 * Whether pages about `beside` other teams or departments in the last quarter of an hour and one more are too many to be chance: one other in a company of
 * seventy teams, two in one of seven hundred (Poisson). What is of one person is not asked about: people run agents in any weather, and each has to be stopped.
 */
export function isNoCoincidence({ teams }: SeriesTree, beside: number): boolean {
  const expected = (teams.length * BESIDE_MINUTES) / QUARTER_MINUTES;
  let chance = 1;
  for (let count = 1; count <= beside; count++) chance *= expected / count;
  return beside > 0 && chance <= CHANCE;
}

/** The team or department that an incident is in. */
export function placeOf(node: SeriesNode): SeriesNode {
  return node.parent?.level === "team" ? node.parent : node;
}

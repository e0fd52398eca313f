import { PERSONAL } from "./incident.ts";
import type { SeriesNode } from "./series-node.ts";
import type { SeriesTree } from "./series-tree.ts";

/** A team is in a storm from so many standard deviations over its usual day on; so many teams make one, and so large a part of those at work. */
const STORM_HEAT = 2.5;
const STORM_TEAMS = 3;
const STORM_SHARE = 0.3;
const AT_WORK_MINUTES = 60;

/** The organisation, where many teams are far beyond their usual hour at once: a storm over many teams is one incident. Else the node. */
export function stormAround(
  { organisation, teams }: SeriesTree,
  node: SeriesNode,
  minute: number,
  isExplained: (team: SeriesNode) => boolean,
): SeriesNode {
  if (node === organisation) return node;
  const atWork = teams.filter(({ lastMinute }) => minute - lastMinute < AT_WORK_MINUTES);
  const hot = atWork.filter((team) => team.heat >= STORM_HEAT && !isExplained(team)).length;
  return hot >= Math.max(STORM_TEAMS, STORM_SHARE * atWork.length) ? organisation : node;
}

/** Pages elsewhere that are so recent are of the same storm, unless so many come together by chance more often than this. */
export const BESIDE_MINUTES = 15;
const CHANCE = 0.02;
/** Minutes of work in a quarter, in which a team has about a page by chance. */
const QUARTER_MINUTES = 91 * 600;

/**
 * Whether pages about `beside` other teams or departments in the last quarter of an hour and one about this node are too many to be chance: one other in a company
 * of seventy teams, two in one of seven hundred (Poisson). About a person it takes one more: people run agents in any weather.
 */
export function isNoCoincidence(
  { teams }: SeriesTree,
  { level }: SeriesNode,
  beside: number,
): boolean {
  const expected = (teams.length * BESIDE_MINUTES) / QUARTER_MINUTES;
  const others = beside - Number(PERSONAL.includes(level));
  let chance = 1;
  for (let count = 1; count <= others; count++) chance *= expected / count;
  return others > 0 && chance <= CHANCE;
}

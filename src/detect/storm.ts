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

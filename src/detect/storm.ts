import type { Verdict } from "./detector.ts";
import { barOf } from "./evidence.ts";
import { isAncestor } from "./explained.ts";
import { HOUR } from "./hour-log.ts";
import { PERSONAL, type Incident } from "./incident.ts";
import type { SeriesNode } from "./series-node.ts";
import type { SeriesTree } from "./series-tree.ts";
import { COLUMN } from "./statistics.ts";

/** A team is in a storm from so many standard deviations over its usual day on; so many teams make one, and so large a part of those at work. */
const STORM_HEAT = 2.5;
const STORM_TEAMS = 3;
const STORM_SHARE = 0.3;
const AT_WORK_MINUTES = 60;
/**
 * Beside a group that is paged about, less of the others says the same: that they have risen together, and so large a part of them each by themselves.
 * `noise` is added to both sides. Beside 98 ordinary pages of groups (tuning seeds 1 to 16) three times.
 */
const TOGETHER = [
  { column: COLUMN.loads, hour: HOUR.loads, minutes: 15, noise: 1, all: 1.65, each: 1.5 },
  { column: COLUMN.requests, hour: HOUR.requests, minutes: 5, noise: 10, all: 2.2, each: 1.8 },
] as const;
const TOGETHER_TEAMS = 2;
const LEAST_BESIDE = 3;

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
  const free = atWork.filter((team) => !isExplained(team));
  const stormy = free.filter(({ heat }) => heat >= STORM_HEAT).length;
  if (stormy >= Math.max(STORM_TEAMS, STORM_SHARE * atWork.length)) return organisation;
  if (at.isOfOne) return node;
  const own = placeOf(node);
  const beside = free.filter((team) => team !== own && !isAncestor(own, team));
  return haveRisen(beside, at.minute) ? organisation : node;
}

/** Whether teams do more than expected of these minutes: all together, and enough of them each by themselves. */
function haveRisen(teams: readonly SeriesNode[], minute: number): boolean {
  if (teams.length < LEAST_BESIDE) return false;
  const least = Math.max(TOGETHER_TEAMS, STORM_SHARE * teams.length);
  return TOGETHER.some(({ column, hour, minutes, noise, all, each }) => {
    let [actual, expected, count] = [noise, noise, 0];
    for (const team of teams) {
      const own = team.sum(column, minute, minutes);
      const usual = team.expectedWindow(hour, minute, minutes);
      actual += own;
      expected += usual;
      if (own + noise >= each * (usual + noise)) count++;
    }
    return count >= least && actual >= all * expected;
  });
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

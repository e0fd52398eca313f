import { expectWindowUsd } from "./expectation.ts";
import type { Contributor, Level } from "./incident.ts";
import { MEMBER_DIMENSIONS, MEMBER_WINDOW, type MemberDimension } from "./members.ts";
import type { SeriesNode, WindowMinutes } from "./series-node.ts";
import { STEP_MINUTES } from "./rings.ts";
import { COLUMN, isGroup } from "./statistics.ts";
import { weeksPart } from "./weekly-rise.ts";

/** The lowest node that holds this share of the excess gets the incident. */
export const EXPLAINS = 0.7;
const HOUR_MINUTES = 60;

/** What spend is compared with: the profile, what its users' activity, requests or tokens usually come to, or (a week of a group) the weeks before. */
export type Basis = "profile" | "requests" | "tokens" | "price" | "weeks";

/** A window of event time: (minute − window, minute]. */
export interface At {
  readonly minute: number;
  readonly window: WindowMinutes;
  /** Default: the profile. */
  readonly basis?: Basis;
}

type ChildLevel = Exclude<Contributor["dimension"], "session">;

/** What a group consists of. */
export const CHILD_LEVELS: Readonly<Partial<Record<Level, readonly ChildLevel[]>>> = {
  organisation: ["department"],
  department: ["team"],
  team: ["user", "key", "agent", "model", "tool"],
};

/**
 * Follows the excess down the tree as long as one child holds 70 % of it: organisation → department → team → user, and for
 * a team where no single user does, to the key, agent, model or tool that does.
 */
export function narrow(node: SeriesNode, at: At): SeriesNode {
  const excess = excessOf(node, at);
  if (excess <= 0) return node;
  for (const dimension of CHILD_LEVELS[node.level] ?? []) {
    for (const child of node.children(dimension).values()) {
      if (!hasBasis(child, at) || isWhole(child, at)) continue;
      if (excessOf(child, at) < EXPLAINS * excess || !standsOut(child, node, at)) continue;
      return narrow(child, at);
    }
  }
  return userOf(node, at, excess) ?? node;
}

/** `narrow` in the shortest window that holds a good part of the excess: there what is ordinary hides least. */
export function narrowSharply(node: SeriesNode, at: At): SeriesNode {
  const whole = excessOf(node, at);
  for (const window of SHARP_WINDOWS) {
    if (window >= at.window) break;
    const sharp = { ...at, window };
    if (excessOf(node, sharp) < SHARP_SHARE * whole) continue;
    const base = narrow(node, sharp);
    if (base !== node) return base;
  }
  return narrow(node, at);
}
const SHARP_WINDOWS: readonly WindowMinutes[] = [5, 15, 60, 360];
const SHARP_SHARE = 0.5;

/** A tool that all of a team works with explains nothing, whatever it holds; nor does a model or an agent where all rises. */
function isWhole(child: SeriesNode, { minute, window }: At): boolean {
  const { level, parent } = child;
  if (level === "user" || parent?.level !== "team") return false;
  if (isUsuallyMost(child, { minute, window })) return true;
  if (!TAKEN_IN_TURN.has(level)) return false;
  const expected = expectWindowUsd(child, minute, window);
  const whole = expectWindowUsd(parent, minute, window);
  const rest = parent.usd(minute, window) - child.usd(minute, window);
  return hasRisen(rest, Math.max(0, whole - expected), whole);
}

/** Whether most of what is expected of a window of the parent's is expected of the child. */
export function isUsuallyMost(child: SeriesNode, { minute, window }: At): boolean {
  const { parent } = child;
  const expected = expectWindowUsd(child, minute, window);
  return (
    expected > 0 &&
    (parent === null || expected >= EXPLAINS * expectWindowUsd(parent, minute, window))
  );
}

/** Whether what a part of a group is not has risen by itself; `whole`: dollars that are expected of the group. */
export function hasRisen(restUsd: number, expectedUsd: number, whole: number): boolean {
  const noise = Math.max(NOISE_USD, NOISE_SHARE * whole);
  return restUsd + noise >= RISEN * (expectedUsd + noise);
}

/** People take models and agents by turns: of a few dear sessions one that is in use at all holds the most by chance. */
export const TAKEN_IN_TURN: ReadonlySet<Level | "session"> = new Set(["model", "agent"]);
const RISEN = 1.5;

/** Whether what a child is not has risen much less than the child, or holds hardly any of the excess: where all rises, its largest part is not what happened. */
export function standsOut(child: SeriesNode, node: SeriesNode, at: At): boolean {
  const expected = expectedUsd(node, at);
  const own = expectedUsd(child, at);
  const actual = child.usd(at.minute, at.window);
  const whole = node.usd(at.minute, at.window);
  const rest = whole - actual;
  const restExpected = Math.max(0, expected - own);
  if (rest - restExpected < REST_SHARE * (whole - expected)) return true;
  const noise = Math.max(NOISE_USD, NOISE_SHARE * expected);
  const rise = (actual + noise) / (own + noise) - 1;
  return (rest + noise) / (restExpected + noise) - 1 <= REST_RISE * rise;
}
const REST_SHARE = 0.15;
const NOISE_USD = 0.5;
const NOISE_SHARE = 0.05;
const REST_RISE = 0.35;

/** Models and tools have no users of their own: what is usual for them nobody knows. */
function hasBasis(node: SeriesNode, { basis = "profile" }: At): boolean {
  if (basis === "weeks") return isGroup(node.level);
  return basis === "profile" || BASED.includes(node.level);
}

const BASED: readonly Level[] = ["organisation", "department", "team", "user"];

/** Dollars that are expected of a window, by its basis. Of a single user the price alone is kept apart. */
export function expectedUsd(node: SeriesNode, at: At): number {
  const { minute, window, basis = "profile" } = at;
  if (!hasBasis(node, at) || basis === "profile") return expectWindowUsd(node, minute, window);
  if (basis === "weeks") {
    return node.usd(minute, window) * weeksPart(node, Math.floor(minute / 60) - 1);
  }
  if (basis === "price" || node.level === "user") return node.sum(COLUMN.usualUsd, minute, window);
  const [actual, usual] =
    basis === "tokens"
      ? [COLUMN.tokens, COLUMN.usualTokens]
      : [COLUMN.requests, COLUMN.usualRequests];
  const held = node.sum(actual, minute, window);
  return held === 0 ? 0 : (node.usd(minute, window) * node.sum(usual, minute, window)) / held;
}

/** A key, agent, model or tool whose excess is one user's: that user. */
function userOf(node: SeriesNode, at: At, excess: number): SeriesNode | null {
  const dimension = memberDimension(node.level);
  if (dimension === null || node.parent === null) return null;
  for (const user of node.parent.children("user").values()) {
    const actual = memberUsd(user, dimension, node.name, at);
    const part = actual - expectedMember(user, dimension, node.name, at);
    if (part >= EXPLAINS * excess) return user;
  }
  return null;
}

/** A member is expected to spend its past share of what its user is expected to spend. */
export function expectedMember(
  user: SeriesNode,
  dimension: MemberDimension,
  value: string,
  at: At,
): number {
  const share = user.members?.share(dimension, value) ?? 0;
  return share === 0 ? 0 : share * expectedUsd(user, at);
}

/** Dollars a member of a user spent in a window: its part of the steps that the window touches, of one of more than six hours of the last six. */
export function memberUsd(
  user: SeriesNode,
  dimension: MemberDimension,
  value: string,
  at: At,
): number {
  const { members } = user;
  if (members === null) return 0;
  // Of less than an hour the user has minutes, a member steps: one more, so that they hold the whole window.
  const more = at.window <= HOUR_MINUTES ? STEP_MINUTES : 0;
  const lately = { minute: at.minute, window: Math.min(at.window, MEMBER_WINDOW) + more };
  const whole = user.sumOfSteps(COLUMN.usd, lately.minute, lately.window);
  const part = members.usd(dimension, value, lately);
  return whole === 0 ? 0 : (part / whole) * user.usd(at.minute, at.window);
}

/** Dollars over expectation in the window; negative where less was spent. */
export function excessOf(node: SeriesNode, at: At): number {
  return node.usd(at.minute, at.window) - expectedUsd(node, at);
}

export function memberDimension(level: Level): MemberDimension | null {
  return MEMBER_DIMENSIONS.find((dimension) => dimension === level) ?? null;
}

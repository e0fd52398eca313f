import { expectWindowUsd } from "./expectation.ts";
import type { Contributor, Level } from "./incident.ts";
import { MEMBER_DIMENSIONS, MEMBER_WINDOW, type MemberDimension } from "./members.ts";
import type { SeriesNode, WindowMinutes } from "./series-node.ts";
import { STEP_MINUTES } from "./rings.ts";
import { sessionParts } from "./session-parts.ts";
import { COLUMN } from "./statistics.ts";

/** The lowest node that holds this share of the excess gets the incident. */
export const EXPLAINS = 0.7;
const LISTED = 5;
const HOUR_MINUTES = 60;
const MIN_SHARE = 0.01;
/** Sessions are told where one of them holds this share of the excess: many small ones say nothing. */
const SESSION_SHARE = 0.4;
export const REST = "__rest__";

/** What spend is compared with: the profile, or what its users' activity, requests or tokens usually come to. */
export type Basis = "profile" | "requests" | "tokens" | "price";

/** A window of event time: (minute − window, minute]. */
export interface At {
  readonly minute: number;
  readonly window: WindowMinutes;
  /** Default: the profile. */
  readonly basis?: Basis;
}
/** Somebody's dollars in a window, and what was expected of them. */
export interface Part {
  readonly value: string;
  readonly actualUsd: number;
  readonly expectedUsd: number;
}
type ContributorDimension = Contributor["dimension"];
type ChildLevel = Exclude<ContributorDimension, "session">;

const CHILD_LEVELS: Readonly<Partial<Record<Level, readonly ChildLevel[]>>> = {
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
  return basis === "profile" || BASED.includes(node.level);
}

const BASED: readonly Level[] = ["organisation", "department", "team", "user"];

/** Dollars that are expected of a window, by its basis. Of a single user the price alone is kept apart. */
export function expectedUsd(node: SeriesNode, at: At): number {
  const { minute, window, basis = "profile" } = at;
  if (!hasBasis(node, at) || basis === "profile") return expectWindowUsd(node, minute, window);
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

/** Who and what carries the excess of a window, per dimension; the shares of a dimension add up to 1. */
export function contributorsOf(node: SeriesNode, at: At): Contributor[] {
  const expected = expectedUsd(node, at);
  const actualUsd = node.usd(at.minute, at.window);
  const excess = actualUsd - expected;
  if (excess <= 0) return [];
  const whole = { value: node.name, actualUsd, expectedUsd: expected, excess };
  const others = partsOf(node, at, expected).flatMap(([dimension, parts]) =>
    shares(dimension, parts, whole),
  );
  const sessions = shares("session", sessionParts(node, at, expected), whole);
  const [first] = sessions;
  const isTold = first !== undefined && first.value !== REST && first.share >= SESSION_SHARE;
  return isTold ? [...others, ...sessions] : others;
}

/** What all of them are expected to spend. */
export function sumOf(parts: readonly Part[]): number {
  return parts.reduce((total, one) => total + one.expectedUsd, 0);
}

function partsOf(node: SeriesNode, at: At, expected: number): [ContributorDimension, Part[]][] {
  if (node.level === "user") {
    const parts = MEMBER_DIMENSIONS.map((dimension): [ContributorDimension, Part[]] => [
      dimension,
      memberParts(node, dimension, at),
    ]);
    const own = {
      value: node.name,
      actualUsd: node.usd(at.minute, at.window),
      expectedUsd: expected,
    };
    return [["user", [own]], ...parts];
  }
  const dimension = memberDimension(node.level);
  if (dimension !== null) return [["user", usersOf(node, dimension, at)]];
  return (CHILD_LEVELS[node.level] ?? []).map((level) => [level, childParts(node, level, at)]);
}

/** Children of one level. Their expectations are still to be scaled, so that together they expect what the parent expects. */
export function childParts(node: SeriesNode, level: Level, at: At): Part[] {
  return [...node.children(level).values()].map((child) => ({
    value: child.name,
    actualUsd: child.usd(at.minute, at.window),
    expectedUsd: expectedUsd(child, at),
  }));
}

function memberParts(user: SeriesNode, dimension: MemberDimension, at: At): Part[] {
  return (user.members?.of(dimension) ?? []).map(({ name }) => ({
    value: name,
    actualUsd: memberUsd(user, dimension, name, at),
    expectedUsd: expectedMember(user, dimension, name, at),
  }));
}

function usersOf(node: SeriesNode, dimension: MemberDimension, at: At): Part[] {
  return [...(node.parent ?? node).children("user").values()].map((user) => ({
    value: user.name,
    actualUsd: memberUsd(user, dimension, node.name, at),
    expectedUsd: expectedMember(user, dimension, node.name, at),
  }));
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

function shares(
  dimension: ContributorDimension,
  parts: readonly Part[],
  whole: Part & { readonly excess: number },
): Contributor[] {
  if (parts.length === 0) return [];
  const sum = sumOf(parts);
  // Of sessions only the largest are known: they are no whole that could be scaled.
  const ofAll = sum > 0 ? whole.expectedUsd / sum : 0;
  const scale = dimension === "session" ? 1 : ofAll;
  const all = parts
    .map(({ value, actualUsd, expectedUsd }) => ({
      dimension,
      value,
      share: (actualUsd - expectedUsd * scale) / whole.excess,
      actualUsd,
      expectedUsd: expectedUsd * scale,
    }))
    .sort((a, b) => b.share - a.share);
  const listed = all.slice(0, LISTED).filter(({ share }) => share >= MIN_SHARE);
  return withRest(listed, dimension, whole);
}

/** What is not listed one by one, so that the shares add up. */
function withRest(
  listed: readonly Contributor[],
  dimension: ContributorDimension,
  whole: Part,
): Contributor[] {
  const share = 1 - listed.reduce((sum, one) => sum + one.share, 0);
  if (Math.abs(share) < 1e-9) return [...listed];
  const rest: Contributor = {
    dimension,
    value: REST,
    share,
    actualUsd: whole.actualUsd - listed.reduce((sum, one) => sum + one.actualUsd, 0),
    expectedUsd: whole.expectedUsd - listed.reduce((sum, one) => sum + one.expectedUsd, 0),
  };
  return [...listed, rest];
}

/** Dollars over expectation in the window; negative where less was spent. */
export function excessOf(node: SeriesNode, at: At): number {
  return node.usd(at.minute, at.window) - expectedUsd(node, at);
}

export function memberDimension(level: Level): MemberDimension | null {
  return MEMBER_DIMENSIONS.find((dimension) => dimension === level) ?? null;
}

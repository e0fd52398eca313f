import { busyHour } from "./baseline.ts";
import { expectWindow, expectWindowUsd } from "./expectation.ts";
import type { HourSample } from "./hour-log.ts";
import type { Contributor, FactorChange, Level, Scope } from "./incident.ts";
import { MEMBER_DIMENSIONS, type MemberDimension } from "./members.ts";
import type { SeriesNode, WindowMinutes } from "./series-node.ts";

/** The lowest node that holds this share of the excess gets the incident. */
export const EXPLAINS = 0.7;
const LISTED = 5;
const MIN_SHARE = 0.01;
export const REST = "__rest__";

/** A window of event time: (minute − window, minute]. */
export interface At {
  readonly minute: number;
  readonly window: WindowMinutes;
}
interface Part {
  readonly value: string;
  readonly actualUsd: number;
  readonly expectedUsd: number;
}
type ContributorDimension = Contributor["dimension"];

const CHILD_LEVELS: Readonly<Partial<Record<Level, readonly ContributorDimension[]>>> = {
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
      if (excessOf(child, at) >= EXPLAINS * excess) return narrow(child, at);
    }
  }
  return userOf(node, at, excess) ?? node;
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

/** The whole path down to what explains the excess: the node's own, then its key, agent, model and tool where one holds 70 %. */
export function scopeOf(node: SeriesNode, contributors: readonly Contributor[]): Scope {
  const scope: Record<string, string> = { ...node.scope };
  for (const { dimension, value, share } of contributors) {
    if (value === REST || value === "unknown" || share < EXPLAINS) continue;
    scope[dimension] ??= value;
  }
  return scope;
}

/** Who and what carries the excess of a window, per dimension; the shares of a dimension add up to 1. */
export function contributorsOf(node: SeriesNode, at: At): Contributor[] {
  const expectedUsd = expectWindowUsd(node, at.minute, at.window);
  const actualUsd = node.usd(at.minute, at.window);
  const excess = actualUsd - expectedUsd;
  if (excess <= 0) return [];
  const whole = { value: node.name, actualUsd, expectedUsd };
  return partsOf(node, at, expectedUsd).flatMap(([dimension, parts]) =>
    shares(dimension, parts, { ...whole, excess }),
  );
}

function partsOf(node: SeriesNode, at: At, expectedUsd: number): [ContributorDimension, Part[]][] {
  if (node.level === "user") {
    const parts = MEMBER_DIMENSIONS.map((dimension): [ContributorDimension, Part[]] => [
      dimension,
      memberParts(node, dimension, at),
    ]);
    const own = { value: node.name, actualUsd: node.usd(at.minute, at.window), expectedUsd };
    return [["user", [own]], ...parts];
  }
  const dimension = memberDimension(node.level);
  if (dimension !== null) return [["user", usersOf(node, dimension, at)]];
  return (CHILD_LEVELS[node.level] ?? []).map((level) => [level, childParts(node, level, at)]);
}

/** Children of one level; their expectations are scaled so that together they expect what the parent expects. */
function childParts(node: SeriesNode, level: ContributorDimension, at: At): Part[] {
  return [...node.children(level).values()].map((child) => ({
    value: child.name,
    actualUsd: child.usd(at.minute, at.window),
    expectedUsd: expectWindowUsd(child, at.minute, at.window),
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
  return share === 0 ? 0 : share * expectWindowUsd(user, at.minute, at.window);
}

/** Dollars a member of a user spent in a window. */
export function memberUsd(
  user: SeriesNode,
  dimension: MemberDimension,
  value: string,
  at: At,
): number {
  return user.members?.usd(dimension, value, at) ?? 0;
}

function shares(
  dimension: ContributorDimension,
  parts: readonly Part[],
  whole: Part & { readonly excess: number },
): Contributor[] {
  if (parts.length === 0) return [];
  const sum = parts.reduce((total, one) => total + one.expectedUsd, 0);
  const scale = sum > 0 ? whole.expectedUsd / sum : 0;
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

/**
 * Why dollars rose: ln(dollars) = ln(active users) + ln(requests a user) + ln(tokens a request) + ln(dollars a token), so
 * the factors' parts in the rise add up to 1 exactly. Compared with what is expected of the window, or, where that is nothing (somebody works at
 * an hour they never do), with their usual busy hour. Empty where there is no past at all.
 */
export function factorsOf(node: SeriesNode, at: At): FactorChange[] {
  const actual = node.totals(at.minute, at.window);
  const usual = usualOf(node, at);
  const now = factorValues({ ...actual, activeUsers: Math.max(1, actual.activeUsers) });
  const before = factorValues(node.level === "user" ? { ...usual, activeUsers: 1 } : usual);
  if (now === null || before === null) return [];
  const rise = Math.log(actual.usd / usual.usd);
  if (Math.abs(rise) < 1e-9) return [];
  return now.map(([factor, value], index) => {
    const ratio = value / (before[index]?.[1] ?? 1);
    return { factor, ratio, share: Math.log(ratio) / rise };
  });
}

/** What the window usually holds when there is work at all. */
function usualOf(node: SeriesNode, at: At): HourSample {
  const expected = expectWindow(node, at.minute, at.window);
  if (expected.usd > 0 && expected.requests > 0 && expected.tokens > 0) return expected;
  const hour = busyHour(node.log, Math.floor(at.minute / 60));
  const part = at.window / 60;
  return {
    usd: hour.usd * part,
    requests: hour.requests * part,
    tokens: hour.tokens * part,
    activeUsers: hour.activeUsers,
  };
}

function factorValues(of: HourSample): [FactorChange["factor"], number][] | null {
  if (of.usd <= 0 || of.requests <= 0 || of.tokens <= 0 || of.activeUsers <= 0) return null;
  return [
    ["active_users", of.activeUsers],
    ["requests_per_active_user", of.requests / of.activeUsers],
    ["tokens_per_request", of.tokens / of.requests],
    ["price_per_token", of.usd / of.tokens],
  ];
}

/** Dollars over expectation in the window; negative where less was spent. */
export function excessOf(node: SeriesNode, at: At): number {
  return node.usd(at.minute, at.window) - expectWindowUsd(node, at.minute, at.window);
}

export function memberDimension(level: Level): MemberDimension | null {
  return MEMBER_DIMENSIONS.find((dimension) => dimension === level) ?? null;
}

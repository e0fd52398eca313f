import {
  CHILD_LEVELS,
  expectedMember,
  expectedUsd,
  memberDimension,
  memberUsd,
  type At,
} from "./attribution.ts";
import type { Contributor, Level } from "./incident.ts";
import { MEMBER_DIMENSIONS, type MemberDimension } from "./members.ts";
import type { SeriesNode } from "./series-node.ts";

/** Somebody's dollars in a window, and what was expected of them. */
export interface Part {
  readonly value: string;
  readonly actualUsd: number;
  readonly expectedUsd: number;
}

type Dimension = Contributor["dimension"];

/** What the excess of a series is told by: of the organisation the teams as well, wherever they are. */
const TOLD_LEVELS: typeof CHILD_LEVELS = { ...CHILD_LEVELS, organisation: ["department", "team"] };

/** What all of them are expected to spend. */
export function sumOf(parts: readonly Part[]): number {
  return parts.reduce((total, one) => total + one.expectedUsd, 0);
}

/** What a series is made of, by dimension; `expected`: of the whole. */
export function partsOf(node: SeriesNode, at: At, expected: number): [Dimension, Part[]][] {
  if (node.level === "user") {
    const parts = MEMBER_DIMENSIONS.map((dimension): [Dimension, Part[]] => [
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
  return (TOLD_LEVELS[node.level] ?? []).map((level) => [level, childParts(node, level, at)]);
}

/** Children of one level. Their expectations are still to be scaled, so that together they expect what the parent expects. */
export function childParts(node: SeriesNode, level: Level, at: At): Part[] {
  return childrenOf(node, level).map((child) => ({
    value: child.name,
    actualUsd: child.usd(at.minute, at.window),
    expectedUsd: expectedUsd(child, at),
  }));
}

function childrenOf(node: SeriesNode, level: Level): SeriesNode[] {
  if (node.level !== "organisation" || level !== "team") return [...node.children(level).values()];
  const departments = [...node.children("department").values()];
  return departments.flatMap((department) => [...department.children("team").values()]);
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

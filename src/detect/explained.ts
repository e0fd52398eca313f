import { excessOf, expectedMember, memberDimension, memberUsd, type At } from "./attribution.ts";
import type { SeriesNode } from "./series-node.ts";

/**
 * Dollars of a node's window that an incident at `base` already accounts for: a parent is judged without its child's excess,
 * and the key of a runaway user without what that user sent through it. So one cause pages once.
 */
export function explainedBy(base: SeriesNode, node: SeriesNode, at: At): number {
  if (node === base) return 0;
  if (isAncestor(node, base)) return Math.max(0, excessOf(base, at));
  if (base.parent !== node.parent || node.parent === null) return 0;
  const nodeDimension = memberDimension(node.level);
  if (base.level === "user" && nodeDimension !== null) {
    return memberExcess(base, node, at);
  }
  if (node.level === "user" && memberDimension(base.level) !== null) {
    return memberExcess(node, base, at);
  }
  return 0;
}

/** What `user` spent over expectation through the key, agent, model or tool `other`. */
function memberExcess(user: SeriesNode, other: SeriesNode, at: At): number {
  const dimension = memberDimension(other.level);
  if (dimension === null) return 0;
  const spent = memberUsd(user, dimension, other.name, at);
  return Math.max(0, spent - expectedMember(user, dimension, other.name, at));
}

export function isAncestor(node: SeriesNode, of: SeriesNode): boolean {
  for (let one = of.parent; one !== null; one = one.parent) if (one === node) return true;
  return false;
}

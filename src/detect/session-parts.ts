import { expectedUsd, type At } from "./attribution.ts";
import { childParts, sumOf, type Part } from "./parts.ts";
import type { SeriesNode } from "./series-node.ts";
import { SESSION_WINDOW } from "./sessions.ts";
import { COLUMN } from "./statistics.ts";

/**
 * Sessions of a team or a user, of windows of more than six hours those of the last six. A session has no past: it is expected to hold the part of what its
 * user is expected to spend that it holds of what the user spent, so its share is that part of its user's share.
 */
export function sessionParts(node: SeriesNode, at: At, expected: number): Part[] {
  const team = node.level === "user" ? node.parent : node;
  if (!team?.sessions) return [];
  const { minute } = at;
  const window = Math.min(at.window, SESSION_WINDOW);
  const users = team.children("user");
  const isOfUser = node.level === "user";
  const sum = isOfUser ? 0 : sumOf(childParts(node, "user", at));
  return team.sessions.spent({ minute, window }).flatMap(({ name, user, usd }): Part[] => {
    if (isOfUser && user !== node.name) return [];
    // Several people's, or nobody's: a part of the team's.
    const holder = (user === null ? undefined : users.get(user)) ?? node;
    const part = Math.min(1, usd / holder.sumOfSteps(COLUMN.usd, minute, window)) || 0;
    const actualUsd = part * holder.usd(minute, window);
    const ofWindow = actualUsd / holder.usd(minute, at.window) || 0;
    const usual = holder === node ? expected : (expectedUsd(holder, at) * expected) / sum || 0;
    return [{ value: name, actualUsd, expectedUsd: ofWindow * usual }];
  });
}

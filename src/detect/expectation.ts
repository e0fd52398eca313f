import { HOUR, type HourColumn } from "./hour-log.ts";
import type { MemberDimension } from "./members.ts";
import type { SeriesNode, WindowMinutes } from "./series-node.ts";

/** What a window of a series is expected to hold. */
export interface WindowExpectation {
  readonly usd: number;
  readonly requests: number;
  readonly tokens: number;
  readonly activeUsers: number;
}

/** Expectation of (minute − window, minute]: the hours it spans by their overlap. Active users: the most of any of its hours. */
export function expectWindow(
  node: SeriesNode,
  minute: number,
  window: WindowMinutes,
): WindowExpectation {
  const last = Math.floor(minute / 60);
  const first = Math.floor((minute - window + 1) / 60);
  let activeUsers = 0;
  for (let hour = first; hour <= last; hour++) {
    activeUsers = Math.max(activeUsers, node.expected(HOUR.activeUsers, hour));
  }
  return {
    usd: expectWindowUsd(node, minute, window),
    requests: node.expectedWindow(HOUR.requests, minute, window),
    tokens: node.expectedWindow(HOUR.tokens, minute, window),
    activeUsers,
  };
}

/** The dollars of `expectWindow` alone: cheaper. */
export function expectWindowUsd(node: SeriesNode, minute: number, window: WindowMinutes): number {
  return node.expectedWindow(HOUR.usd, minute, window);
}

/** Dollars of a five-minute step (epoch minutes / 5). */
export function expectedStepUsd(node: SeriesNode, step: number): number {
  return node.expected(HOUR.usd, Math.floor(step / 12)) / 12;
}

/** What an hour of a key or an agent with a single user is expected to hold: its part of what is expected of that user. */
export function expectedOfUser(node: SeriesNode, column: HourColumn, hour: number): number {
  const user = node.parent?.children("user").get(node.soleUser ?? "");
  const part = user?.members?.share(node.level as MemberDimension, node.name) ?? 0;
  return part === 0 ? 0 : part * (user?.expected(column, hour) ?? 0);
}

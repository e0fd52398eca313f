import type { MemberUse } from "./members.ts";

/** What one minute of one dimension tuple adds to each node on its path. */
export interface MinuteUse extends MemberUse {
  readonly user: string;
  readonly usdSquared: number;
  readonly requests: number;
  /** Of the requests, those that failed. */
  readonly errors: number;
  readonly tokens: number;
  /** Of the tokens, those read from a cache and those put out. */
  readonly cacheReadTokens: number;
  readonly outputTokens: number;
}

/** What a use says of its user's activity, and what that user usually makes of it. */
export interface UseParts {
  /** Whether its minute, model and tool are known, and not only its hour. */
  hasMinute: boolean;
  cells: number;
  starts: number;
  /** Sessions that begin with it. */
  sessions: number;
  loads: number;
  usualRequests: number;
  usualTokens: number;
  usualUsd: number;
  /** What its tokens would cost at the usual price of its model. */
  modelUsd: number;
  /** Of the user's last step, when this use begins a new one. */
  ratedCells: number;
  priceShift: number;
  sizeShift: number;
  paceShift: number;
  mixShift: number;
  cacheShift: number;
}

/** Of nobody in particular. */
export const NO_PARTS: Readonly<UseParts> = {
  hasMinute: true,
  cells: 0,
  starts: 0,
  sessions: 0,
  loads: 0,
  usualRequests: 0,
  usualTokens: 0,
  usualUsd: 0,
  modelUsd: 0,
  ratedCells: 0,
  priceShift: 0,
  sizeShift: 0,
  paceShift: 0,
  mixShift: 0,
  cacheShift: 0,
};

/** The words of detection's result. The state machine is in `incident-book.ts`. */

/** Levels from the whole organisation down. A scope is the path to a node; the empty scope is the organisation. */
export const LEVELS = [
  "organisation",
  "department",
  "team",
  "user",
  "key",
  "agent",
  "model",
  "tool",
] as const;
export type Level = (typeof LEVELS)[number];
/** Levels of one person. Measured by their peers too. */
export const PERSONAL: readonly Level[] = ["user", "key"];

/** The whole path down to the node that explains the excess, as far as it goes. Absent: not narrowed down to one. */
export interface Scope {
  readonly department?: string;
  readonly team?: string;
  readonly user?: string;
  readonly key?: string;
  readonly agent?: string;
  readonly model?: string;
  readonly tool?: string;
}

/** design.md §7 */
export const INCIDENT_KINDS = [
  "spike",
  "shift",
  "ramp",
  "off-hours",
  "price",
  "waste",
  "budget",
  "new",
  "drop",
  "pipeline",
] as const;
export type IncidentKind = (typeof INCIDENT_KINDS)[number];

/** What grows by days pauses each night and goes on in the morning, as somebody new does who comes back: no news, and no word for anything sudden. */
export const QUIET_KINDS: readonly IncidentKind[] = ["shift", "ramp", "price", "new"];

/** What has ended may burn again as the same incident for so many days. */
export const GOES_ON_DAYS = 3;

/** page: someone must act now. ticket: look today. */
export type Severity = "page" | "ticket";
export type IncidentState = "open" | "acknowledged" | "resolved";

/**
 * What is watched at each node: dollars are the product of the four after them. The price of a token is the product of the last four: what caches do not
 * give, how much of the tokens is put out, how dear the called models usually are, and what these cost over that.
 */
export const FACTORS = [
  "dollars",
  "price_per_token",
  "tokens_per_request",
  "requests_per_active_user",
  "active_users",
  "cache_misses",
  "output_share",
  "model_mix",
  "model_price",
] as const;
export type Factor = (typeof FACTORS)[number];

/** One element's part in the excess. Shares within one dimension add up to 1 (the rest is named `__rest__`). */
export interface Contributor {
  readonly dimension: Exclude<Level, "organisation"> | "session";
  readonly value: string;
  /** Part of the incident's excess, may be negative. */
  readonly share: number;
  readonly actualUsd: number;
  readonly expectedUsd: number;
}

/** Why dollars rose: each factor's ratio to normal, and its part in the rise (exact log split, adds up to 1). */
export interface FactorChange {
  readonly factor: Exclude<Factor, "dollars">;
  readonly ratio: number;
  readonly share: number;
}

/** What opened an incident: which statistic, over which window, against what, as it stood then. Dollars. */
export interface Decision {
  readonly statistic: string;
  readonly factor: Factor;
  /** Epoch minute at which the window ended. */
  readonly minute: number;
  readonly windowMinutes: number;
  readonly actualUsd: number;
  readonly expectedUsd: number;
  readonly excessUsd: number;
  readonly score: number;
  readonly bar: number;
  readonly minimumUsd: number;
  readonly timezone: string;
}

/** An episode of one scope: open → (acknowledged) → resolved. Money is dollars; times are event time in epoch ms. */
export interface Incident {
  readonly id: string;
  /** Grows with every change; the stored revisions are the audit trail. */
  readonly revision: number;
  readonly kind: IncidentKind;
  readonly severity: Severity;
  readonly state: IncidentState;
  readonly scope: Scope;
  /** Event time of the newest event the opening decision saw. */
  readonly openedAtMs: number;
  /** When it became a page; null: never one. */
  readonly pagedAtMs: number | null;
  readonly updatedAtMs: number;
  readonly resolvedAtMs: number | null;
  /** The window of the decision, in ms. */
  readonly windowMs: number;
  /** Over the whole episode so far: what would have been normal, what was spent, the difference. */
  readonly expectedUsd: number;
  readonly actualUsd: number;
  readonly excessUsd: number;
  /** Now, per hour, over the decision's window. */
  readonly actualUsdPerHour: number;
  readonly expectedUsdPerHour: number;
  /** Excess over the next 24 h at this rate: the money at stake. */
  readonly excessUsdNext24h: number;
  /** How surprising it was when it was last judged (−log10 of its chance on an ordinary day), and the bar; those of the decision are in `decision`. */
  readonly score: number;
  readonly bar: number;
  /** Largest first, per dimension. */
  readonly contributors: readonly Contributor[];
  readonly factors: readonly FactorChange[];
  /** Absent of incidents that older versions stored. */
  readonly decision?: Decision;
  readonly acknowledgedBy: string | null;
  readonly mutedUntilMs: number | null;
  /** Dollars per five minutes of the incident's scope over the last day, for the chart; expected beside it. */
  readonly chart: readonly {
    readonly startMs: number;
    readonly actualUsd: number;
    readonly expectedUsd: number;
  }[];
}

import type { PaneUse } from "../../../src/detect/series-tree.ts";

/** One row of the simulated stream: a pane, when it reaches the detector, and what the waste rules count. */
export interface SimUse extends PaneUse {
  readonly errors: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  /** Epoch minute in which the row arrives; later than `minute` where data is late. */
  readonly arrival: number;
}

export const TEAM_KINDS = [
  "small-office",
  "office",
  "large-office",
  "night-shift",
  "batch",
  "agents",
  "support-bot",
  "research",
  "new-team",
] as const;
export type TeamKind = (typeof TEAM_KINDS)[number];

export const SIM_KINDS = [
  "runaway",
  "spike",
  "retry-storm",
  "price-switch",
  "off-hours",
  "tokenmaxxing",
  "shift",
  "ramp",
  "new-spender",
  "drop",
  "storm",
  "surge",
] as const;
export type SimKind = (typeof SIM_KINDS)[number];

export const TRAP_KINDS = [
  "backfill",
  "month-end",
  "holiday",
  "late-data",
  "collection-gap",
  "adoption",
  "dst",
  "reorganisation",
  "long-session",
  "model-trial",
  "hackathon",
  "key-rotation",
  "error-burst",
] as const;
export type TrapKind = (typeof TRAP_KINDS)[number];

/** What one page about the incident may name: any of these is right. */
export interface LeafName {
  readonly level: "user" | "key" | "agent" | "model" | "tool";
  readonly value: string;
}

/** Ground truth. Minutes are epoch minutes; dollars are exact: with the incident less without it, on the same seed. */
export interface TruthIncident {
  readonly id: number;
  readonly kind: SimKind;
  /** Absent for what goes over many departments. */
  readonly department: string;
  /** Teams it changes; more than one for storm and surge. */
  readonly teams: readonly string[];
  readonly startMinute: number;
  /** First minute after it. */
  readonly endMinute: number;
  /**
   * A page that names one of these names it rightly. Many teams: the organisation or a department does. Of a team that rises as a whole: who turns out to hold
   * 70 % of the excess, once the simulation has passed its end.
   */
  readonly names: LeafName[];
  /** A page at the team itself names it rightly as well. */
  readonly teamIsRight: boolean;
  /** For example "5x" or "1 USD/min": what the tables go by. */
  readonly size: string;
  readonly asks: "page" | "ticket";
  /** Dollars over (for a drop: under) what the same seed gives without it. Known once the simulation has passed its end. */
  excessUsd: number;
  /** Dollars without it, of the rows it is about, in its window. */
  normalUsd: number;
  /** Excess so far by minute, in order: [minute, cumulated dollars]. */
  readonly curve: [number, number][];
}

/** Something harmless that may look like an incident. */
export interface Trap {
  readonly kind: TrapKind;
  /** "": the whole organisation. */
  readonly team: string;
  readonly startMinute: number;
  readonly endMinute: number;
}

/** What a company can tell its detector. */
export interface CompanyCalendar {
  /** Local dates nobody is expected to work, YYYY-MM-DD. */
  readonly holidays: readonly string[];
  /** Announced days with much use. */
  readonly events: readonly {
    readonly name: string;
    readonly team: string;
    /** YYYY-MM-DD, the whole local day. */
    readonly date: string;
  }[];
}

export interface TeamInfo {
  readonly name: string;
  readonly department: string;
  readonly kind: TeamKind;
  /** IANA name. */
  readonly zone: string;
  readonly people: number;
  /** Epoch minute from which the team exists. */
  readonly startMinute: number;
}

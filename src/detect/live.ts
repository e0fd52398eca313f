import type { Incident } from "./incident.ts";

/** A team's money now, in dollars. "Hour" is the last 60 minutes of event time; "today" the current UTC day. */
export interface TeamNow {
  readonly department: string;
  readonly team: string;
  readonly actualUsdLastHour: number;
  readonly expectedUsdLastHour: number;
  readonly actualUsdToday: number;
  readonly expectedUsdToday: number;
  /** Dollars over expectation within an hour that the team is paged for, by its own noise and page budget; null before a day is known. */
  readonly smallestIncidentUsd: number | null;
  /** The open incident at or below this team, else null. */
  readonly incidentId: string | null;
}

/** One step of five minutes of the whole organisation. */
export interface ChartPoint {
  readonly startMs: number;
  readonly actualUsd: number;
  readonly expectedUsd: number;
}

/** What the page shows: taken anew for each push, never mutated. */
export interface LiveSnapshot {
  /** Event-time progress, ms; null before the first event. */
  readonly eventTimeMs: number | null;
  /** Largest spender of the hour first. */
  readonly teams: readonly TeamNow[];
  /** Open ones first, then those resolved within a day, newest first. */
  readonly incidents: readonly Incident[];
  /** The organisation's last 24 hours. */
  readonly chart: readonly ChartPoint[];
}

/** The state behind the page. */
export interface LiveView {
  snapshot(): LiveSnapshot;
}

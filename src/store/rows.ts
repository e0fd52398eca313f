import type { Partition } from "../source/source.ts";

/** Rows that detection and notification keep in ClickHouse. Their owners map to and from them; `store` knows no incident logic. */

/** A merged pane of five minutes as detection learns from it. Dimension fields are names, money is dollars in a double. */
export interface Rollup {
  /** Start of the bucket, epoch ms. */
  readonly startMs: number;
  readonly department: string;
  readonly team: string;
  readonly user: string;
  readonly key: string;
  readonly agent: string;
  readonly model: string;
  readonly tool: string;
  readonly requests: number;
  readonly errors: number;
  readonly tokens: number;
  readonly cacheReadTokens: number;
  readonly outputTokens: number;
  readonly costUsd: number;
  /** Sessions that its deltas name: none of a week that is folded. */
  readonly sessions: readonly string[];
}

/** What was spent in an hour, by user, key and agent. */
export interface HourRollup extends Omit<
  Rollup,
  "model" | "tool" | "cacheReadTokens" | "outputTokens" | "sessions"
> {
  /** Bit i is set where its i-th five minutes held something. */
  readonly steps: number;
}

/** What one or more commits added, by minute and dimensions. Dimension fields are names, money is dollars in a double. */
export interface CommittedUse {
  /** Epoch minute of event time. */
  readonly minute: number;
  readonly department: string;
  readonly team: string;
  readonly user: string;
  readonly key: string;
  readonly agent: string;
  readonly model: string;
  readonly tool: string;
  readonly requests: number;
  readonly errors: number;
  readonly tokens: number;
  readonly cacheReadTokens: number;
  readonly outputTokens: number;
  readonly usd: number;
  /** Sum of the squares of each event's dollars. */
  readonly usdSquared: number;
  /** Of the sessions that its flushes name the one that spent the most, and its dollars; empty or absent: none is named. */
  readonly session?: string;
  readonly sessionUsd?: number;
  /** All that they name. */
  readonly sessions?: readonly string[];
}

/** Of some commits, all of it, in order of time. */
export interface CommittedUses {
  readonly uses: readonly CommittedUse[];
  /** Largest event time that their partitions have stored, ms; -1: none. */
  readonly maxEventMs: number;
}

/** How far a partition's commits have been seen, and what the newest of them says. Times are epoch ms. */
export interface SeenPosition extends Partition {
  readonly incarnation: number;
  readonly endOffset: number;
  /** Largest event time up to there, -1: none. */
  readonly maxEventMs: number;
  /** When the newest of them was stored. */
  readonly arrivedMs: number;
}

/** Follows what is stored, whoever stores it. Calls must not overlap; all throw what the store throws, and may be made again. */
export interface Tail {
  /** Starts behind what is stored now. */
  begin(): Promise<void>;
  /** What has been stored since, each commit whole and once, as it arrived; ends when there is no more. */
  poll(): AsyncIterable<CommittedUses>;
  /** Where the tail stands: what lies up to there is given by `poll`, or was there at `begin`. */
  readonly positions: readonly SeenPosition[];
}

/** One revision of an incident. The newest revision is the incident; older ones are its audit trail. */
export interface IncidentRow {
  readonly incident_id: string;
  readonly revision: number;
  readonly kind: string;
  readonly severity: string;
  readonly state: string;
  readonly department: string;
  readonly team: string;
  readonly user: string;
  readonly opened_at_ms: number;
  readonly paged_at_ms: number | null;
  readonly updated_at_ms: number;
  readonly resolved_at_ms: number | null;
  readonly expected_usd: number;
  readonly actual_usd: number;
  readonly excess_usd: number;
  /** The whole incident as JSON: what a restart reads back. */
  readonly document: string;
}

/** One attempt to tell one receiver one thing. `sending` is written before, `delivered`/`failed`/`dead` after. */
export interface DeliveryRow {
  /** Stable: incident, receiver, reason and revision; a restart finds it again. */
  readonly delivery_id: string;
  readonly incident_id: string;
  readonly receiver: string;
  readonly reason: string;
  readonly status: "sending" | "delivered" | "failed" | "dead";
  readonly attempt: number;
  readonly at_ms: number;
  /** What the receiver calls it: Slack `channel:ts`, a Message-ID. Empty where none. */
  readonly reference: string;
  readonly error: string;
}

/** What a person did: from the command line now, from Slack's buttons later. */
export interface IncidentActionRow {
  readonly action_id: string;
  readonly incident_id: string;
  readonly action: "acknowledge" | "mute" | "unmute";
  readonly actor: string;
  readonly at_ms: number;
  /** End of a mute, else null. */
  readonly until_ms: number | null;
}

/** Where detection and notification keep what a restart must not forget. */
export interface IncidentStore {
  saveIncidents(rows: readonly IncidentRow[]): Promise<void>;
  /** Newest revision of each incident that is not resolved, or was resolved after `resolvedSinceMs`. */
  loadIncidents(resolvedSinceMs: number): Promise<IncidentRow[]>;
  saveDelivery(row: DeliveryRow): Promise<void>;
  /** Newest row of each delivery of these incidents. */
  loadDeliveries(incidentIds: readonly string[]): Promise<DeliveryRow[]>;
  saveAction(row: IncidentActionRow): Promise<void>;
  /** Actions later than `sinceMs`, oldest first. */
  loadActions(sinceMs: number): Promise<IncidentActionRow[]>;
  /** Newest revision of each incident of which one was stored at or after `storedSinceMs`, by the clock of who stored it. */
  changedIncidents(storedSinceMs: number): Promise<IncidentRow[]>;
  /** About how many rollups `history` would give. */
  historySize(fromMs: number, toMs: number, upTo?: readonly SeenPosition[]): Promise<number>;
  /** The same time by the hour, in the same order; with `toMs` an hour begins. */
  hourHistory(
    fromMs: number,
    toMs: number,
    upTo?: readonly SeenPosition[],
  ): AsyncIterable<readonly HourRollup[]>;
  /** Five-minute rollups of [fromMs, toMs), in order of time, department, team and user, in chunks; given `upTo`, only of the commits up to there. */
  history(
    fromMs: number,
    toMs: number,
    upTo?: readonly SeenPosition[],
  ): AsyncIterable<readonly Rollup[]>;
}

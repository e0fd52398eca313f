import type { ServiceState } from "../runtime/service.ts";

/** One part of the process as `/readyz` tells it: the store, the source, the detector… */
export interface HealthPart {
  readonly name: string;
  readonly ok: boolean;
  /** One line for a person: what it waits for, or what it holds. */
  readonly detail: string;
}

/** The process's own health, asked for at every probe: answers from memory, never from the network. */
export interface HealthView {
  state(): ServiceState;
  parts(): readonly HealthPart[];
}

/** What came in so far; counts are since the process started, times epoch ms of the app's clock. */
export interface FeedSnapshot {
  readonly records: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly ignored: number;
  /** Events kept aside, by reason. A map: names from outside are never property names. */
  readonly rejectedByReason: ReadonlyMap<string, number>;
  /** Tokens without a price, by model. */
  readonly unpricedByModel: ReadonlyMap<string, number>;
  /** Records between the end of the log and the checkpoint; null where the source has no end to know. */
  readonly lagRecords: number | null;
  readonly lastFetchMs: number | null;
  readonly lastFlushMs: number | null;
  /** Where analysts ask ClickHouse, as they would paste it. */
  readonly analystUrl: string | null;
}

/** The state of the feed, answered from memory. */
export interface FeedView {
  snapshot(): FeedSnapshot;
}

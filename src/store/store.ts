import type { RejectReason } from "../decode/usage-event.ts";
import type { CheckpointStep, PaneBatch } from "../reduce/pane.ts";
import type { Partition } from "../source/source.ts";

/** The offsets ClickHouse already holds of one partition: where a worker goes on. */
export interface Checkpoint extends Omit<CheckpointStep, "expectedEnd" | "counts"> {
  /** UUID of the writer whose commit this is. */
  readonly writer: string;
}

/** What the read-back found. It alone decides; an acknowledgement proves nothing. */
export type CommitOutcome =
  /** Our rows are there: advance. */
  | { readonly kind: "stored" }
  /** Another writer moved a partition on: drop the batch, re-read the checkpoint, seek. */
  | { readonly kind: "superseded"; readonly by: readonly Checkpoint[] };

/** One rejected event with its coordinates, as stored. */
export interface RejectedRow extends Partition {
  readonly incarnation: number;
  readonly offset: number;
  readonly event: number;
  readonly reason: RejectReason;
  readonly detail: string;
  readonly raw: Uint8Array;
  readonly rawBytes: number;
  /** Of its record, as text. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What one commit stores, all or nothing: panes, checkpoint steps, and whole the events of these steps that were not counted. */
export interface CommitBatch extends PaneBatch {
  readonly rejected?: readonly RejectedRow[];
}

/** Exactly-once storage of panes (reliability.md §0). One instance per worker; calls never overlap. */
export interface PaneStore {
  /**
   * Makes this writer the owner of `partitions` (idempotent per partition), waits until no older commit can still land, checks the chain, and gives
   * each partition's checkpoint, null where nothing is stored. Throws `store_inconsistent` on a gap or overlap in the chain. Retries trouble until
   * `signal` aborts.
   */
  claim(partitions: readonly Partition[], signal?: AbortSignal): Promise<(Checkpoint | null)[]>;
  /** Stores the batch, all or nothing, at most once. Retries trouble until `signal` aborts. */
  append(batch: CommitBatch, signal?: AbortSignal): Promise<CommitOutcome>;
  /** Newest checkpoint of every partition whose topic begins with `prefix`, newest stored first. For files: `file:`. Retries trouble until `signal` aborts. */
  knownSources(
    prefix: string,
    signal?: AbortSignal,
  ): Promise<(Checkpoint & { readonly storedAtMs: number })[]>;
}

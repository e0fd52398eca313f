import type { Partition } from "../source/source.ts";
import type { LostRange } from "../store/audit-store.ts";
import type { ChainBreak } from "../store/chain-check.ts";

/** One sum of one cell that differs. */
export interface SumDifference {
  /** Seconds since the epoch. */
  readonly minute: number;
  readonly team: string;
  readonly model: string;
  /** As in SUMS; cost in nano-dollars. */
  readonly sum: string;
  readonly inTopic: bigint;
  readonly inClickHouse: bigint;
}

/** A count of a partition (or of all together, then `partition` is -1) that is not what its commits say. */
export interface CountDifference extends Partition {
  readonly what:
    | "records"
    | "accepted"
    | "rejected"
    | "duplicates"
    | "ignored"
    | "events"
    | "records before the first commit";
  readonly inTopic: number;
  readonly inClickHouse: number;
}

export interface VerifiedPartition extends Partition {
  readonly incarnation: number;
  /** Offsets [from, end) were read again. */
  readonly from: number;
  readonly end: number;
  /** Records that are in the log after `end`. */
  readonly behind: number;
  readonly records: number;
}

/** What a comparison came to. */
export interface Verification {
  readonly verdict: "exact" | "different" | "unknown";
  /** Why nothing can be said for sure; null where something can. */
  readonly reason: string | null;
  readonly topics: readonly string[];
  /** Minutes compared, seconds since the epoch, `last` included; null: none. */
  readonly span: { readonly first: number; readonly last: number; readonly minutes: number } | null;
  readonly cells: { readonly compared: number; readonly different: number };
  readonly records: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly ignored: number;
  readonly checkpoints: number;
  readonly behind: number;
  readonly partitions: readonly VerifiedPartition[];
  readonly sums: readonly SumDifference[];
  readonly counts: readonly CountDifference[];
  readonly breaks: readonly ChainBreak[];
  readonly lost: readonly LostRange[];
  /** What else one must know, one sentence each. */
  readonly notes: readonly string[];
}

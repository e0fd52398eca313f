import { AppError } from "../runtime/errors.ts";
import { partitionKey, type Partition } from "../source/source.ts";
import type { KafkaScan } from "../source/kafka-scan.ts";
import type { AuditStore, Coverage, LostRange, StoredPartition } from "../store/audit-store.ts";
import type { AuditScope } from "../store/audit-queries.ts";
import type { ChainBreak } from "../store/chain-check.ts";
import type { RecountedPartition } from "./recount.ts";

/** One partition on both sides. */
export interface PlannedPartition extends Partition {
  readonly stored: StoredPartition;
  readonly high: number;
  /** First offset that the topic still holds. */
  low: number;
  coverage: Coverage;
}

/** One partition under way. */
export interface Recounting extends RecountedPartition {
  readonly planned: PlannedPartition;
  next: number;
  /** Of the last record read. */
  fingerprint: string;
}

/** What is to be compared with what. Fixed once: what is stored or written later does not matter. */
export interface Plan {
  readonly partitions: readonly PlannedPartition[];
  /** Records that the topic holds and ClickHouse has not counted yet. */
  readonly behind: number;
  /** Partitions of which nothing is stored yet although they hold records. */
  readonly unstored: readonly Partition[];
  readonly scope: AuditScope;
  readonly breaks: readonly ChainBreak[];
  readonly lost: readonly LostRange[];
  readonly others: readonly { readonly topic: string; readonly accepted: number }[];
  readonly compacted: readonly string[];
}

/** What `makePlan` asks. */
export interface PlanParts {
  readonly topics: readonly string[];
  readonly scan: Pick<KafkaScan, "ranges" | "compacted">;
  readonly audit: Pick<
    AuditStore,
    "partitions" | "breaks" | "lost" | "coverage" | "others" | "orphans"
  >;
}

/** Throws AppError where the two cannot be compared. */
export async function makePlan({ topics, scan, audit }: PlanParts): Promise<Plan> {
  // In this order a partition never ends before what is stored of it, unless it is another log.
  const stored = await audit.partitions(topics);
  const ranges = await scan.ranges();
  const others = await audit.others(topics);
  requireSomething(topics, stored, [...ranges.values()], others);
  const placed = stored.map((one) => {
    const range = ranges.get(partitionKey(one));
    if (range === undefined || range.high < one.end) throw anotherLog(one, range?.high ?? 0);
    return { stored: one, low: range.low, high: range.high };
  });
  const coverage = await audit.coverage(placed);
  const partitions = placed.map((one) => ({
    topic: one.stored.topic,
    partition: one.stored.partition,
    ...one,
    coverage: covered(coverage, one.stored),
  }));
  const known = new Set(stored.map(partitionKey));
  const unstored = [...ranges.values()].filter(
    (one) => one.high > one.low && !known.has(partitionKey(one)),
  );
  const heads = stored.map(({ topic, partition, incarnation, end }) => ({
    topic,
    partition,
    incarnation,
    end,
  }));
  return {
    partitions,
    behind: [...placed, ...unstored.map((one) => ({ ...one, stored: { end: one.low } }))].reduce(
      (sum, { high, low, stored: { end } }) => sum + high - Math.max(end, low),
      0,
    ),
    unstored,
    scope: { partitions: heads, orphans: await audit.orphans() },
    breaks: await audit.breaks(stored),
    lost: await audit.lost(topics),
    others,
    compacted: await scan.compacted(),
  };
}

/** True where the topic holds every record that was counted. */
export function isWhole({ low, stored }: PlannedPartition): boolean {
  return low <= stored.start;
}

/**
 * First minute (epoch seconds) of which the topic holds every record, and in which no event can repeat one that is gone. Removed records are not later than
 * the largest event time of the commits that hold them; ids are remembered for the window after that.
 */
export function firstWholeMinute(
  partitions: readonly PlannedPartition[],
  windowMs: number,
): number {
  const latest = partitions
    .filter((one) => !isWhole(one) && one.coverage.maxEventMsBefore >= 0)
    .map(({ coverage }) => coverage.maxEventMsBefore + windowMs);
  return latest.length === 0 ? 0 : (Math.floor(Math.max(...latest) / 60_000) + 1) * 60;
}

export function covered(coverage: ReadonlyMap<string, Coverage>, partition: Partition): Coverage {
  const found = coverage.get(partitionKey(partition));
  if (found !== undefined) return found;
  throw new AppError(`no coverage of ${partitionKey(partition)}`, { code: "internal" });
}

function requireSomething(
  topics: readonly string[],
  stored: readonly StoredPartition[],
  ranges: readonly { readonly high: number }[],
  others: readonly { readonly topic: string }[],
): void {
  if (stored.length > 0 || ranges.every(({ high }) => high === 0)) return;
  const held = others.slice(0, 5).map(({ topic }) => topic);
  const holds = held.length === 0 ? "it is empty" : `it holds ${held.join(", ")}`;
  throw new AppError(
    `ClickHouse holds nothing of topic ${topics.join(", ")} (${holds}): name the topic that was read with --topic or --pipeline, or the database with --data or SPIKEWATCH_CLICKHOUSE_URL`,
    { code: "input" },
  );
}

/** The topic is not the one that was counted. */
export function anotherLog(stored: StoredPartition, high: number): AppError {
  return new AppError(
    `${partitionKey(stored)} ends at offset ${high}, but ClickHouse has counted it to ${stored.end}: the topic was deleted and created anew, lost its end, or is another one`,
    { code: "kafka_refused" },
  );
}

import type { Partition } from "../source/source.ts";
import { partitionKey } from "../source/source.ts";
import {
  coverageQuery,
  deltaQuery,
  entangledMinutesQuery,
  foldedOverQuery,
  gapsQuery,
  orphansQuery,
  othersQuery,
  storedPartitionsQuery,
  type AuditScope,
  type MinuteRange,
} from "./audit-queries.ts";
import { findChainBreaks, type ChainBreak } from "./chain-check.ts";
import type { CallOptions, Connection } from "./connect.ts";

/** What ClickHouse holds of one partition, in its newest incarnation. */
export interface StoredPartition extends Partition {
  readonly incarnation: number;
  /** The chain of commits covers offsets [start, end). */
  readonly start: number;
  readonly end: number;
  /** Largest event time up to `end`, -1 where there was no event. */
  readonly maxEventMs: number;
  /** RecordBatch.fingerprint at `end`. */
  readonly fingerprint: string;
  readonly checkpoints: number;
}

/** What the commits say that begin at or after an offset. Counts are of [boundary, end); none where no commit begins there. */
export interface Coverage {
  /** No event before the offset is later than this. */
  readonly maxEventMsBefore: number;
  readonly boundary: number | null;
  readonly records: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly duplicates: number;
  readonly ignored: number;
}

/** Offsets [from, to) that were gone before they could be counted. */
export interface LostRange extends Partition {
  readonly from: number;
  readonly to: number;
}

/** Sums of one team and model in one minute. */
export interface StoredCell {
  /** Seconds since the epoch. */
  readonly minute: number;
  readonly team: string;
  readonly model: string;
  /** In the order of COUNTERS up to unpriced_tokens. */
  readonly sums: readonly bigint[];
  /** True where some of it was priced by a version that is not among those asked for. */
  readonly pricedOtherwise: boolean;
}

type Texts<Row> = Record<keyof Row, string>;

/**
 * Reads what is stored to compare it with its source. Rows never change and a commit is there whole or not at all, so questions about the same commits
 * (`AuditScope`) have the same answer at any time, also while more is being stored.
 */
export class AuditStore {
  readonly #connection: Connection;
  readonly #signal: CallOptions;

  /** `connection` needs the right to SELECT only. Questions end with an error when `signal` aborts. */
  constructor(connection: Connection, signal?: AbortSignal) {
    this.#connection = connection;
    this.#signal = signal === undefined ? {} : { signal };
  }

  /** As of one instant. */
  async partitions(topics: readonly string[]): Promise<StoredPartition[]> {
    const { sql, params } = storedPartitionsQuery(topics);
    const rows = await this.#connection.rows<Texts<StoredPartition>>(sql, {
      params,
      ...this.#signal,
    });
    return rows.map((row) => ({
      topic: row.topic,
      partition: Number(row.partition),
      incarnation: Number(row.incarnation),
      start: Number(row.start),
      end: Number(row.end),
      maxEventMs: Number(row.maxEventMs),
      fingerprint: row.fingerprint,
      checkpoints: Number(row.checkpoints),
    }));
  }

  /** The first ten places where a chain does not go on where it ended, in any incarnation. */
  async breaks(partitions: readonly Partition[]): Promise<ChainBreak[]> {
    return partitions.length === 0 ? [] : findChainBreaks(this.#connection, partitions);
  }

  async lost(topics: readonly string[]): Promise<LostRange[]> {
    const { sql, params } = gapsQuery(topics);
    const rows = await this.#connection.rows<Texts<LostRange>>(sql, { params, ...this.#signal });
    return rows.map((row) => ({
      topic: row.topic,
      partition: Number(row.partition),
      from: Number(row.from),
      to: Number(row.to),
    }));
  }

  /** By partition key: what the partition's commits from `low` on say. */
  async coverage(
    partitions: readonly { readonly stored: StoredPartition; readonly low: number }[],
  ): Promise<Map<string, Coverage>> {
    if (partitions.length === 0) return new Map();
    const { sql, params } = coverageQuery(partitions);
    const rows = await this.#connection.rows<Texts<Coverage> & Texts<Partition>>(sql, {
      params,
      ...this.#signal,
    });
    const found = new Map(
      rows.map((row) => [
        partitionKey({ topic: row.topic, partition: Number(row.partition) }),
        coverageOf(row),
      ]),
    );
    return new Map(
      partitions.map(({ stored }) => {
        const key = partitionKey(stored);
        return [key, found.get(key) ?? nothingFrom(stored)];
      }),
    );
  }

  /** Topics, files and streams that fed the same database, most events first. */
  async others(
    topics: readonly string[],
  ): Promise<{ readonly topic: string; readonly accepted: number }[]> {
    const { sql, params } = othersQuery(topics);
    const rows = await this.#connection.rows<{ topic: string; accepted: string }>(sql, {
      params,
      ...this.#signal,
    });
    return rows.map(({ topic, accepted }) => ({ topic, accepted: Number(accepted) }));
  }

  /** Minutes (epoch seconds) whose rows hold also what other topics or incarnations brought, inseparably. */
  async entangledMinutes(scope: AuditScope): Promise<Set<number>> {
    const { sql, params } = entangledMinutesQuery(scope);
    const minutes = new Set<number>();
    for await (const chunk of this.#connection.rowChunks<{ minute: number }>(sql, {
      params,
      ...this.#signal,
    })) {
      for (const { minute } of chunk) minutes.add(minute);
    }
    return minutes;
  }

  /** True where the scope cannot be asked for any more, because old commits were folded together with newer ones since it was fixed. */
  async isFoldedOver(scope: AuditScope): Promise<boolean> {
    const { sql, params } = foldedOverQuery(scope);
    const [row] = await this.#connection.rows<{ rows: string }>(sql, { params, ...this.#signal });
    return Number(row?.rows ?? 0) > 0;
  }

  /** Commits whose deltas are stored but no checkpoint of theirs, at most a thousand: it takes somebody's hands to make one. */
  async orphans(): Promise<string[]> {
    const seen = await this.#orphanBatches();
    if (seen.size === 0) return [];
    // What was stored between the two halves of the question looks like one; the second time it does not.
    const again = await this.#orphanBatches();
    return [...seen].filter((batch) => again.has(batch)).sort();
  }

  /** The sums of the scope's commits, in any order. */
  async *cells(
    scope: AuditScope,
    range: MinuteRange,
    priceVersions: readonly string[],
  ): AsyncIterable<StoredCell> {
    const { sql, params } = deltaQuery(scope, range, priceVersions);
    for await (const chunk of this.#connection.rowChunks<CellRow>(sql, {
      params,
      ...this.#signal,
    })) {
      for (const row of chunk) yield cellOf(row);
    }
  }

  async #orphanBatches(): Promise<Set<string>> {
    const found = new Set<string>();
    for await (const chunk of this.#connection.rowChunks<{ batch: string }>(
      orphansQuery().sql,
      this.#signal,
    )) {
      for (const { batch } of chunk) found.add(batch);
    }
    return found;
  }
}

interface CellRow {
  readonly minute: number;
  readonly team: string;
  readonly model: string;
  readonly sums: readonly string[];
  readonly pricedOtherwise: string;
}

function cellOf({ minute, team, model, sums, pricedOtherwise }: CellRow): StoredCell {
  return {
    minute,
    team,
    model,
    sums: sums.map(BigInt),
    pricedOtherwise: Number(pricedOtherwise) > 0,
  };
}

function coverageOf(row: Texts<Coverage>): Coverage {
  const boundary = Number(row.boundary);
  return {
    maxEventMsBefore: Number(row.maxEventMsBefore),
    boundary: boundary < 0 ? null : boundary,
    records: Number(row.records),
    accepted: Number(row.accepted),
    rejected: Number(row.rejected),
    duplicates: Number(row.duplicates),
    ignored: Number(row.ignored),
  };
}

/** All that is stored lies before the offset. */
function nothingFrom({ maxEventMs }: StoredPartition): Coverage {
  const counts = { records: 0, accepted: 0, rejected: 0, duplicates: 0, ignored: 0 };
  return { maxEventMsBefore: maxEventMs, boundary: null, ...counts };
}

/** One ordered, replayable stream of records: a Kafka topic-partition, a file, or stdin. */
export interface Partition {
  /** The Kafka topic; for files `file:<identity>`, for stdin `stdin:<name>`. */
  readonly topic: string;
  readonly partition: number;
}

/** A stable text for maps and logs. */
export function partitionKey({ topic, partition }: Partition): string {
  return `${topic}/${partition}`;
}

/**
 * What one poll gave: raw records of one partition, in order. Offsets are Kafka offsets, or bytes from the start of a file;
 * as doubles they are exact below 2^53. Views are valid until the handler's promise resolves.
 */
export interface RecordBatch extends Partition {
  /** null is a Kafka tombstone. */
  readonly values: readonly (Uint8Array | null)[];
  readonly offsets: Float64Array;
  /** True length of each record where a source cut one that is too long to be decoded; absent: none was cut. */
  readonly sizes?: Float64Array;
  /** Broker append (or producer) time in ms of each record, NaN where the source has none. */
  readonly appendTimesMs: Float64Array;
  /** Kafka headers of each record, where there are any. */
  readonly headers: readonly (Readonly<Record<string, unknown>> | undefined)[] | null;
  /** Where reading goes on after this batch. Covers control markers and compacted gaps, so it may pass the last record. */
  readonly endOffset: number;
  /** Identifies the data up to `endOffset`: of a Kafka partition its last record, of a file the bytes read so far. Empty: unknown. */
  readonly fingerprint: string;
  /** End of the log as the broker told it, -1 where unknown. */
  readonly highWatermark: number;
}

/** How far a partition is stored, and `RecordBatch.fingerprint` of what ends there. */
export interface StoredEnd {
  readonly endOffset: number;
  readonly fingerprint: string;
}

/** The worker, as a source sees it. Calls never overlap. */
export interface SourceHandler {
  /**
   * A partition is ours: where shall reading start? The source seeks there. Called again after each rebalance or rejoin,
   * because a library may rewind behind our back. `highWatermark` is the end of the log now, -1 where unknown: a partition that gets no
   * new records has no other way to tell that we are at its end.
   */
  assigned(partition: Partition, highWatermark: number): Promise<number>;
  /**
   * What is stored of the partition, asked after `assigned`; null: nothing. A source whose log can be deleted and made anew under the same
   * name proves by it that it still reads the same log.
   */
  stored?(partition: Partition): StoredEnd | null;
  /** Resolves when the batch is added, perhaps after a flush. The source reads no further before. Never throws on data. */
  batch(records: RecordBatch): Promise<void>;
  /**
   * The log does not hold records [from, to) any more (retention, deletion); reading goes on at `to`. Called after `assigned` and before the
   * batch that follows. Gives how many of them were never counted: the source logs and counts those.
   */
  gap?(partition: Partition, from: number, to: number): Promise<number>;
  /**
   * These are gone: forget what was not committed. At a rebalance or rejoin it names all that were held, before `assigned` is called for
   * those that are held now.
   */
  revoked(partitions: readonly Partition[]): Promise<void>;
  /** A finite source has given all it has (files, stdin). */
  ended?(): Promise<void>;
}

/** Where records come from. A dead source is an error: `done` rejects, the process ends, a supervisor restarts it. */
export interface Source {
  readonly name: string;
  /** Bytes at the end of a file that have no line end and are no JSON yet: left for the next run. Absent: there is no such thing. */
  readonly unfinished?: number;
  /** Resolves once reading has begun. */
  start(handler: SourceHandler): Promise<void>;
  /** Stops reading; resolves when no handler call is under way. */
  stop(): Promise<void>;
  /** Resolves when a finite source has ended or after `stop`; rejects when reading cannot go on. */
  readonly done: Promise<void>;
  /**
   * The worker dropped what it had: treat every partition as newly assigned, so that `assigned` is asked again before the next batch. An endless
   * source asks only after `pauseMs`, unless its group assigns partitions before that. One that ends asks at once, since its input must not seem to
   * be over meanwhile, and gives up when it is asked too often.
   */
  reassign(pauseMs?: number): void;
  /** Tells the source what is committed in ClickHouse. Kafka: committed to the broker for lag tooling; elsewhere nothing. */
  committed(ends: readonly (Partition & { readonly endOffset: number })[]): Promise<void>;
}

import type { Clock } from "../runtime/clock.ts";
import { AppError, messageOf } from "../runtime/errors.ts";
import { Serial } from "../runtime/serial.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { slicesOf, type FetchedBatch, type SliceLimits } from "./kafka-batch.ts";
import { howToGoOn, LogProof } from "./log-proof.ts";
import { partitionKey, type Partition, type SourceHandler } from "./source.ts";

/** First offset that a partition's log still holds, and the one after its last. */
export interface LogRange {
  readonly low: number;
  readonly high: number;
}

/** What the reader needs of the Kafka library. */
export interface KafkaLog {
  /** The next fetch begins there. Takes effect later than what is already fetched. */
  seek(partition: Partition, offset: number): void;
  ranges(topic: string): Promise<ReadonlyMap<number, LogRange>>;
}

export interface KafkaReaderOptions {
  readonly handler: SourceHandler;
  readonly log: KafkaLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly limits: SliceLimits;
  /** Reading cannot go on. */
  readonly fail: (error: unknown) => void;
}

/** Where we are in a partition we hold. A rejoin or `reassign` makes a new one, so that work begun before it is recognised as stale. */
interface Position {
  readonly partition: Partition;
  /** Next offset to hand over; -1 until the handler said. */
  next: number;
  /** End of a batch without records that began past `next`, see `skip`. */
  doubtfulEnd: number;
  /** What proves that this is still the log we read; null: nothing, or it is proven. */
  proof: LogProof | null;
}

/** Pause before a broker that did not answer is asked again. */
const ASK_AGAIN_MS = 500;
const PAUSE_STEP_MS = 250;

/**
 * Keeps our own position in every partition, because the library's cannot be trusted: it rewinds all partitions to the committed offsets
 * at each rejoin, jumps without a word when an offset is gone from the log, and hands over fetched batches of partitions already lost.
 * So each batch is compared with our position: what is older is dropped, a jump ahead is either explained by the log's first offset
 * (a gap, reported) or undone by a seek. A log deleted and made anew under the same name is refused. Holes inside a fetch (compaction, control markers, aborted transactions) are no gaps.
 */
export class KafkaReader {
  readonly #options: KafkaReaderOptions;
  readonly #serial = new Serial();
  #positions = new Map<string, Position>();
  #ranges = new Map<string, Promise<ReadonlyMap<number, LogRange>>>();
  #stopped = false;
  readonly #stopping: Promise<null>;
  #tellStop: () => void = () => undefined;
  /** Nobody is asked where to start before this. */
  #pausedUntilMs = -Infinity;

  constructor(options: KafkaReaderOptions) {
    this.#options = options;
    this.#stopping = new Promise((resolve) => (this.#tellStop = () => resolve(null)));
  }

  /** The group gave us these partitions, and whatever we held before counts as lost and won again. */
  join(partitions: readonly Partition[]): void {
    const held = [...this.#positions.values()].map(({ partition }) => partition);
    this.#assign(partitions);
    this.#pausedUntilMs = -Infinity;
    const { handler } = this.#options;
    if (held.length > 0) void this.#run(() => handler.revoked(held));
    for (const position of this.#positions.values()) void this.#run(() => this.#align(position));
  }

  /** The handler dropped what it had: ask it again where to start, after a pause, which a join ends. */
  reassign(pauseMs = 0): void {
    this.#assign([...this.#positions.values()].map(({ partition }) => partition));
    this.#pausedUntilMs = this.#options.clock.now() + pauseMs;
    for (const position of this.#positions.values()) void this.#run(() => this.#align(position));
  }

  holds(partition: Partition): boolean {
    return this.#positions.has(partitionKey(partition));
  }

  /**
   * Hands over what is new in a fetched batch. `resolve` tells the library up to which offset it is done with; it is not called where
   * the same must be fetched again. Never rejects.
   */
  take(batch: FetchedBatch, resolve: (lastOffset: number) => void): Promise<void> {
    const position = this.#positions.get(partitionKey(batch));
    if (position === undefined) return Promise.resolve();
    return this.#run(async () => {
      if (!this.#isCurrent(position) || !(await this.#isReady(position, batch))) return;
      if (position.proof?.isSettledBy(batch) === true) position.proof = null;
      for (const slice of slicesOf(batch, position.next, this.#options.limits)) {
        await this.#options.handler.batch(slice);
        if (!this.#isCurrent(position)) return;
        position.next = slice.endOffset;
        resolve(slice.endOffset - 1);
      }
    });
  }

  /**
   * The library passed over offsets `first` to `last`, which hold no record: only control markers or aborted records. Where they begin
   * past our position, the hole before them may be harmless or a jump of the library; the latter does not happen again after a seek.
   */
  skip(partition: Partition, first: number, last: number, highWatermark: number): void {
    const position = this.#positions.get(partitionKey(partition));
    if (position === undefined) return;
    void this.#run(async () => {
      if (!this.#isCurrent(position) || position.next < 0 || last < position.next) return;
      if (first > position.next && position.doubtfulEnd !== last) {
        position.doubtfulEnd = last;
        await this.#closeGap(position);
        this.#options.log.seek(partition, position.next);
        return;
      }
      const nothing: FetchedBatch = {
        ...position.partition,
        records: [],
        fetchedOffset: position.next,
        lastOffset: last,
        highWatermark,
      };
      for (const slice of slicesOf(nothing, position.next, this.#options.limits)) {
        await this.#options.handler.batch(slice);
      }
      if (this.#isCurrent(position)) position.next = last + 1;
    });
  }

  /** Hands over nothing more; resolves when no handler call is under way. Waits for no broker. */
  stop(): Promise<void> {
    this.#stopped = true;
    this.#tellStop();
    return this.#serial.run(() => Promise.resolve());
  }

  #assign(partitions: readonly Partition[]): void {
    this.#ranges.clear();
    this.#positions = new Map(
      partitions.map(({ topic, partition }) => {
        const position = {
          partition: { topic, partition },
          next: -1,
          doubtfulEnd: -1,
          proof: null,
        };
        return [partitionKey(position.partition), position];
      }),
    );
  }

  #isCurrent(position: Position): boolean {
    return !this.#stopped && this.#positions.get(partitionKey(position.partition)) === position;
  }

  async #run(work: () => Promise<void>): Promise<void> {
    await this.#serial.run(async () => {
      if (this.#stopped) return;
      try {
        await work();
      } catch (error) {
        this.#options.fail(error);
      }
    });
  }

  /** Is this batch what comes next? If not, the library is sent back to our position. */
  async #isReady(position: Position, batch: FetchedBatch): Promise<boolean> {
    if (position.next < 0) {
      await this.#align(position);
      return false;
    }
    if (batch.lastOffset < position.next) {
      this.#options.logger.debug(
        { batch: batch.lastOffset, at: position.next },
        "rewound; seeking",
      );
      await this.#refuseBeyond(position.partition, position.next, null);
    } else if (batch.fetchedOffset > position.next) {
      await this.#closeGap(position);
    }
    const follows = batch.fetchedOffset <= position.next && position.next <= batch.lastOffset;
    if (!follows && this.#isCurrent(position)) {
      this.#options.log.seek(position.partition, position.next);
    }
    return follows && this.#isCurrent(position);
  }

  /** Asks the handler where to start, once the broker has told what the log holds. */
  async #align(position: Position): Promise<void> {
    const { partition } = position;
    while (this.#isCurrent(position) && position.next < 0) {
      const range = await this.#rangeOrWait(partition);
      if (range === null) continue;
      const { handler } = this.#options;
      const next = await handler.assigned(partition, range.high);
      if (!this.#isCurrent(position)) return;
      const stored = handler.stored?.(partition) ?? null;
      await this.#refuseBeyond(partition, Math.max(next, stored?.endOffset ?? 0), range);
      position.proof = stored === null ? null : LogProof.of(stored.fingerprint);
      position.next = Math.min(next, position.proof?.offset ?? next);
      await this.#closeGap(position, range);
      this.#options.log.seek(partition, position.next);
    }
  }

  /** null after waiting a little: for the end of the pause, in small steps because a join ends it too, or for the broker. */
  async #rangeOrWait(partition: Partition): Promise<LogRange | null> {
    const { clock } = this.#options;
    const isPaused = clock.now() < this.#pausedUntilMs;
    const range = isPaused ? null : await this.#range(partition, false);
    if (range === null) await clock.sleep(isPaused ? PAUSE_STEP_MS : ASK_AGAIN_MS);
    return range;
  }

  /** Where the log begins after our position, reading goes on at its begin; those that the handler had not counted yet are lost: said and counted. */
  async #closeGap(position: Position, known?: LogRange): Promise<void> {
    const range = known ?? (await this.#range(position.partition, true));
    if (range === null || range.low <= position.next || !this.#isCurrent(position)) return;
    const { handler, logger, metrics } = this.#options;
    const { partition, next: from } = position;
    position.next = range.low;
    const records = (await handler.gap?.(partition, from, range.low)) ?? range.low - from;
    if (records === 0) return;
    const lost = { ...partition, from: range.low - records, to: range.low, records };
    logger.error(lost, "records were removed from the log before they were read");
    metrics.gapRecords.inc({ topic: partition.topic }, records);
  }

  /** null where the broker does not answer, or we stop before it does. */
  async #range(partition: Partition, fresh: boolean): Promise<LogRange | null> {
    const { topic } = partition;
    if (fresh) this.#ranges.delete(topic);
    const asked = this.#ranges.get(topic) ?? this.#options.log.ranges(topic);
    this.#ranges.set(topic, asked);
    try {
      const ranges = await Promise.race([asked, this.#stopping]);
      return ranges?.get(partition.partition) ?? null;
    } catch (error) {
      this.#ranges.delete(topic);
      const reason = messageOf(error);
      this.#options.logger.warn({ topic, reason }, "the broker did not tell the log's range");
      return null;
    }
  }

  /**
   * A log that ends before our position is not the log we read: going on would count other records under the same offsets. Asked more
   * than once, because what is known may be old and a new leader may need a moment.
   */
  async #refuseBeyond(partition: Partition, next: number, known: LogRange | null): Promise<void> {
    let range = known;
    for (let asked = 0; asked < 4 && !this.#stopped; asked++) {
      if (range !== null && next <= range.high) return;
      if (asked > 0) await this.#options.clock.sleep(ASK_AGAIN_MS);
      range = await this.#range(partition, true);
    }
    if (range === null || next <= range.high || this.#stopped) return;
    throw new AppError(
      `topic "${partition.topic}" partition ${partition.partition} ends at offset ${range.high}, before ${next} where reading stopped: ` +
        `it was deleted and created again, or lost its end. ${howToGoOn(partition.topic)}`,
      { code: "kafka_refused" },
    );
  }
}

import { DedupeWindow } from "../reduce/dedupe-window.ts";
import { Watermark } from "../reduce/watermark.ts";
import { messageOf } from "../runtime/errors.ts";
import { Serial } from "../runtime/serial.ts";
import type { Service } from "../runtime/service.ts";
import { partitionKey, type Partition, type RecordBatch } from "../source/source.ts";
import { Ending } from "./ending.ts";
import { Fencing } from "./fencing.ts";
import { IngestFold } from "./ingest-fold.ts";
import { IngestMeter } from "./ingest-meter.ts";
import type { IngestProgress, IngestWorkerOptions } from "./ingest-options.ts";
import type { IngestTotals } from "./ingest-totals.ts";
import {
  assignedState,
  firstRecordFrom,
  hasProgress,
  isWindowIntact,
  lagOf,
  markStored,
  newCounts,
  passBatch,
  passGap,
  stepOf,
  storedEnd,
  waiting,
  type PartitionState,
} from "./partition-state.ts";

/** How long `stop` tries to store what is in hand. With what the others need it fits into the ten seconds that supervisors give. */
const DRAIN_MS = 5_000;
/** A commit that takes longer is trouble worth showing. */
const SLOW_COMMIT_MS = 10_000;
const NOT_STORED = "stopped before the last flush was stored; it will be read again";

/**
 * The ingest loop: source → decode → price → reduce → store. Exactly once: the panes and the offsets they came from are one commit,
 * and on assignment reading starts where ClickHouse says (reliability: src/README.md).
 */
export class IngestWorker implements Service {
  readonly name = "ingest";
  readonly #options: IngestWorkerOptions;
  readonly #dedupe: DedupeWindow;
  readonly #fold: IngestFold;
  readonly #watermark: Watermark;
  readonly #meter: IngestMeter;
  readonly #fencing: Fencing;
  readonly #serial = new Serial();
  readonly #states = new Map<string, PartitionState>();
  readonly #ending = new Ending();
  readonly #abort = new AbortController();
  readonly #stopping = new AbortController();
  #lastFlushMs: number;
  #lastFetchMs: number | null = null;
  #lastStoredMs: number | null = null;
  #flushLoop: Promise<void> = Promise.resolve();

  constructor(options: IngestWorkerOptions) {
    const { pipeline, clock, metrics } = options;
    this.#options = options;
    this.#dedupe = new DedupeWindow(pipeline.dedupe);
    this.#fold = new IngestFold({ ...options, dedupe: this.#dedupe });
    this.#watermark = new Watermark(pipeline);
    this.#meter = new IngestMeter(metrics);
    this.#fencing = new Fencing({ ...options, ...pipeline.flush });
    this.#lastFlushMs = clock.now();
  }

  /** Resolves when a finite source is stored to its end; rejects when ingest cannot go on. */
  get done(): Promise<void> {
    return this.#ending.done;
  }

  /** What this run has stored. */
  get totals(): IngestTotals {
    return this.#meter.totals;
  }

  /** True once ingest cannot go on; `done` tells why. */
  get failed(): boolean {
    return this.#ending.failed;
  }

  get progress(): IngestProgress {
    const waitingMs = this.#options.clock.now() - (this.#meter.storingSinceMs ?? Infinity);
    return {
      ...lagOf([...this.#states.values()]),
      lastFetchMs: this.#lastFetchMs,
      lastStoredMs: this.#lastStoredMs,
      storing: waitingMs > SLOW_COMMIT_MS,
    };
  }

  /** Event-time progress over the partitions, -1 before the first event. */
  watermarkMs(): number {
    const { lagRecords, storing } = this.progress;
    const caughtUp = (lagRecords ?? 0) === 0 && !storing;
    return this.#watermark.current(this.#options.clock.now(), caughtUp);
  }

  async start(): Promise<void> {
    const { source } = this.#options;
    this.#flushLoop = this.#flushRegularly();
    source.done.then(this.#ending.finish, this.#ending.fail);
    try {
      await this.#options.deadLetters?.start(this.#stopping.signal);
      await source.start({
        assigned: (partition, end) => this.#serial.run(() => this.#assigned(partition, end)),
        batch: (records) => this.#serial.run(() => this.#batch(records)),
        gap: (partition, from, to) => this.#serial.run(() => this.#gap(partition, from, to)),
        revoked: (partitions) => this.#serial.run(() => this.#revoked(partitions)),
        stored: (partition) => storedEnd(this.#states.get(partitionKey(partition))),
        ended: () => this.#serial.run(() => this.#flushOrFail()),
      });
    } catch (error) {
      this.#stopping.abort();
      throw error;
    }
  }

  /** Stops reading and stores what is in hand, first of all: the source may take long to end. Gives up on a store that does not answer within the drain time. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const timer = this.#options.clock
      .sleep(DRAIN_MS, this.#abort.signal)
      .then(() => this.#abort.abort());
    await this.#flushLoop;
    const ended = this.#options.source.stop();
    await this.#serial.run(() => this.#flushOrFail());
    await ended;
    await this.#serial.run(() => this.#flushOrFail());
    await this.#options.deadLetters?.stop();
    this.#abort.abort();
    await timer;
    this.#ending.finish();
  }

  async #assigned(partition: Partition, highWatermark: number): Promise<number> {
    const key = partitionKey(partition);
    const known = this.#states.get(key);
    const [checkpoint = null] = await this.#options.store.claim([partition], this.#abort.signal);
    const index = known?.index ?? this.#states.size;
    const state = assignedState(partition, index, { checkpoint, highWatermark });
    const intact = known !== undefined && isWindowIntact(known, state);
    if (intact) {
      state.next = state.resumeAt;
      state.windowIntact = true;
    } else {
      this.#dedupe.forget(index);
      this.#dedupe.setProgress(index, checkpoint?.tailProgressMs ?? -1);
    }
    this.#states.set(key, state);
    this.#meter.lag(state);
    this.#watermark.observe(index, state.maxEventMs, this.#options.clock.now());
    this.#options.logger.info(
      { partition: key, from: state.next, checkpoint: state.committedEnd },
      "partition assigned",
    );
    return state.next;
  }

  /** What was read before the gap is stored first: a step covers what follows its gap. */
  async #gap(partition: Partition, from: number, to: number): Promise<number> {
    const isOpen = (): PartitionState | null => {
      const state = this.#states.get(partitionKey(partition));
      return state?.assigned === true && !this.#ending.failed ? state : null;
    };
    const before = isOpen();
    if (before !== null && hasProgress(before)) await this.#flushOrFail();
    const state = isOpen();
    if (state === null || hasProgress(state)) return 0;
    const lost = passGap(state, from, to);
    this.#meter.lag(state);
    return lost;
  }

  /** After a revoke every partition is assigned anew: panes are summed over partitions, so all uncommitted work goes. */
  #revoked(partitions: readonly Partition[]): Promise<void> {
    this.#drop();
    this.#fencing.rebalanced();
    for (const partition of partitions) {
      const state = this.#states.get(partitionKey(partition));
      if (state === undefined) continue;
      this.#watermark.forget(state.index);
      this.#meter.gone(partition);
    }
    return Promise.resolve();
  }

  #drop(): void {
    this.#fold.clear();
    this.#dedupe.dropUncommitted();
    for (const state of this.#states.values()) {
      state.assigned = false;
      state.counts = newCounts();
    }
  }

  async #batch(records: RecordBatch): Promise<void> {
    const state = this.#states.get(partitionKey(records));
    if (state?.assigned !== true || this.#ending.failed) return;
    try {
      this.#handle(records, state);
    } catch (error) {
      this.#ending.fail(error);
      return;
    }
    const { everyMs, maxRows } = this.#options.pipeline.flush;
    const due = this.#options.clock.now() - this.#lastFlushMs >= everyMs;
    if (this.#fold.isFull(maxRows) || due) await this.#flushOrFail();
  }

  /** Adds the records that are new; those before the checkpoint only feed the dedupe window. */
  #handle(records: RecordBatch, state: PartitionState): void {
    const nowMs = this.#options.clock.now();
    const from = firstRecordFrom(records, state.next);
    const fresh = Math.max(from, firstRecordFrom(records, state.resumeAt));
    const count = records.values.length - fresh;
    if (from < fresh) this.#fold.remember(records, { from, to: fresh, nowMs }, state);
    if (count > 0) {
      const range = { from: fresh, to: records.values.length, nowMs };
      this.#fold.add(records, range, state);
    }
    passBatch(state, records, count);
    this.#lastFetchMs = nowMs;
    this.#meter.read(records, count, nowMs);
    this.#watermark.observe(state.index, state.maxEventMs, nowMs);
  }

  async #flushRegularly(): Promise<void> {
    const { clock, pipeline } = this.#options;
    while (!this.#stopping.signal.aborted) {
      await clock.sleep(pipeline.flush.everyMs / 4, this.#stopping.signal);
      if (clock.now() - this.#lastFlushMs < pipeline.flush.everyMs) continue;
      await this.#serial.run(() => this.#flushOrFail());
    }
  }

  async #flushOrFail(): Promise<void> {
    if (this.#ending.failed) return;
    try {
      await this.#flush();
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#ending.fail(error);
      else this.#options.logger.warn({ error: messageOf(error) }, NOT_STORED);
    }
  }

  /** One commit over all partitions that moved. */
  async #flush(): Promise<void> {
    const { store, clock, source } = this.#options;
    const states = [...this.#states.values()].filter(hasProgress);
    this.#lastFlushMs = clock.now();
    if (states.length === 0) return;
    this.#abort.signal.throwIfAborted();
    const watermarkMs = this.watermarkMs();
    const { rejected } = this.#fold;
    const batch = {
      panes: this.#fold.panes(),
      rejected,
      steps: states.map((state) => stepOf(state, this.#dedupe, this.#watermark)),
    };
    this.#meter.storing(this.#lastFlushMs);
    await this.#options.deadLetters?.publish(rejected, this.#abort.signal);
    const outcome = await store.append(batch, this.#abort.signal);
    this.#meter.storing(null);
    if (outcome.kind === "superseded") {
      this.#drop();
      source.reassign(this.#fencing.superseded(outcome.by));
      return;
    }
    this.#meter.flushed(batch, {
      rejected,
      states,
      startedMs: this.#lastFlushMs,
      nowMs: clock.now(),
      watermarkMs,
      dedupe: this.#dedupe,
    });
    const maxEventMs = Math.max(...states.map((state) => state.maxEventMs));
    this.#options.onStored?.(batch.panes, { watermarkMs, maxEventMs });
    await this.#settle(states);
  }

  /** The batch is stored: the next one starts from its ends. */
  async #settle(states: readonly PartitionState[]): Promise<void> {
    const { clock, source } = this.#options;
    this.#lastStoredMs = clock.now();
    this.#fold.clear();
    this.#dedupe.markCommitted();
    for (const state of states) markStored(state);
    this.#watermark.heldBack(this.#lastStoredMs - this.#lastFlushMs, waiting(this.#states));
    this.#fold.forgetOldNames(this.#lastStoredMs);
    await source.committed(
      states.map(({ partition, next }) => ({ ...partition, endOffset: next })),
    );
  }
}

import type { Pipeline } from "../config/pipeline.ts";
import type { Decoder } from "../decode/decoder.ts";
import { EventBatch, type Dictionaries } from "../decode/event-batch.ts";
import { headersRead, keptHeaders } from "../decode/kept-headers.ts";
import type { RejectedEvent } from "../decode/usage-event.ts";
import type { Pricer } from "../price/pricer.ts";
import type { DedupeWindow } from "../reduce/dedupe-window.ts";
import type { PaneTable } from "../reduce/pane.ts";
import { Reducer } from "../reduce/reducer.ts";
import type { Clock } from "../runtime/clock.ts";
import type { RecordBatch } from "../source/source.ts";
import type { RejectedRow } from "../store/store.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { PartitionState } from "./partition-state.ts";
import { overpricedEvents } from "./overpriced.ts";
import { RejectGate } from "./reject-gate.ts";

interface Range {
  readonly from: number;
  readonly to: number;
  readonly nowMs: number;
}

/** The dedupe window holds every id since the last flush, however few panes they make; a run that flushes by rows alone must not hold them all. */
const MAX_FLUSH_EVENTS = 500_000;
/** Rejected events wait for the next flush with their bytes; a flood of them does not wait that long. */
const MAX_REJECTED_BYTES = 16 * 1024 * 1024;
/** Interned strings are dropped after a flush when they are this old, so that names of last week do not stay for ever. */
const DICTIONARY_AGE_MS = 3_600_000;
/** A rejected event's row without its raw bytes, estimated. */
const REJECTED_ROW_BYTES = 512;

/** Hops 2 to 4 for one slice of records: decode → price → reduce. Synchronous; the batch of columns is reused. */
export class IngestFold {
  readonly #decoder: Decoder;
  readonly #pricer: Pricer;
  readonly #metrics: Metrics;
  readonly #events: EventBatch;
  readonly #reducer: Reducer;
  readonly #gate: RejectGate;
  readonly #headersRead: readonly string[];
  #rejected: RejectedRow[] = [];
  #rejectedBytes = 0;
  #eventCount = 0;
  #namesSinceMs: number;

  constructor(options: {
    readonly pipeline: Pipeline;
    readonly decoder: Decoder;
    readonly pricer: Pricer;
    readonly dictionaries: Dictionaries;
    readonly dedupe: DedupeWindow;
    readonly metrics: Metrics;
    readonly clock: Clock;
  }) {
    const { pipeline, dedupe } = options;
    this.#decoder = options.decoder;
    this.#pricer = options.pricer;
    this.#metrics = options.metrics;
    this.#events = new EventBatch(options.dictionaries);
    this.#namesSinceMs = options.clock.now();
    this.#reducer = new Reducer({ dedupe, labelNames: pipeline.labels });
    this.#headersRead = headersRead(pipeline);
    this.#gate = new RejectGate({ share: pipeline.limits.rejectShare, pipeline: pipeline.name });
  }

  /** Whether so much waits (`maxRows` panes, very many events, or many rejected bytes) that it should be stored now. */
  isFull(maxRows: number): boolean {
    return (
      this.#reducer.rows >= maxRows ||
      this.#eventCount >= MAX_FLUSH_EVENTS ||
      this.#rejectedBytes >= MAX_REJECTED_BYTES
    );
  }

  /** What was rejected since `clear`. */
  get rejected(): readonly RejectedRow[] {
    return this.#rejected;
  }

  /** Adds records to their panes. Throws AppError `config` on a flood of rejections. */
  add(records: RecordBatch, range: Range, state: PartitionState): void {
    const events = this.#events;
    const rejected: RejectedEvent[] = [];
    events.reset();
    const tally = this.#decoder.decode(records, range, events, rejected);
    const overpriced = this.#pricer.price(events);
    for (const one of overpricedEvents(records, events, overpriced)) rejected.push(one);
    this.#eventCount += events.length;
    this.#gate.observe(events.length - overpriced.size, rejected, records.topic);
    const origin = { partition: state.index, offsets: records.offsets };
    const added = this.#reducer.add(events, origin, overpriced);
    state.maxEventMs = Math.max(state.maxEventMs, added.maxEventMs);
    state.counts.accepted += added.accepted;
    state.counts.duplicates += added.duplicates;
    state.counts.rejected += rejected.length;
    state.counts.ignored += tally.ignored;
    if (tally.mended > 0) this.#metrics.eventsMended.inc({ topic: records.topic }, tally.mended);
    for (const one of rejected) {
      this.#rejected.push(rejectedRow(records, state, one, this.#headersRead));
      this.#rejectedBytes += one.raw.byteLength + REJECTED_ROW_BYTES;
    }
  }

  /** Feeds the dedupe window with records that ClickHouse holds already. */
  remember(records: RecordBatch, range: Range, state: PartitionState): void {
    this.#events.reset();
    this.#decoder.decode(records, range, this.#events, []);
    const overpriced = this.#pricer.price(this.#events);
    const origin = { partition: state.index, offsets: records.offsets };
    this.#reducer.remember(this.#events, origin, overpriced);
  }

  /** The panes added to since `clear`, as views. */
  panes(): PaneTable {
    return this.#reducer.panes(this.#events, this.#pricer.versions);
  }

  /** Once an hour; only when nothing waits to be stored. */
  forgetOldNames(nowMs: number): void {
    if (nowMs - this.#namesSinceMs <= DICTIONARY_AGE_MS) return;
    this.#events.dictionaries.clear();
    this.#namesSinceMs = nowMs;
  }

  clear(): void {
    this.#reducer.clear();
    this.#rejected = [];
    this.#rejectedBytes = 0;
    this.#eventCount = 0;
  }
}

function rejectedRow(
  records: RecordBatch,
  state: PartitionState,
  one: RejectedEvent,
  headersFirst: readonly string[],
): RejectedRow {
  const headers = keptHeaders(records.headers?.[one.record], headersFirst);
  return {
    ...state.partition,
    incarnation: state.incarnation,
    offset: records.offsets[one.record] as number,
    event: one.event,
    reason: one.reason,
    detail: one.detail,
    raw: one.raw,
    rawBytes: one.rawBytes,
    ...(headers === undefined ? {} : { headers }),
  };
}

import type { Pipeline } from "../config/pipeline.ts";
import type { Decoder } from "../decode/decoder.ts";
import { EventBatch, type Dictionaries } from "../decode/event-batch.ts";
import { DIM, DIMENSIONS, type RejectedEvent } from "../decode/usage-event.ts";
import type { Pricer } from "../price/pricer.ts";
import type { RecordBatch } from "../source/source.ts";
import type { Ledger } from "./ledger.ts";
import { SeenIds, type Sight } from "./seen-ids.ts";

const MINUTE_MS = 60_000;
/** Interned strings are forgotten between two batches when there are so many. */
const MAX_NAMES = 100_000;

/** What the records of one partition came to. */
export interface Recounted {
  records: number;
  /** Events that count for certain, and those of which another partition holds the id too. */
  accepted: number;
  elsewhere: number;
  duplicates: number;
  rejected: number;
  ignored: number;
}

export function noneRecounted(): Recounted {
  return { records: 0, accepted: 0, elsewhere: 0, duplicates: 0, rejected: 0, ignored: 0 };
}

/** One partition in the recount. */
export interface RecountedPartition {
  /** A number of its own. */
  readonly index: number;
  /** Largest event time so far, -1 before the first. */
  progressMs: number;
  /** Records before this offset are counted apart. */
  countFrom: number;
  before: Recounted;
  counts: Recounted;
}

/** Straight from records to the ledger, event by event: decoded, priced, judged by id, added. No panes, no batches of them, nothing that is stored. */
export class Recount {
  readonly ids: SeenIds;
  readonly #decoder: Decoder;
  readonly #pricer: Pricer;
  readonly #ledger: Ledger;
  readonly #events: EventBatch;

  /** `dictionaries` must be those of decoder and pricer, and hold any number of teams and models. */
  constructor(options: {
    readonly pipeline: Pipeline;
    readonly decoder: Decoder;
    readonly pricer: Pricer;
    readonly dictionaries: Dictionaries;
    readonly ledger: Ledger;
  }) {
    this.ids = new SeenIds(options.pipeline.dedupe);
    this.#decoder = options.decoder;
    this.#pricer = options.pricer;
    this.#ledger = options.ledger;
    this.#events = new EventBatch(options.dictionaries);
  }

  /** `nowMs` judges the future of records without an append time. */
  add(records: RecordBatch, partition: RecountedPartition, nowMs: number): void {
    const { dictionaries } = this.#events;
    if (dictionaries.size > MAX_NAMES) dictionaries.clear();
    const { before, counts, countFrom } = partition;
    const to = records.values.length;
    const middle = records.offsets.filter((offset) => offset < countFrom).length;
    if (middle > 0) this.#addRange(records, { from: 0, to: middle, nowMs }, partition, before);
    if (middle < to) this.#addRange(records, { from: middle, to, nowMs }, partition, counts);
  }

  #addRange(
    records: RecordBatch,
    range: { readonly from: number; readonly to: number; readonly nowMs: number },
    partition: RecountedPartition,
    counts: Recounted,
  ): void {
    const events = this.#events;
    const rejected: RejectedEvent[] = [];
    events.reset();
    const { ignored } = this.#decoder.decode(records, range, events, rejected);
    const overpriced = this.#pricer.price(events);
    counts.records += range.to - range.from;
    counts.ignored += ignored;
    counts.rejected += rejected.length + overpriced.size;
    for (let row = 0; row < events.length; row++) {
      if (!overpriced.has(row)) this.#addEvent(row, partition, counts);
    }
  }

  #addEvent(row: number, partition: RecountedPartition, counts: Recounted): void {
    const events = this.#events;
    const timeMs = events.timeMs[row] ?? 0;
    partition.progressMs = Math.max(partition.progressMs, timeMs);
    const sight = this.#see(row, partition);
    if (sight === "repeat") {
      counts.duplicates++;
      return;
    }
    if (sight === "new") counts.accepted++;
    else counts.elsewhere++;
    const key = {
      minute: Math.floor(timeMs / MINUTE_MS) * 60,
      team: this.#name(row, DIM.team),
      model: this.#name(row, DIM.model),
    };
    this.#ledger.count(key, this.#sums(row), sight === "elsewhere");
  }

  #see(row: number, { index, progressMs }: RecountedPartition): Sight {
    const { hasId, idHigh, idLow } = this.#events;
    if (hasId[row] === 0) return "new";
    const id = (BigInt(idHigh[row] ?? 0) << 32n) | BigInt(idLow[row] ?? 0);
    return this.ids.see(id, index, progressMs);
  }

  #name(row: number, dimension: number): string {
    const { dims, dictionaries } = this.#events;
    const id = dims[row * DIMENSIONS.length + dimension] ?? -1;
    return dictionaries.dimensions[dimension]?.value(id) ?? "";
  }

  /** In the order of SUMS. */
  #sums(row: number): number[] {
    const events = this.#events;
    const columns = [
      events.requests,
      events.errors,
      events.uncachedInput,
      events.cacheRead,
      events.cacheWrite5m,
      events.cacheWrite1h,
      events.output,
      events.reasoning,
      events.costNanos,
      events.unpricedTokens,
    ];
    return columns.map((column) => column[row] ?? 0);
  }
}

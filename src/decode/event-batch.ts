import { Dictionary } from "./dictionary.ts";
import { DIMENSIONS, type Dimension } from "./usage-event.ts";

const STRIDE = DIMENSIONS.length;

/**
 * How many distinct values each dimension may have between two clears (an hour): beyond, `__other__`. Far above what a company of
 * 6,000 people shows, far below what a flood could cost.
 */
const DICTIONARY_LIMITS: Readonly<Record<Dimension, number>> = {
  department: 2_000,
  team: 10_000,
  user: 100_000,
  key: 100_000,
  agent: 50_000,
  provider: 500,
  model: 2_000,
  tool: 5_000,
  service_tier: 100,
  label1: 10_000,
  label2: 10_000,
  label3: 10_000,
  label4: 10_000,
};

/** One dictionary per dimension, shared by the batch and the reducer's table. Ids die when `clear` is called. */
export class Dictionaries {
  readonly dimensions: readonly Dictionary[];
  readonly session = new Dictionary();
  /** Counts clears: caches keyed by ids compare it and drop themselves. */
  epoch = 0;

  constructor(limits: Partial<Readonly<Record<Dimension, number>>> = {}) {
    this.dimensions = DIMENSIONS.map(
      (name) => new Dictionary(limits[name] ?? DICTIONARY_LIMITS[name]),
    );
  }

  /** Values folded into `__other__` since the last call, over all dimensions. */
  takeOverflow(): number {
    return this.dimensions.reduce((sum, one) => sum + one.takeOverflow(), 0);
  }

  /** Strings held over all dimensions. */
  get size(): number {
    return this.dimensions.reduce((sum, one) => sum + one.size, this.session.size);
  }

  clear(): void {
    for (const one of this.dimensions) one.clear();
    this.session.clear();
    this.epoch++;
  }
}

/**
 * Decoded events between two stages, as columns that are reused: interned ids and integers, no object per event.
 * Numbers are exact integers in doubles (< 2^53) unless said. A decoder appends, pricing fills the cost columns, the reducer reads.
 */
export class EventBatch {
  readonly dictionaries: Dictionaries;
  length = 0;
  capacity: number;
  /** Row-major ids, STRIDE a row, in the order of DIMENSIONS. */
  dims: Int32Array;
  session: Int32Array;
  timeMs: Float64Array;
  requests: Float64Array;
  errors: Float64Array;
  uncachedInput: Float64Array;
  cacheRead: Float64Array;
  cacheWrite5m: Float64Array;
  cacheWrite1h: Float64Array;
  output: Float64Array;
  reasoning: Float64Array;
  /** Reported cost in nano-dollars, -1 where none was reported. */
  reportedNanos: Float64Array;
  /** Filled by pricing: nano-dollars, 0 where unpriced. */
  costNanos: Float64Array;
  /** Filled by pricing: all tokens of an event that has no price, else 0. */
  unpricedTokens: Float64Array;
  /** Filled by pricing: index into the pricer's list of price versions. */
  priceVersion: Int32Array;
  /** 64-bit hash of the event's id; `hasId` says whether there is one. */
  idHigh: Uint32Array;
  idLow: Uint32Array;
  hasId: Uint8Array;
  /** Which record of the RecordBatch, and which event within it. */
  record: Uint32Array;
  event: Uint32Array;

  constructor(dictionaries: Dictionaries, capacity = 4096) {
    this.dictionaries = dictionaries;
    this.capacity = capacity;
    const doubles = (): Float64Array => new Float64Array(capacity);
    this.dims = new Int32Array(capacity * STRIDE);
    this.session = new Int32Array(capacity);
    this.timeMs = doubles();
    this.requests = doubles();
    this.errors = doubles();
    this.uncachedInput = doubles();
    this.cacheRead = doubles();
    this.cacheWrite5m = doubles();
    this.cacheWrite1h = doubles();
    this.output = doubles();
    this.reasoning = doubles();
    this.reportedNanos = doubles();
    this.costNanos = doubles();
    this.unpricedTokens = doubles();
    this.priceVersion = new Int32Array(capacity);
    this.idHigh = new Uint32Array(capacity);
    this.idLow = new Uint32Array(capacity);
    this.hasId = new Uint8Array(capacity);
    this.record = new Uint32Array(capacity);
    this.event = new Uint32Array(capacity);
  }

  /** Forgets the events; the columns stay. */
  reset(): void {
    this.length = 0;
  }

  /** Appends an empty row (numbers 0, requests 1, no id, no reported cost, dims left to the caller) and gives its index. */
  push(record: number, event: number): number {
    if (this.length === this.capacity) this.#grow();
    const row = this.length++;
    this.session[row] = -1;
    this.requests[row] = 1;
    this.errors[row] = 0;
    this.uncachedInput[row] = 0;
    this.cacheRead[row] = 0;
    this.cacheWrite5m[row] = 0;
    this.cacheWrite1h[row] = 0;
    this.output[row] = 0;
    this.reasoning[row] = 0;
    this.reportedNanos[row] = -1;
    this.costNanos[row] = 0;
    this.unpricedTokens[row] = 0;
    this.priceVersion[row] = 0;
    this.hasId[row] = 0;
    this.record[row] = record;
    this.event[row] = event;
    return row;
  }

  /** Takes back the last row: a decoder that finds the event bad half-way. */
  pop(): void {
    this.length--;
  }

  #grow(): void {
    const bigger = new EventBatch(this.dictionaries, this.capacity * 2);
    bigger.dims.set(this.dims);
    bigger.session.set(this.session);
    for (const name of DOUBLE_COLUMNS) bigger[name].set(this[name]);
    bigger.priceVersion.set(this.priceVersion);
    bigger.idHigh.set(this.idHigh);
    bigger.idLow.set(this.idLow);
    bigger.hasId.set(this.hasId);
    bigger.record.set(this.record);
    bigger.event.set(this.event);
    const { length } = this;
    Object.assign(this, bigger, { length });
  }
}

const DOUBLE_COLUMNS = [
  "timeMs",
  "requests",
  "errors",
  "uncachedInput",
  "cacheRead",
  "cacheWrite5m",
  "cacheWrite1h",
  "output",
  "reasoning",
  "reportedNanos",
  "costNanos",
  "unpricedTokens",
] as const satisfies readonly (keyof EventBatch)[];

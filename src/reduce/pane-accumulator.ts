import { DIMENSIONS } from "../decode/usage-event.ts";
import type { Dictionary } from "../decode/dictionary.ts";
import type { EventBatch } from "../decode/event-batch.ts";
import { PaneSessions, type TopSessions } from "./pane-sessions.ts";
import { COUNTER, COUNTERS, PANE_KEY_LENGTH, PANE_MS } from "./pane.ts";

/** A cell that holds something is closed and a new one opened before a sum could reach this: doubles are exact below 2^53, and so is any one event. */
const CELL_LIMIT = 2 ** 52;
const KEYS = PANE_KEY_LENGTH;
const WIDTH = COUNTERS.length;
const DIMS = DIMENSIONS.length;

/**
 * Open panes as one open-addressing table: rows of ids and rows of counters in typed arrays, an index of slots over them.
 * Deltas are additive, so a key may own several rows: that is how a cell is cut before its sum could lose exactness.
 */
export class PaneAccumulator {
  #capacity: number;
  #slots: Int32Array;
  #keys: Int32Array;
  #counters: Float64Array;
  #rows = 0;
  readonly #key = new Int32Array(KEYS);
  readonly #values = new Float64Array(WIDTH);
  readonly #sessions = new PaneSessions();

  constructor(initialRows = 4096) {
    this.#capacity = initialRows;
    this.#slots = new Int32Array(initialRows * 2);
    this.#keys = new Int32Array(initialRows * KEYS);
    this.#counters = new Float64Array(initialRows * WIDTH);
  }

  get rows(): number {
    return this.#rows;
  }

  /** Views on the rows held; valid until the next `add` or `clear`. */
  get keys(): Int32Array {
    return this.#keys.subarray(0, this.#rows * KEYS);
  }

  get counters(): Float64Array {
    return this.#counters.subarray(0, this.#rows * WIDTH);
  }

  /** The dearest session of each row held, null where no event names one. `names` are those of the events' sessions. */
  topSessions(names: Dictionary): TopSessions | null {
    return this.#sessions.top(this.#rows, names);
  }

  /** Adds one priced event to its pane. */
  add(events: EventBatch, event: number): void {
    const key = this.#key;
    key[0] = Math.floor((events.timeMs[event] as number) / PANE_MS);
    const start = event * DIMS;
    for (let i = 0; i < DIMS; i++) key[i + 1] = events.dims[start + i] as number;
    key[KEYS - 1] = events.priceVersion[event] as number;
    this.#read(events, event);
    const row = this.#addTo(this.#find());
    const session = events.session[event] as number;
    if (session >= 0) this.#sessions.add(row, session, events.costNanos[event] as number);
  }

  clear(): void {
    this.#slots.fill(0);
    this.#rows = 0;
    this.#sessions.clear();
  }

  /** Copies the event's numbers into the order of COUNTERS. */
  #read(events: EventBatch, event: number): void {
    const values = this.#values;
    const cost = events.costNanos[event] as number;
    const usd = cost / 1e9;
    const tokens =
      (events.uncachedInput[event] as number) +
      (events.cacheRead[event] as number) +
      (events.cacheWrite5m[event] as number) +
      (events.cacheWrite1h[event] as number) +
      (events.output[event] as number);
    values[COUNTER.requests] = events.requests[event] as number;
    values[COUNTER.errors] = events.errors[event] as number;
    values[COUNTER.uncached_input_tokens] = events.uncachedInput[event] as number;
    values[COUNTER.cache_read_input_tokens] = events.cacheRead[event] as number;
    values[COUNTER.cache_write_5m_input_tokens] = events.cacheWrite5m[event] as number;
    values[COUNTER.cache_write_1h_input_tokens] = events.cacheWrite1h[event] as number;
    values[COUNTER.output_tokens] = events.output[event] as number;
    values[COUNTER.reasoning_output_tokens] = events.reasoning[event] as number;
    values[COUNTER.cost_nanos] = cost;
    values[COUNTER.unpriced_tokens] = events.unpricedTokens[event] as number;
    values[COUNTER.cost_usd_squared] = usd * usd;
    values[COUNTER.max_event_cost_nanos] = cost;
    values[COUNTER.max_event_tokens] = tokens;
  }

  /** Gives the row that took the event: a new one where the sum would have grown too large. */
  #addTo(row: number): number {
    const counters = this.#counters;
    const values = this.#values;
    const start = row * WIDTH;
    for (let i = 0; i < COUNTER.cost_usd_squared; i++) {
      const held = counters[start + i] as number;
      if (held > 0 && held + (values[i] as number) >= CELL_LIMIT) {
        return this.#addTo(this.#reopen(row));
      }
    }
    for (let i = 0; i <= COUNTER.cost_usd_squared; i++) {
      counters[start + i] = (counters[start + i] as number) + (values[i] as number);
    }
    for (let i = COUNTER.max_event_cost_nanos; i < WIDTH; i++) {
      counters[start + i] = Math.max(counters[start + i] as number, values[i] as number);
    }
    return row;
  }

  /** The row of `#key`, new on first sight. */
  #find(): number {
    if (this.#rows === this.#capacity) this.#grow();
    const mask = this.#slots.length - 1;
    let slot = hashOf(this.#key, 0) & mask;
    for (;;) {
      const row = (this.#slots[slot] as number) - 1;
      if (row < 0) {
        this.#slots[slot] = this.#rows + 1;
        return this.#append();
      }
      if (this.#sameKey(row)) return row;
      slot = (slot + 1) & mask;
    }
  }

  /** Leaves a full row as it is and points its slot at a new one of the same key. */
  #reopen(full: number): number {
    if (this.#rows === this.#capacity) this.#grow();
    const mask = this.#slots.length - 1;
    let slot = hashOf(this.#key, 0) & mask;
    while ((this.#slots[slot] as number) - 1 !== full) slot = (slot + 1) & mask;
    this.#slots[slot] = this.#rows + 1;
    return this.#append();
  }

  #append(): number {
    const row = this.#rows++;
    this.#keys.set(this.#key, row * KEYS);
    this.#counters.fill(0, row * WIDTH, (row + 1) * WIDTH);
    return row;
  }

  #sameKey(row: number): boolean {
    const keys = this.#keys;
    const key = this.#key;
    const start = row * KEYS;
    for (let i = 0; i < KEYS; i++) if (keys[start + i] !== key[i]) return false;
    return true;
  }

  #grow(): void {
    const old = { slots: this.#slots, keys: this.#keys, counters: this.#counters };
    this.#capacity *= 2;
    this.#slots = new Int32Array(this.#capacity * 2);
    this.#keys = new Int32Array(this.#capacity * KEYS);
    this.#counters = new Float64Array(this.#capacity * WIDTH);
    this.#keys.set(old.keys);
    this.#counters.set(old.counters);
    const mask = this.#slots.length - 1;
    // Only rows that a slot points at are live; full rows stay unindexed.
    for (const entry of old.slots) {
      if (entry === 0) continue;
      let slot = hashOf(this.#keys, (entry - 1) * KEYS) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = entry;
    }
  }
}

/** Murmur3-style mix over one key of ids. */
function hashOf(keys: Int32Array, start: number): number {
  let hash = 0x9747b28c | 0;
  for (let i = 0; i < KEYS; i++) {
    let part = Math.imul(keys[start + i] as number, 0xcc9e2d51);
    part = (part << 15) | (part >>> 17);
    hash ^= Math.imul(part, 0x1b873593);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

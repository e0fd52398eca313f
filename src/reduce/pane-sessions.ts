import type { Dictionary } from "../decode/dictionary.ts";
import { OTHER } from "../decode/usage-event.ts";

/** Of each row the session that cost the most; -1 and 0 where no event names one. */
export interface TopSessions {
  /** Ids of `Dictionaries.session`, one a row. */
  readonly ids: Int32Array;
  /** What the row's events of that session cost, nano-dollars: never more than the row. */
  readonly costNanos: Float64Array;
}

/** Sessions told apart in one row. People have one or two within a minute; a service may have one for each call, and then none of them matters. */
const MOST = 16;

/**
 * What each session spent within each row of panes, as chains of entries in typed arrays. Takes no memory until an event names a session. Where a row has
 * more of them than are told apart, the one that cost the least makes room, so that one which goes on stays.
 */
export class PaneSessions {
  /** By row: its newest entry, 0 for none. Entry 0 is never used. */
  #heads = new Int32Array(0);
  #ids = new Int32Array(0);
  #costs = new Float64Array(0);
  #next = new Int32Array(0);
  #entries = 0;

  add(row: number, session: number, costNanos: number): void {
    if (row >= this.#heads.length) this.#heads = grown(this.#heads, row + 1);
    let length = 0;
    let least = 0;
    for (let at = this.#heads[row] as number; at !== 0; at = this.#next[at] as number) {
      if (this.#ids[at] === session) {
        this.#costs[at] = (this.#costs[at] as number) + costNanos;
        return;
      }
      length++;
      if (least === 0 || (this.#costs[at] as number) <= (this.#costs[least] as number)) least = at;
    }
    if (length < MOST) this.#append(row, session, costNanos);
    else if (costNanos >= (this.#costs[least] as number)) {
      this.#ids[least] = session;
      this.#costs[least] = costNanos;
    }
  }

  /** The dearest session of each of `rows` rows, of equal ones the first by name: the same events give the same, whatever their ids. null: none has one. */
  top(rows: number, names: Dictionary): TopSessions | null {
    if (this.#entries === 0) return null;
    const ids = new Int32Array(rows).fill(-1);
    const costNanos = new Float64Array(rows);
    for (let row = 0; row < Math.min(rows, this.#heads.length); row++) {
      const top = this.#topOf(row, names);
      if (top === 0) continue;
      ids[row] = this.#ids[top] as number;
      costNanos[row] = this.#costs[top] as number;
    }
    return { ids, costNanos };
  }

  clear(): void {
    if (this.#entries === 0) return;
    this.#heads.fill(0);
    this.#entries = 0;
  }

  #topOf(row: number, names: Dictionary): number {
    let top = 0;
    for (let at = this.#heads[row] as number; at !== 0; at = this.#next[at] as number) {
      const name = names.value(this.#ids[at] as number);
      // An empty name is no session, and what a full dictionary folded together is not one.
      if (name === "" || name === OTHER) continue;
      const more = top === 0 ? 1 : (this.#costs[at] as number) - (this.#costs[top] as number);
      if (more > 0 || (more === 0 && name < names.value(this.#ids[top] as number))) top = at;
    }
    return top;
  }

  #append(row: number, session: number, costNanos: number): void {
    const entry = ++this.#entries;
    if (entry >= this.#ids.length) {
      this.#ids = grown(this.#ids, entry + 1);
      this.#next = grown(this.#next, entry + 1);
      const costs = new Float64Array(this.#ids.length);
      costs.set(this.#costs);
      this.#costs = costs;
    }
    this.#ids[entry] = session;
    this.#costs[entry] = costNanos;
    this.#next[entry] = this.#heads[row] as number;
    this.#heads[row] = entry;
  }
}

function grown(values: Int32Array, atLeast: number): Int32Array<ArrayBuffer> {
  const bigger = new Int32Array(Math.max(1024, 2 * values.length, atLeast));
  bigger.set(values);
  return bigger;
}

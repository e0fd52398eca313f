import type { EventBatch } from "../decode/event-batch.ts";
import type { DedupeWindow } from "./dedupe-window.ts";
import { PaneAccumulator } from "./pane-accumulator.ts";
import type { PaneTable } from "./pane.ts";

/** Which partition (the worker's small number for it) and which offsets the events of a batch came from. */
export interface EventOrigin {
  readonly partition: number;
  /** RecordBatch.offsets; `EventBatch.record` indexes it. */
  readonly offsets: Float64Array;
}

/** What `add` did. `maxEventMs` is -1 where nothing was accepted or known. */
export interface AddTally {
  accepted: number;
  duplicates: number;
  maxEventMs: number;
}

/** Folds priced events into open panes and drops what a producer sent twice. Pure: no I/O, no clock. */
export class Reducer {
  readonly #panes = new PaneAccumulator();
  readonly #dedupe: DedupeWindow;
  readonly #labelNames: readonly string[];

  constructor(options: { dedupe: DedupeWindow; labelNames: readonly string[] }) {
    this.#dedupe = options.dedupe;
    this.#labelNames = options.labelNames;
  }

  get rows(): number {
    return this.#panes.rows;
  }

  /** Adds the batch's events in order, but not those whose index is in `skip`. */
  add(events: EventBatch, origin: EventOrigin, skip: ReadonlySet<number>): AddTally {
    const tally: AddTally = { accepted: 0, duplicates: 0, maxEventMs: -1 };
    for (let event = 0; event < events.length; event++) {
      if (skip.has(event)) continue;
      if (this.#seen(events, event, origin, tally)) {
        tally.duplicates++;
        continue;
      }
      this.#panes.add(events, event);
      tally.accepted++;
    }
    return tally;
  }

  /** Feeds the dedupe window only: records before the checkpoint, read again after a restart. */
  remember(events: EventBatch, origin: EventOrigin, skip: ReadonlySet<number>): void {
    const tally: AddTally = { accepted: 0, duplicates: 0, maxEventMs: -1 };
    for (let event = 0; event < events.length; event++) {
      if (!skip.has(event)) this.#seen(events, event, origin, tally);
    }
  }

  /** The open panes as a table of views: valid until the next `add` or `clear`. */
  panes(events: EventBatch, priceVersions: readonly string[]): PaneTable {
    const topSessions = this.#panes.topSessions(events.dictionaries.session);
    return {
      rows: this.#panes.rows,
      keys: this.#panes.keys,
      counters: this.#panes.counters,
      dictionaries: events.dictionaries,
      priceVersions,
      labelNames: this.#labelNames,
      ...(topSessions === null ? {} : { topSessions }),
    };
  }

  /** The panes are stored, or dropped to be read again. */
  clear(): void {
    this.#panes.clear();
  }

  #seen(events: EventBatch, event: number, origin: EventOrigin, tally: AddTally): boolean {
    const timeMs = events.timeMs[event] as number;
    if (timeMs > tally.maxEventMs) tally.maxEventMs = timeMs;
    this.#dedupe.advance(origin.partition, timeMs);
    if (events.hasId[event] === 0) return false;
    return this.#dedupe.seen(events.idHigh[event] as number, events.idLow[event] as number, {
      partition: origin.partition,
      offset: origin.offsets[events.record[event] as number] as number,
    });
  }
}

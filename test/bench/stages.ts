import { pipelineFrom } from "../../src/config/load.ts";
import type { Pipeline } from "../../src/config/pipeline.ts";
import { createDecoder } from "../../src/decode/create-decoder.ts";
import type { Decoder } from "../../src/decode/decoder.ts";
import { Dictionaries, EventBatch } from "../../src/decode/event-batch.ts";
import { loadPriceBook } from "../../src/price/load-price-book.ts";
import { createPricer, type Pricer } from "../../src/price/pricer.ts";
import { DedupeWindow } from "../../src/reduce/dedupe-window.ts";
import type { PaneTable } from "../../src/reduce/pane.ts";
import { Reducer } from "../../src/reduce/reducer.ts";
import type { RecordBatch } from "../../src/source/source.ts";
import type { BenchInput } from "./harness.ts";

/** The wall clock of the benches: after the last event of the file. */
export const NOW_MS = Date.UTC(2026, 11, 1);

/** Hops 2 to 4 as the ingest worker wires them. */
export class Stages {
  readonly pipeline: Pipeline;
  readonly #dictionaries = new Dictionaries();
  readonly #decoder: Decoder;
  readonly #pricer: Pricer;

  constructor({ prices }: Pick<BenchInput, "prices">) {
    this.pipeline = pipelineFrom({ name: "bench", format: "canonical-json", prices });
    this.#decoder = createDecoder(this.pipeline, this.#dictionaries);
    const { costSource } = this.pipeline;
    const book = loadPriceBook(this.pipeline.prices);
    this.#pricer = createPricer(book, { costSource, dictionaries: this.#dictionaries });
  }

  newBatch(): EventBatch {
    return new EventBatch(this.#dictionaries);
  }

  newReducer(): Reducer {
    return new Reducer({ dedupe: new DedupeWindow(this.pipeline.dedupe), labelNames: [] });
  }

  decode(records: RecordBatch, events: EventBatch): void {
    events.reset();
    const range = { from: 0, to: records.values.length, nowMs: NOW_MS };
    this.#decoder.decode(records, range, events, []);
  }

  reduce(records: RecordBatch, events: EventBatch, reducer: Reducer): void {
    const overpriced = this.#pricer.price(events);
    reducer.add(events, { partition: 0, offsets: records.offsets }, overpriced);
  }

  /** The panes of all records, as one flush would hold them. */
  panesOf(batches: readonly RecordBatch[]): PaneTable {
    const events = this.newBatch();
    const reducer = this.newReducer();
    for (const records of batches) {
      this.decode(records, events);
      this.reduce(records, events, reducer);
    }
    return reducer.panes(events, this.#pricer.versions);
  }
}

import type { Pipeline } from "./config/pipeline.ts";
import { createDecoder } from "./decode/create-decoder.ts";
import { Dictionaries } from "./decode/event-batch.ts";
import { loadPriceBook } from "./price/load-price-book.ts";
import { createPricer } from "./price/pricer.ts";
import type { Clock } from "./runtime/clock.ts";
import type { Source } from "./source/source.ts";
import type { PaneStore } from "./store/store.ts";
import type { Logger } from "./telemetry/logger.ts";
import type { Metrics } from "./telemetry/metrics.ts";
import type { DeadLetters, IngestWorkerOptions } from "./workers/ingest-options.ts";
import { IngestWorker } from "./workers/ingest-worker.ts";

/** Wires hops 1 to 5 for one pipeline. `run`, `replay`, `backtest` and `demo` differ only in source and store. */
export function createIngest(options: {
  readonly pipeline: Pipeline;
  readonly source: Source;
  readonly store: PaneStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly deadLetters?: DeadLetters;
  readonly onStored?: NonNullable<IngestWorkerOptions["onStored"]>;
}): IngestWorker {
  const { pipeline } = options;
  const dictionaries = new Dictionaries();
  const book = loadPriceBook(pipeline.prices);
  return new IngestWorker({
    ...options,
    dictionaries,
    decoder: createDecoder(pipeline, dictionaries),
    pricer: createPricer(book, { costSource: pipeline.costSource, dictionaries }),
  });
}

import { pipelineFrom } from "../../src/config/load.ts";
import { createDecoder } from "../../src/decode/create-decoder.ts";
import { Dictionaries } from "../../src/decode/event-batch.ts";
import type { Pipeline } from "../../src/config/pipeline.ts";
import { createPriceBook, PRICE_BOOK_SCHEMA } from "../../src/price/price-book.ts";
import { createPricer } from "../../src/price/pricer.ts";
import type { Clock } from "../../src/runtime/clock.ts";
import type { Source } from "../../src/source/source.ts";
import type { PaneStore } from "../../src/store/store.ts";
import { silentLogger, type Logger } from "../../src/telemetry/logger.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import type { IngestWorkerOptions } from "../../src/workers/ingest-options.ts";
import { IngestWorker } from "../../src/workers/ingest-worker.ts";

export type PipelineInput = Partial<Parameters<typeof pipelineFrom>[0]>;

export function aPipeline(input: PipelineInput = {}): Pipeline {
  return pipelineFrom({ name: "test", format: "canonical-json", ...input });
}

/** Dollars per million tokens that leave fractions of a nano-dollar, so that rounding shows. */
const BOOK = createPriceBook(
  PRICE_BOOK_SCHEMA.parse({
    models: [
      {
        provider: "acme",
        model: "small",
        prices: [{ input: 0.0375, output: 0.15055, cache_read: 0.01875 }],
      },
      { provider: "acme", model: "big", prices: [{ input: 3, output: 15 }] },
      { provider: "acme", model: "absurd", prices: [{ input: 10_000, output: 10_000 }] },
    ],
  }),
);

export interface IngestParts {
  readonly source: Source;
  readonly store: PaneStore;
  readonly clock: Clock;
  readonly pipeline?: PipelineInput;
  readonly logger?: Logger;
  readonly deadLetters?: NonNullable<IngestWorkerOptions["deadLetters"]>;
  readonly onStored?: NonNullable<IngestWorkerOptions["onStored"]>;
}

/** The ingest loop with its real stages and a small price book. */
export function anIngestWorker(parts: IngestParts): { worker: IngestWorker; metrics: Metrics } {
  const { source, store, clock, logger = silentLogger, deadLetters, onStored } = parts;
  const pipeline = aPipeline(parts.pipeline);
  const dictionaries = new Dictionaries();
  const metrics = new Metrics();
  const worker = new IngestWorker({
    pipeline,
    source,
    store,
    clock,
    logger,
    metrics,
    dictionaries,
    decoder: createDecoder(pipeline, dictionaries),
    pricer: createPricer(BOOK, { costSource: pipeline.costSource, dictionaries }),
    ...(deadLetters === undefined ? {} : { deadLetters }),
    ...(onStored === undefined ? {} : { onStored }),
  });
  return { worker, metrics };
}

/** An event of the canonical format at 13:30 on the day of the tests' clock. */
export function anEvent(
  overrides: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    time: "2026-10-30T13:30:00Z",
    team: "search",
    user: "mara",
    provider: "acme",
    model: "small",
    tool: "cli",
    uncached_input_tokens: 1001,
    output_tokens: 7,
    ...overrides,
  };
}

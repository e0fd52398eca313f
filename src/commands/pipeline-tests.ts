import type { ExpectedEvent, PipelineTest } from "../config/pipeline-test.ts";
import type { Pipeline } from "../config/pipeline.ts";
import { createDecoder } from "../decode/create-decoder.ts";
import { Dictionaries, EventBatch } from "../decode/event-batch.ts";
import { readNanos } from "../decode/number-readers.ts";
import { readTime } from "../decode/time-reader.ts";
import { DIM, DIMENSIONS, UNKNOWN, type RejectedEvent } from "../decode/usage-event.ts";
import type { PriceBook } from "../price/price-book.ts";
import { createPricer } from "../price/pricer.ts";
import type { RecordBatch } from "../source/source.ts";

/** One value of a test that came out differently, as text. */
export interface Difference {
  /** Position of the event in the record, -1 for counts of the whole record. */
  readonly event: number;
  readonly field: string;
  readonly expected: string;
  readonly actual: string;
}

export interface TestResult {
  /** Position under `tests:`. */
  readonly index: number;
  readonly name: string;
  /** Empty where the test passes. */
  readonly differences: readonly Difference[];
}

/** Field names of the canonical event with the texts they came out as. */
type Outcome = ReadonlyMap<string, string>;

/** Sends each test's record through the real decoder and pricer and compares what its `expect` names. */
export function runPipelineTests(pipeline: Pipeline, book: PriceBook): TestResult[] {
  return pipeline.tests.map((test, index) => ({
    index,
    name: test.name,
    differences: differencesOf(test, pipeline, book),
  }));
}

function differencesOf(test: PipelineTest, pipeline: Pipeline, book: PriceBook): Difference[] {
  const dictionaries = new Dictionaries();
  const events = new EventBatch(dictionaries, 16);
  const rejected: RejectedEvent[] = [];
  const decoder = createDecoder(pipeline, dictionaries);
  const pricer = createPricer(book, { costSource: pipeline.costSource, dictionaries });
  const range = { from: 0, to: 1, nowMs: Infinity };
  const tally = decoder.decode(recordOf(test), range, events, rejected);
  const overpriced = pricer.price(events);
  const outcomes = new Map<number, Outcome>();
  for (const { event, reason } of rejected) outcomes.set(event, new Map([["rejected", reason]]));
  for (let row = 0; row < events.length; row++) {
    const outcome = overpriced.has(row)
      ? new Map([["rejected", "cost_out_of_range"]])
      : outcomeOf(events, row, pipeline.labels);
    outcomes.set(events.event[row] ?? 0, outcome);
  }
  const inOrder = [...outcomes].sort(([a], [b]) => a - b).map(([, outcome]) => outcome);
  return [
    ...compareEvents(test.expect, inOrder),
    ...compareCount("ignored", test.ignored, tally.ignored),
    ...compareCount("mended", test.mended, tally.mended),
  ];
}

function recordOf({ record, headers, append_time: appended }: PipelineTest): RecordBatch {
  const text = typeof record === "string" ? record : JSON.stringify(record);
  return {
    topic: "check",
    partition: 0,
    values: [record === null ? null : Buffer.from(text)],
    offsets: Float64Array.of(0),
    appendTimesMs: Float64Array.of(appended === undefined ? NaN : Date.parse(appended)),
    headers: [headers],
    endOffset: 1,
    fingerprint: "",
    highWatermark: -1,
  };
}

function outcomeOf(events: EventBatch, row: number, labels: readonly string[]): Outcome {
  const { dictionaries } = events;
  const session = events.session[row] ?? -1;
  const outcome = new Map([
    ["time", new Date(events.timeMs[row] ?? 0).toISOString()],
    ["session", session < 0 ? UNKNOWN : dictionaries.session.value(session)],
    ["has_id", String(events.hasId[row] === 1)],
    ["requests", String(events.requests[row])],
    ["errors", String(events.errors[row])],
    ["uncached_input_tokens", String(events.uncachedInput[row])],
    ["cache_read_input_tokens", String(events.cacheRead[row])],
    ["cache_write_5m_input_tokens", String(events.cacheWrite5m[row])],
    ["cache_write_1h_input_tokens", String(events.cacheWrite1h[row])],
    ["output_tokens", String(events.output[row])],
    ["reasoning_output_tokens", String(events.reasoning[row])],
    ["unpriced_tokens", String(events.unpricedTokens[row])],
    ["cost_usd", usdText(events.costNanos[row] ?? 0)],
  ]);
  DIMENSIONS.forEach((name, dim) => {
    const id = events.dims[row * DIMENSIONS.length + dim] ?? 0;
    const label = labels[dim - DIM.label1];
    const field = dim < DIM.label1 ? name : `labels.${label ?? ""}`;
    outcome.set(field, dictionaries.dimensions[dim]?.value(id) ?? "");
  });
  return outcome;
}

function compareEvents(
  expected: readonly ExpectedEvent[],
  actual: readonly Outcome[],
): Difference[] {
  const differences: Difference[] = [];
  for (let event = 0; event < Math.max(expected.length, actual.length); event++) {
    const want = expected[event];
    const got = actual[event];
    if (want === undefined || got === undefined) {
      const texts = {
        expected: want ? "an event" : "nothing",
        actual: got ? shown(got) : "nothing",
      };
      differences.push({ event, field: "", ...texts });
    } else differences.push(...compareEvent(event, want, got));
  }
  return differences;
}

function compareEvent(event: number, want: ExpectedEvent, got: Outcome): Difference[] {
  const reason = got.get("rejected");
  if ((reason === undefined) !== (want.rejected === undefined)) {
    const expected = want.rejected === undefined ? "an event" : `rejected: ${want.rejected}`;
    return [{ event, field: "", expected, actual: shown(got) }];
  }
  return expectedFields(want)
    .map(([field, expected]) => ({ event, field, expected, actual: got.get(field) ?? "nothing" }))
    .filter(({ expected, actual }) => expected !== actual);
}

/** Expectations as texts of the form that outcomes have, so that `0.10` equals `0.1`. */
function expectedFields({ labels, ...fields }: ExpectedEvent): [string, string][] {
  const own = Object.entries(fields).map(([field, value]): [string, string] => {
    if (field === "cost_usd") return [field, usdText(readNanos(value))];
    const ms = field === "time" ? readTime(value) : NaN;
    return [field, Number.isNaN(ms) ? String(value) : new Date(ms).toISOString()];
  });
  const named = Object.entries(labels ?? {});
  return [...own, ...named.map(([name, value]): [string, string] => [`labels.${name}`, value])];
}

function compareCount(field: string, want: number | undefined, got: number): Difference[] {
  if (want === undefined || want === got) return [];
  return [{ event: -1, field, expected: String(want), actual: String(got) }];
}

/** Nano-dollars as dollars, without trailing zeros and without passing through a binary fraction. */
function usdText(nanos: number): string {
  const digits = String(nanos).padStart(10, "0");
  const fraction = digits.slice(-9).replace(/0+$/, "");
  return digits.slice(0, -9) + (fraction === "" ? "" : `.${fraction}`);
}

function shown(outcome: Outcome): string {
  const reason = outcome.get("rejected");
  return reason === undefined ? "an event" : `rejected: ${reason}`;
}

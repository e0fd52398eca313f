import type { Pipeline } from "../config/pipeline.ts";
import type { EventWriter } from "./event-writer.ts";
import { show } from "./event-writer.ts";
import { ElementTexts } from "./json-record.ts";
import {
  headerText,
  type Headers,
  type RecordFormat,
  type RecordInHand,
} from "./record-decoder.ts";
import { readTime } from "./time-reader.ts";
import { DIM, DIMENSIONS, LIMITS } from "./usage-event.ts";

/** The canonical event as it comes: nothing is known of its values yet. */
interface CanonicalEvent {
  readonly time?: unknown;
  readonly department?: unknown;
  readonly team?: unknown;
  readonly user?: unknown;
  readonly key?: unknown;
  readonly agent?: unknown;
  readonly provider?: unknown;
  readonly model?: unknown;
  readonly tool?: unknown;
  readonly service_tier?: unknown;
  readonly session?: unknown;
  readonly id?: unknown;
  readonly requests?: unknown;
  readonly errors?: unknown;
  readonly uncached_input_tokens?: unknown;
  readonly cache_read_input_tokens?: unknown;
  readonly cache_write_5m_input_tokens?: unknown;
  readonly cache_write_1h_input_tokens?: unknown;
  readonly output_tokens?: unknown;
  readonly reasoning_output_tokens?: unknown;
  readonly cost_usd?: unknown;
  readonly prompt_hash?: unknown;
  readonly labels?: unknown;
}

interface HeaderFallback {
  /** Position in DIMENSIONS, -1 for the session. */
  readonly dim: number;
  readonly names: readonly string[];
}

/** `schemas/usage-event.schema.json`: one event a record, or a JSON array of them, each judged alone. Unknown fields are ignored. */
export class CanonicalJson implements RecordFormat {
  readonly #labels: readonly string[];
  readonly #fallbacks: readonly HeaderFallback[];

  constructor(pipeline: Pipeline) {
    this.#labels = pipeline.labels;
    this.#fallbacks = Object.entries(pipeline.mapping).map(([name, references]) => ({
      dim: dimensionOf(name, pipeline.labels),
      names: references.map((one) => one.slice("header.".length)),
    }));
  }

  decode(record: RecordInHand): void {
    const { value } = record;
    if (!Array.isArray(value)) {
      this.#one(record, value, 0, null);
      return;
    }
    if (value.length === 0) record.tally.ignored++;
    if (value.length > LIMITS.recordEvents) {
      const detail = `the record holds ${value.length} events, at most ${LIMITS.recordEvents} are read; send fewer in one record`;
      record.rejectRecord("record_too_large", detail);
      return;
    }
    const texts = new ElementTexts(record.text);
    for (let index = 0; index < value.length; index++) {
      this.#one(record, value[index], index, texts);
    }
  }

  /** `texts`: where the event is one of many in its record. */
  #one(record: RecordInHand, value: unknown, index: number, texts: ElementTexts | null): void {
    const { writer } = record;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      writer.fail("not_an_object", `expected an object, got ${show(value)}`);
    } else {
      writer.begin(record.index, index);
      if (this.#write(writer, value, record)) return;
      writer.abandon();
    }
    if (texts !== null) record.rejectEvent(index, texts.at(index));
    else record.rejectRecord(writer.reason, writer.detail);
  }

  #write(writer: EventWriter, event: CanonicalEvent, record: RecordInHand): boolean {
    const { time } = event;
    if (time === undefined || time === null || time === "") {
      return writer.fail("missing_time", "time: is missing");
    }
    return (
      writer.time(readTime(time), record.latestMs, time) &&
      writeDimensions(writer, event) &&
      writer.session(event.session) &&
      writer.id(event.id) &&
      writeCounts(writer, event) &&
      this.#writeRest(writer, event, record.headers)
    );
  }

  #writeRest(writer: EventWriter, event: CanonicalEvent, headers: Headers): boolean {
    return (
      writer.cost(event.cost_usd) &&
      writer.checked("prompt_hash", event.prompt_hash, LIMITS.promptHashCodePoints) &&
      (event.labels === undefined || this.#writeLabels(writer, event.labels)) &&
      (this.#fallbacks.length === 0 || this.#writeFallbacks(writer, event, headers))
    );
  }

  #writeLabels(writer: EventWriter, labels: unknown): boolean {
    if (labels === null) return true;
    if (!isLabels(labels)) {
      return writer.fail("invalid_labels", `labels: not an object: ${show(labels)}`);
    }
    if (!checkLabels(writer, labels)) return false;
    for (let index = 0; index < this.#labels.length; index++) {
      const name = this.#labels[index] ?? "";
      // own keys only: a label may be called `constructor`
      if (!Object.hasOwn(labels, name)) continue;
      if (!writer.dimension(DIM.label1 + index, labels[name])) return false;
    }
    return true;
  }

  /** Kafka headers fill what the event leaves open. */
  #writeFallbacks(writer: EventWriter, event: CanonicalEvent, headers: Headers): boolean {
    for (const { dim, names } of this.#fallbacks) {
      if (dim >= 0 ? !writer.isDefault(dim) : event.session !== undefined) continue;
      const name = names.find((one) => headerText(headers, one) !== undefined);
      if (name === undefined) continue;
      const value = headerText(headers, name);
      if (!(dim >= 0 ? writer.dimension(dim, value) : writer.session(value))) return false;
    }
    return true;
  }
}

type Labels = Readonly<Record<string, unknown>>;

function isLabels(value: unknown): value is Labels {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Labels that are no dimension are looked at, too: a producer that sends numbers is told so before it matters. */
function checkLabels(writer: EventWriter, labels: Labels): boolean {
  let count = 0;
  for (const name in labels) {
    const value = labels[name];
    if (typeof value !== "string" && value !== null) {
      return writer.fail("invalid_labels", `labels.${show(name)}: not a string: ${show(value)}`);
    }
    count++;
  }
  if (count <= LIMITS.labels) return true;
  return writer.fail("invalid_labels", `labels: ${count} entries, at most ${LIMITS.labels}`);
}

function writeDimensions(writer: EventWriter, event: CanonicalEvent): boolean {
  return (
    writer.dimension(DIM.department, event.department) &&
    writer.dimension(DIM.team, event.team) &&
    writer.dimension(DIM.user, event.user) &&
    writer.dimension(DIM.key, event.key) &&
    writer.dimension(DIM.agent, event.agent) &&
    writer.dimension(DIM.provider, event.provider) &&
    writer.dimension(DIM.model, event.model) &&
    writer.dimension(DIM.tool, event.tool) &&
    writer.dimension(DIM.service_tier, event.service_tier)
  );
}

function writeCounts(writer: EventWriter, event: CanonicalEvent): boolean {
  const { batch } = writer;
  return (
    writer.requests(event.requests) &&
    writer.errors(event.errors) &&
    writer.tokens(batch.uncachedInput, "uncached_input_tokens", event.uncached_input_tokens) &&
    writer.tokens(batch.cacheRead, "cache_read_input_tokens", event.cache_read_input_tokens) &&
    writeCacheWrites(writer, event) &&
    writer.tokens(batch.output, "output_tokens", event.output_tokens) &&
    writer.tokens(batch.reasoning, "reasoning_output_tokens", event.reasoning_output_tokens) &&
    writer.reasoningWithinOutput()
  );
}

function writeCacheWrites(writer: EventWriter, event: CanonicalEvent): boolean {
  const { cache_write_5m_input_tokens: short, cache_write_1h_input_tokens: long } = event;
  return (
    writer.tokens(writer.batch.cacheWrite5m, "cache_write_5m_input_tokens", short) &&
    writer.tokens(writer.batch.cacheWrite1h, "cache_write_1h_input_tokens", long)
  );
}

/** Position of a dimension or a pipeline's label in DIMENSIONS; -1 for the session, which is no dimension. */
export function dimensionOf(name: string, labels: readonly string[]): number {
  const label = labels.indexOf(name);
  return label >= 0 ? DIM.label1 + label : (DIMENSIONS as readonly string[]).indexOf(name);
}

import type { Pipeline } from "../config/pipeline.ts";
import { AttributeSlots } from "./attribute-slots.ts";
import { show, type EventWriter } from "./event-writer.ts";
import { compileMapping, mappedValue, type MappedDimension } from "./otlp-mapping.ts";
import { SpanUsage } from "./otlp-span-usage.ts";
import type { RecordFormat, RecordInHand } from "./record-decoder.ts";
import { readUnixNanos } from "./time-reader.ts";
import { DIM } from "./usage-event.ts";

/** Providers by their present name; the conventions renamed some. */
const PROVIDER_NAMES = new Map([
  ["xai", "x_ai"],
  ["az.ai.openai", "azure.ai.openai"],
  ["az.ai.inference", "azure.ai.inference"],
]);

interface Span {
  readonly traceId?: unknown;
  readonly spanId?: unknown;
  readonly endTimeUnixNano?: unknown;
  readonly attributes?: unknown;
  readonly status?: unknown;
}

/** A span with the parts around it: what a dead letter needs to be read again. */
interface Place {
  readonly resource: unknown;
  readonly scope: unknown;
}

/**
 * OTLP JSON traces as the Collector's kafka exporter writes them: each GenAI span of a model call is one event. Agent and workflow
 * spans repeat their children's totals and are ignored, as is every span without usage.
 */
export class OtlpJsonSpans implements RecordFormat {
  readonly #resource = new AttributeSlots();
  readonly #span = new AttributeSlots();
  readonly #mapping: readonly MappedDimension[];
  readonly #usage: SpanUsage;
  readonly #responseId: number;
  #event = 0;

  constructor(pipeline: Pipeline) {
    this.#mapping = compileMapping(pipeline, this.#resource, this.#span);
    this.#usage = new SpanUsage(this.#span, pipeline.inputIncludesCache);
    this.#responseId = this.#span.slot("gen_ai.response.id");
  }

  decode(record: RecordInHand): void {
    const { value } = record;
    const resourceSpans = fieldOf(value, "resourceSpans");
    if (!Array.isArray(resourceSpans)) {
      const detail = "no list resourceSpans: set encoding otlp_json, and send traces here only";
      record.rejectRecord("shape_mismatch", detail);
      return;
    }
    this.#event = 0;
    if (resourceSpans.length === 0) record.tally.ignored++;
    for (const one of resourceSpans as readonly unknown[]) this.#resourceSpans(record, one);
  }

  #resourceSpans(record: RecordInHand, value: unknown): void {
    const resource = fieldOf(value, "resource") ?? undefined;
    const scopes = fieldOf(value, "scopeSpans") ?? [];
    const readable = this.#resource.read(fieldOf(resource, "attributes"));
    if (!isObject(value) || !Array.isArray(scopes) || !readable) {
      record.writer.fail("shape_mismatch", "resourceSpans: malformed resource or scopeSpans");
      record.rejectEvent(this.#event++, JSON.stringify({ resourceSpans: [value] }));
      return;
    }
    for (const one of scopes as readonly unknown[]) {
      const scope = fieldOf(one, "scope") ?? undefined;
      const spans = fieldOf(one, "spans") ?? [];
      if (isObject(one) && Array.isArray(spans)) {
        for (const span of spans) this.#one(record, span, { resource, scope });
      } else {
        record.writer.fail("shape_mismatch", "scopeSpans: malformed scope or spans");
        const text = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [one] }] });
        record.rejectEvent(this.#event++, text);
      }
    }
  }

  #one(record: RecordInHand, span: unknown, { resource, scope }: Place): void {
    const { writer } = record;
    const event = this.#event++;
    if (!isObject(span) || !this.#span.read((span as Span).attributes)) {
      writer.fail("shape_mismatch", `span: malformed span or attributes: ${show(span)}`);
    } else if (!this.#usage.isModelCall(span)) {
      record.tally.ignored++;
      return;
    } else {
      writer.begin(record.index, event);
      if (this.#write(writer, span, record)) return;
      writer.abandon();
    }
    const text = { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: [span] }] }] };
    record.rejectEvent(event, JSON.stringify(text));
  }

  #write(writer: EventWriter, span: Span, record: RecordInHand): boolean {
    const { endTimeUnixNano: end } = span;
    if (end === undefined || end === null || end === "" || end === 0 || end === "0") {
      return writer.fail("missing_time", "endTimeUnixNano: is missing");
    }
    if (!writer.time(readUnixNanos(end), record.latestMs, end)) return false;
    for (const mapped of this.#mapping) {
      const value = mappedValue(mapped, record.headers);
      if (!this.#dimension(writer, mapped.dim, value)) return false;
    }
    if (!this.#id(writer, span)) return false;
    const mended = this.#usage.write(writer, span);
    if (mended < 0) return false;
    record.tally.mended += mended;
    return true;
  }

  #dimension(writer: EventWriter, dim: number, value: unknown): boolean {
    if (dim < 0) return writer.session(value);
    if (dim !== DIM.provider || typeof value !== "string") return writer.dimension(dim, value);
    return writer.dimension(dim, PROVIDER_NAMES.get(value) ?? value);
  }

  /**
   * The provider's response id where there is one: a gateway and an SDK that both report a call then count once, which span ids
   * cannot tell. Else trace and span id together.
   */
  #id(writer: EventWriter, span: Span): boolean {
    const responseId = this.#span.values[this.#responseId];
    if (typeof responseId === "string" && responseId !== "") {
      if (!writer.checked("gen_ai.response.id", responseId, 512)) return false;
      writer.hashedId(`response:${responseId}`);
      return true;
    }
    const { traceId, spanId } = span;
    if (typeof traceId !== "string" || typeof spanId !== "string") return true;
    if (traceId === "" || spanId === "") return true;
    if (!writer.checked("traceId", traceId, 64) || !writer.checked("spanId", spanId, 64))
      return false;
    writer.hashedId(`span:${traceId.toLowerCase()}${spanId.toLowerCase()}`);
    return true;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fieldOf(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

import type { Pipeline } from "../config/pipeline.ts";
import { UNREADABLE, type AttributeSlots } from "./attribute-slots.ts";
import type { EventWriter } from "./event-writer.ts";
import { NOT_A_COUNT, readCount } from "./number-readers.ts";

/** Operations that are one call of a model. `invoke_agent` and `invoke_workflow` repeat the usage of their children. */
const MODEL_CALLS = new Set(["chat", "text_completion", "generate_content", "embeddings"]);

/** Names of the same count, newest conventions first, then what instrumentations in the wild write. The first present counts. */
const INPUT = ["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"];
const OUTPUT = ["gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"];
const CACHE_READ = [
  "gen_ai.usage.cache_read.input_tokens",
  "gen_ai.usage.cache_read_input_tokens",
  "gen_ai.usage.input_tokens.cached",
  "gen_ai.usage.cached_input_tokens",
];
const CACHE_WRITE = [
  "gen_ai.usage.cache_write.input_tokens",
  "gen_ai.usage.cache_creation.input_tokens",
  "gen_ai.usage.cache_creation_input_tokens",
  "gen_ai.usage.cache_write_input_tokens",
  "gen_ai.usage.input_tokens.cache_write",
];
const REASONING = ["gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.output_tokens.reasoning"];

const STATUS_ERROR = 2;

/** Reads a GenAI span's token counts, whatever generation of names it uses, into disjoint buckets. */
export class SpanUsage {
  readonly #span: AttributeSlots;
  readonly #includesCache: Pipeline["inputIncludesCache"];
  readonly #operation: number;
  readonly #errorType: number;
  readonly #cost: number;
  readonly #models: readonly number[];
  readonly #input: readonly number[];
  readonly #output: readonly number[];
  readonly #cacheRead: readonly number[];
  readonly #cacheWrite: readonly number[];
  readonly #reasoning: readonly number[];

  constructor(span: AttributeSlots, includesCache: Pipeline["inputIncludesCache"]) {
    const slots = (names: readonly string[]): number[] => names.map((name) => span.slot(name));
    this.#span = span;
    this.#includesCache = includesCache;
    this.#operation = span.slot("gen_ai.operation.name");
    this.#errorType = span.slot("error.type");
    this.#cost = span.slot("gen_ai.usage.cost");
    this.#models = slots(["gen_ai.response.model", "gen_ai.request.model"]);
    this.#input = slots(INPUT);
    this.#output = slots(OUTPUT);
    this.#cacheRead = slots(CACHE_READ);
    this.#cacheWrite = slots(CACHE_WRITE);
    this.#reasoning = slots(REASONING);
  }

  /**
   * Whether the span whose attributes were just read is a call of a model that used tokens or failed. Spans from before v1.27 name
   * no operation: there a model and usage tell.
   */
  isModelCall(span: object): boolean {
    const operation = this.#span.values[this.#operation];
    const used = this.#first(this.#input) !== undefined || this.#first(this.#output) !== undefined;
    if (operation === undefined) return used && this.#first(this.#models) !== undefined;
    if (typeof operation !== "string" || !MODEL_CALLS.has(operation)) return false;
    return used || this.#failed(span);
  }

  /** Writes counts, errors and reported cost. Gives how many contradictions were mended, -1 where the event is rejected. */
  write(writer: EventWriter, span: object): number {
    const total = this.#first(this.#input);
    const read = this.#first(this.#cacheRead);
    const written = this.#first(this.#cacheWrite);
    const accepted =
      writer.requests(1) &&
      writer.errors(this.#failed(span) ? 1 : 0) &&
      writer.tokens(writer.batch.uncachedInput, "gen_ai.usage.input_tokens", total) &&
      writer.tokens(writer.batch.cacheRead, "gen_ai.usage.cache_read.input_tokens", read) &&
      // the conventions do not say how long a write lives: five minutes is what providers do unasked
      writer.tokens(writer.batch.cacheWrite5m, "gen_ai.usage.cache_write.input_tokens", written) &&
      writer.cost(this.#span.values[this.#cost]);
    if (!accepted) return -1;
    const mended = this.#writeUncached(
      writer,
      readCount(total, 0),
      counted(read) + counted(written),
    );
    const more = this.#writeOutput(writer);
    return more < 0 ? -1 : Math.max(mended, more);
  }

  /** Takes the cached tokens out of the input, where they are in it. */
  #writeUncached(writer: EventWriter, total: number, cached: number): number {
    if (this.#includesCache === "no") return 0;
    // more cached than there is in all: this emitter counts them apart (auto), or contradicts its setting (yes)
    const contradicts = cached > total;
    const uncached = !contradicts ? total - cached : this.#includesCache === "auto" ? total : 0;
    writer.tokens(writer.batch.uncachedInput, "gen_ai.usage.input_tokens", uncached);
    return contradicts ? 1 : 0;
  }

  /** Reasoning is a part of output. More reasoning than output means that it was counted beside it. */
  #writeOutput(writer: EventWriter): number {
    const output = this.#first(this.#output);
    const reasoning = this.#first(this.#reasoning);
    const name = "gen_ai.usage.output_tokens";
    const accepted =
      writer.tokens(writer.batch.output, name, output) &&
      writer.tokens(writer.batch.reasoning, "gen_ai.usage.reasoning.output_tokens", reasoning);
    if (!accepted) return -1;
    if (counted(reasoning) <= counted(output)) return 0;
    return writer.tokens(writer.batch.output, name, counted(output) + counted(reasoning)) ? 1 : -1;
  }

  #failed(span: object): boolean {
    const type = this.#span.values[this.#errorType];
    if (type !== undefined && type !== "") return true;
    const { status } = span as { readonly status?: { readonly code?: unknown } | null };
    return status?.code === STATUS_ERROR || status?.code === "STATUS_CODE_ERROR";
  }

  #first(slots: readonly number[]): unknown {
    for (const slot of slots) {
      const value = this.#span.values[slot];
      if (value !== undefined) return value === UNREADABLE ? false : value;
    }
    return undefined;
  }
}

/** A count that was checked already. */
function counted(value: unknown): number {
  const count = readCount(value, 0);
  return count === NOT_A_COUNT ? 0 : count;
}

import type { Provider } from "./models.ts";
import type { Random } from "./random.ts";
import type { RequestTrace, Traces } from "./traces.ts";

/**
 * How a tool calls its model. `agent`: a loop whose context grows from call to call and is cached between them; `chat`,
 * `completion`, `document`: single calls with the sizes of one real service each.
 */
export type Mode = "agent" | "chat" | "completion" | "document";

type SingleCall = Exclude<Mode, "agent">;

/** Tokens of one call in disjoint buckets. A `Conversation` fills the same object again and again. */
export interface Usage {
  uncachedInput: number;
  cacheRead: number;
  cacheWrite5m: number;
  cacheWrite1h: number;
  output: number;
  reasoning: number;
}

/** Instructions, tool descriptions and project notes that every agent session begins with. */
const AGENT_PREAMBLE = { low: 13_000, high: 22_000 };
/** An agent condenses its context at this size, down to preamble and summary. */
const CONTEXT_LIMIT = 175_000;
/** Share of an agent's calls that bring in a file or document; the others a tool's short answer. */
export const FILE_SHARE = 0.65;
/** Share of calls that find the cache cold: it lives five minutes, a prefix changed, the call went to another host. */
export const COLD_SHARE = 0.15;
const WARM_PREFIX_SHARE = { chat: 0.45, completion: 0.25, document: 0.6 };
/** OpenAI and Google cache prefixes of at least this size, in blocks of 128. */
const SMALLEST_PREFIX = 1024;
const PREFIX_BLOCK = 128;

/** One session with a model: each `turn` is a call. Everybody's sessions are drawn here, a runaway's too. */
export class Conversation {
  readonly usage: Usage = {
    uncachedInput: 0,
    cacheRead: 0,
    cacheWrite5m: 0,
    cacheWrite1h: 0,
    output: 0,
    reasoning: 0,
  };
  /** Whether the last turn found a cold cache: in a person's session a long pause goes before such a call. */
  cold = false;
  readonly #mode: Mode;
  readonly #provider: Provider;
  readonly #traces: Traces;
  readonly #random: Random;
  #context = 0;

  constructor(options: { mode: Mode; provider: Provider; traces: Traces; random: Random }) {
    this.#mode = options.mode;
    this.#provider = options.provider;
    this.#traces = options.traces;
    this.#random = options.random;
  }

  /** Draws the next call into `usage`. */
  turn(): void {
    const { usage } = this;
    usage.cacheRead = usage.cacheWrite5m = usage.cacheWrite1h = 0;
    if (this.#mode === "agent") this.#agentTurn();
    else this.#singleCall(this.#mode);
    usage.reasoning =
      this.#provider === "anthropic"
        ? 0
        : Math.floor(usage.output * this.#random.between(0.2, 0.7));
  }

  #agentTurn(): void {
    const random = this.#random;
    if (this.#context > CONTEXT_LIMIT) this.#context = 0;
    const begins = this.#context === 0;
    this.cold = !begins && random.chance(COLD_SHARE);
    const added =
      agentIncrement(this.#traces, random) +
      (begins ? Math.floor(random.between(AGENT_PREAMBLE.low, AGENT_PREAMBLE.high)) : 0);
    const cached = this.cold ? 0 : this.#context;
    this.#split(cached, this.#context + added - cached);
    const { document } = this.#traces;
    this.usage.output = document.output(document.row(random));
    this.#context += added + this.usage.output;
  }

  /** Anthropic bills what goes into the cache as a write; the others cache whole blocks and bill the rest as input. */
  #split(cached: number, fresh: number): void {
    const { usage } = this;
    usage.cacheRead = this.#cacheable(cached);
    usage.uncachedInput = cached - usage.cacheRead + fresh;
    if (this.#provider !== "anthropic") return;
    usage.uncachedInput = Math.min(fresh, 3 + Math.floor(fresh * 0.03));
    usage.cacheWrite5m = fresh - usage.uncachedInput;
  }

  #singleCall(mode: SingleCall): void {
    const trace = this.#trace(mode);
    const random = this.#random;
    const { usage } = this;
    const row = trace.row(random);
    const prompt = trace.input(row);
    const prefix = Math.floor(prompt * random.between(0.4, 0.95));
    this.cold = !random.chance(WARM_PREFIX_SHARE[mode]);
    if (!this.cold) usage.cacheRead = this.#cacheable(prefix);
    else if (mode === "document" && this.#provider === "anthropic") usage.cacheWrite1h = prefix;
    usage.uncachedInput = prompt - usage.cacheRead - usage.cacheWrite1h;
    usage.output = trace.output(row);
  }

  #cacheable(tokens: number): number {
    if (this.#provider === "anthropic") return tokens;
    return tokens < SMALLEST_PREFIX ? 0 : tokens - (tokens % PREFIX_BLOCK);
  }

  #trace(mode: SingleCall): RequestTrace {
    if (mode === "chat") return this.#traces.conversation;
    return mode === "completion" ? this.#traces.code : this.#traces.document;
  }
}

/** Tokens a call adds to an agent's context: the prompt of one real request, of the document or the code service. */
export function agentIncrement(traces: Traces, random: Random): number {
  const trace = random.chance(FILE_SHARE) ? traces.document : traces.code;
  return trace.input(trace.row(random));
}

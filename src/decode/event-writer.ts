import { toUSVString } from "node:util";
import type { Pipeline } from "../config/pipeline.ts";
import { EventBatch, type Dictionaries } from "./event-batch.ts";
import { hashId } from "./id-hash.ts";
import { NOT_A_COUNT, readCount, readNanos } from "./number-readers.ts";
import { MAX_TIME_MS } from "./time-reader.ts";
import { DIM, DIMENSIONS, LIMITS, UNKNOWN, type RejectReason } from "./usage-event.ts";

const STRIDE = DIMENSIONS.length;
/** A cell is cut before 2^52 nano-dollars; no single event may reach that. */
const MAX_EVENT_NANOS = 2 ** 52;
/** UTF-16 units: a longer text cannot have been interned, and need not be hashed to find that out. */
const LONGEST_KNOWN = 2 * LIMITS.dimensionCodePoints;

/**
 * Writes one event after the other into an EventBatch, checking each value against the limits of the canonical event. Every setter
 * returns false, with `reason` and `detail` set, where the value is impossible; the row is then taken back with `abandon`.
 */
export class EventWriter {
  reason: RejectReason = "shape_mismatch";
  detail = "";
  row = 0;
  readonly #dictionaries: Dictionaries;
  readonly #defaults: readonly string[];
  readonly #sessionDefault: string | undefined;
  readonly #defaultIds = new Int32Array(STRIDE);
  readonly #hash = new Uint32Array(2);
  #epoch = -1;
  #tokenLimit = 0;
  /** The batch being written to: token columns are given to `tokens` from here. */
  batch: EventBatch;

  constructor(pipeline: Pipeline, dictionaries: Dictionaries) {
    this.#dictionaries = dictionaries;
    this.batch = new EventBatch(dictionaries, 1);
    this.#defaults = DIMENSIONS.map((name) => defaultOf(pipeline, name));
    this.#sessionDefault = pipeline.defaults["session"];
  }

  /** Where rows go from now on. */
  attach(events: EventBatch): void {
    this.batch = events;
    if (this.#epoch === this.#dictionaries.epoch) return;
    this.#epoch = this.#dictionaries.epoch;
    this.#defaults.forEach((value, dim) => {
      this.#defaultIds[dim] = this.#dictionaries.dimensions[dim]?.intern(value) ?? 0;
    });
  }

  begin(record: number, event: number): void {
    this.row = this.batch.push(record, event);
    const { dims } = this.batch;
    const start = this.row * STRIDE;
    // a loop of thirteen is faster than a call of `set`
    for (let dim = 0; dim < STRIDE; dim++) dims[start + dim] = this.#defaultIds[dim] ?? 0;
    if (this.#sessionDefault !== undefined) {
      this.batch.session[this.row] = this.#dictionaries.session.intern(this.#sessionDefault);
    }
  }

  abandon(): void {
    this.batch.pop();
  }

  fail(reason: RejectReason, detail: string): false {
    this.reason = reason;
    this.detail = detail;
    return false;
  }

  /** `ms` as a time reader gave it; NaN fails. `latestMs`: append time or wall clock, plus five minutes. */
  time(ms: number, latestMs: number, shown: unknown): boolean {
    if (Number.isNaN(ms)) {
      const expected = "expected RFC 3339 with a zone, or epoch milliseconds";
      return this.fail("invalid_time", `time: ${expected}, got ${show(shown)}`);
    }
    if (ms < 0 || ms > MAX_TIME_MS) {
      return this.fail("time_out_of_range", `time: ${show(shown)} is not within 1970…2106`);
    }
    if (ms > latestMs) {
      const detail = `time: ${show(shown)} is over 5 minutes later than the record itself`;
      return this.fail("time_in_future", detail);
    }
    this.batch.timeMs[this.row] = ms;
    return true;
  }

  /** A dimension by its position; absent values (undefined, null, "") keep the default. */
  dimension(dim: number, value: unknown): boolean {
    if (value === undefined || value === null || value === "") return true;
    const dictionary = this.#dictionaries.dimensions[dim];
    if (typeof value !== "string" || dictionary === undefined) {
      return this.fail("invalid_string", `${DIMENSIONS[dim] ?? dim}: not a string: ${show(value)}`);
    }
    // what was interned before was checked before
    let id = value.length <= LONGEST_KNOWN ? dictionary.find(value) : undefined;
    if (id === undefined) {
      if (!this.#checkText(DIMENSIONS[dim] ?? "", value, LIMITS.dimensionCodePoints)) return false;
      id = dictionary.intern(toUSVString(value));
    }
    this.batch.dims[this.row * STRIDE + dim] = id;
    return true;
  }

  /** Whether a value was given, or the default still stands. */
  isDefault(dim: number): boolean {
    return this.batch.dims[this.row * STRIDE + dim] === this.#defaultIds[dim];
  }

  session(value: unknown): boolean {
    if (value === undefined || value === null || value === "") return true;
    const { session } = this.#dictionaries;
    let id =
      typeof value === "string" && value.length <= LONGEST_KNOWN ? session.find(value) : undefined;
    if (id === undefined) {
      if (!this.#checkText("session", value, LIMITS.dimensionCodePoints)) return false;
      id = session.intern(toUSVString(value));
    }
    this.batch.session[this.row] = id;
    return true;
  }

  id(value: unknown): boolean {
    if (value === undefined || value === null || value === "") return true;
    if (!this.#checkText("id", value, LIMITS.dimensionCodePoints)) return false;
    this.hashedId(value);
    return true;
  }

  /** An id that was checked already, of any length. */
  hashedId(value: string): void {
    hashId(value, this.#hash);
    this.batch.idHigh[this.row] = this.#hash[0] ?? 0;
    this.batch.idLow[this.row] = this.#hash[1] ?? 0;
    this.batch.hasId[this.row] = 1;
  }

  /** A text that is checked and then forgotten. */
  checked(name: string, value: unknown, codePoints: number): boolean {
    if (value === undefined || value === null) return true;
    return this.#checkText(name, value, codePoints);
  }

  requests(value: unknown): boolean {
    const count = readCount(value, 1);
    if (count < 1 || count > LIMITS.requests) {
      return this.fail("invalid_requests", `requests: expected 1…1000000, got ${show(value)}`);
    }
    this.batch.requests[this.row] = count;
    this.#tokenLimit = LIMITS.tokensPerRequest * count;
    return true;
  }

  /** After `requests`. */
  errors(value: unknown): boolean {
    const count = readCount(value, 0);
    const requests = this.batch.requests[this.row] ?? 0;
    if (count === NOT_A_COUNT || count > requests) {
      const detail = `errors: expected 0…requests (${requests}), got ${show(value)}`;
      return this.fail("invalid_errors", detail);
    }
    this.batch.errors[this.row] = count;
    return true;
  }

  /** Into a token column of `batch`. After `requests`, which sets the limit. */
  tokens(column: Float64Array, name: string, value: unknown): boolean {
    if (value === undefined) return true; // a fresh row holds 0
    const count = readCount(value, 0);
    if (count === NOT_A_COUNT) {
      return this.fail("invalid_tokens", `${name}: not a non-negative integer: ${show(value)}`);
    }
    if (count > this.#tokenLimit) {
      return this.fail("tokens_out_of_range", `${name}: over ${this.#tokenLimit}: ${show(value)}`);
    }
    column[this.row] = count;
    return true;
  }

  /** After output and reasoning. */
  reasoningWithinOutput(): boolean {
    const reasoning = this.batch.reasoning[this.row] ?? 0;
    const output = this.batch.output[this.row] ?? 0;
    if (reasoning <= output) return true;
    const detail = `reasoning_output_tokens: ${reasoning} is more than output_tokens ${output}`;
    return this.fail("reasoning_exceeds_output", detail);
  }

  cost(value: unknown): boolean {
    if (value === undefined || value === null || value === "") return true;
    const nanos = readNanos(value);
    if (Number.isNaN(nanos)) {
      return this.fail("invalid_cost", `cost_usd: not a decimal of at least 0: ${show(value)}`);
    }
    if (nanos >= MAX_EVENT_NANOS) {
      return this.fail("cost_out_of_range", `cost_usd: over 4.5 million dollars: ${show(value)}`);
    }
    this.batch.reportedNanos[this.row] = nanos;
    return true;
  }

  #checkText(name: string, value: unknown, codePoints: number): value is string {
    if (typeof value !== "string") {
      return this.fail("invalid_string", `${name}: not a string: ${show(value)}`);
    }
    if (value.length > codePoints && isLonger(value, codePoints)) {
      const detail = `${name}: longer than ${codePoints} characters: ${show(value)}`;
      return this.fail("string_too_long", detail);
    }
    if (holdsControl(value)) {
      return this.fail("invalid_string", `${name}: holds control characters: ${show(value)}`);
    }
    return true;
  }
}

function defaultOf({ defaults, labels }: Pipeline, name: (typeof DIMENSIONS)[number]): string {
  const index = DIM[name] - DIM.label1;
  if (index < 0) return defaults[name] ?? UNKNOWN;
  const label = labels[index];
  if (label === undefined) return ""; // a label column that the pipeline does not use
  return Object.hasOwn(defaults, label) ? (defaults[label] ?? UNKNOWN) : UNKNOWN;
}

function isLonger(text: string, codePoints: number): boolean {
  if (text.length > 2 * codePoints) return true;
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    if ((text.codePointAt(at) ?? 0) > 0xffff) at++;
    count++;
  }
  return count > codePoints;
}

function holdsControl(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 32 || (code >= 127 && code < 160)) return true;
  }
  return false;
}

/** A value for a person to recognise, on one line, cut. */
export function show(value: unknown): string {
  const cut = typeof value === "string" ? value.slice(0, 100) : value;
  if (typeof cut === "object" && cut !== null) return Array.isArray(cut) ? "a list" : "an object";
  const text = JSON.stringify(cut) as string | undefined;
  return toUSVString(text ?? "nothing").slice(0, 200);
}

import { toUSVString } from "node:util";
import { LIMITS, type RejectReason } from "./usage-event.ts";

const BYTE_ORDER_MARK = 0xfeff;
const QUOTE = 34;
const BACKSLASH = 92;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A record's text and its parsed value; or, where `reason` is set, why there is none. One instance is reused. */
export class JsonRecord {
  text = "";
  value: unknown = undefined;
  reason: RejectReason | null = null;
  detail = "";
  readonly #maxBytes: number;

  constructor(options: { readonly maxBytes: number }) {
    this.#maxBytes = options.maxBytes;
  }

  /**
   * True when `value` holds the record; `size` is its length before a source cut it. A leading byte order mark is dropped; bytes that are no UTF-8
   * read as U+FFFD; of duplicate keys the last counts.
   */
  parse(bytes: Uint8Array, size = bytes.byteLength): boolean {
    this.text = "";
    this.value = undefined;
    if (size > this.#maxBytes) {
      const detail = `the record has ${size} bytes, limits.max_record is ${this.#maxBytes}`;
      return this.#fail("record_too_large", detail);
    }
    let text = bytes instanceof Buffer ? bytes.toString("utf8") : decoder.decode(bytes);
    if (text.charCodeAt(0) === BYTE_ORDER_MARK) text = text.slice(1);
    this.text = text;
    if (mayBeDeep(text) && isDeep(text)) {
      return this.#fail("too_deep", `nested deeper than ${LIMITS.jsonDepth} levels`);
    }
    try {
      this.value = JSON.parse(text);
    } catch (error) {
      return this.#fail("invalid_json", error instanceof Error ? error.message : "invalid JSON");
    }
    this.reason = null;
    return true;
  }

  #fail(reason: RejectReason, detail: string): false {
    this.reason = reason;
    this.detail = toUSVString(detail).slice(0, 300);
    return false;
  }
}

/** Whether there are enough opening brackets for the depth to be worth a look. Searching for one character is much cheaper than reading all. */
function mayBeDeep(text: string): boolean {
  let count = 0;
  for (const bracket of ["{", "["]) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      if (++count > LIMITS.jsonDepth) return true;
    }
  }
  return false;
}

function isDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === 123 || code === 91) {
      if (++depth > LIMITS.jsonDepth) return true;
    } else if (code === 125 || code === 93) depth--;
  }
  return false;
}

/** Index of the closing quote of the string that opens at `from`, or the end of the text. */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) {
    at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  }
  return at;
}

/** The elements of a valid JSON array as they were written. Asked in order of index, it reads the text once in all. */
export class ElementTexts {
  readonly #text: string;
  /** Where element `#index` begins. */
  #start: number;
  #index = 0;

  constructor(text: string) {
    this.#text = text;
    this.#start = text.indexOf("[") + 1;
  }

  /** The text of element `index`; not less than the index asked before. */
  at(index: number): string {
    for (; this.#index < index; this.#index++) this.#start = this.#end() + 1;
    return this.#text.slice(this.#start, this.#end()).trim();
  }

  /** Position of the comma or bracket that ends the element at `#start`. */
  #end(): number {
    const text = this.#text;
    let depth = 0;
    for (let at = this.#start; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) at = endOfString(text, at);
      else if (code === 123 || code === 91) depth++;
      else if (depth === 0 && (code === 44 || code === 93)) return at;
      else if (code === 125 || code === 93) depth--;
    }
    return text.length;
  }
}

import { AttributeSlots } from "./attribute-slots.ts";
import { ElementTexts } from "./json-record.ts";

/**
 * The events of one record that was decoded, each as a record of its own that decodes to that event alone: what is kept of an event that is refused after
 * decoding. An event keeps the number that its decoder gave it.
 */
export class EventTexts {
  readonly #bytes: Uint8Array;
  readonly #elements: ElementTexts | null;
  readonly #spans: readonly (() => string)[] | null;

  constructor(bytes: Uint8Array) {
    const text = new TextDecoder().decode(bytes);
    this.#bytes = bytes;
    this.#elements = /^\s*\[/.test(text) ? new ElementTexts(text) : null;
    const spans = this.#elements === null ? spansOf(JSON.parse(text)) : [];
    this.#spans = spans.length > 1 ? spans : null;
  }

  /** A copy: a source uses its memory again. Asked in order of `event`, it reads the record once. */
  at(event: number): Uint8Array {
    const text = this.#elements?.at(event) ?? this.#spans?.[event]?.();
    return text === undefined ? Uint8Array.from(this.#bytes) : new TextEncoder().encode(text);
  }
}

/** In the order in which `OtlpJsonSpans` numbers them; what is malformed is one event. */
function spansOf(record: unknown): (() => string)[] {
  const attributes = new AttributeSlots();
  return listOf(record, "resourceSpans").flatMap((one) => {
    const resource = fieldOf(one, "resource");
    const scopes = fieldOf(one, "scopeSpans") ?? [];
    const readable = isObject(one) && attributes.read(fieldOf(resource, "attributes"));
    if (!readable || !Array.isArray(scopes)) return [() => textOf([one])];
    return (scopes as readonly unknown[]).flatMap((scoped) => {
      const scope = fieldOf(scoped, "scope");
      const spans = fieldOf(scoped, "spans") ?? [];
      if (!isObject(scoped) || !Array.isArray(spans)) {
        return [() => textOf([{ resource, scopeSpans: [scoped] }])];
      }
      return (spans as readonly unknown[]).map(
        (span) => () => textOf([{ resource, scopeSpans: [{ scope, spans: [span] }] }]),
      );
    });
  });
}

function textOf(resourceSpans: readonly unknown[]): string {
  return JSON.stringify({ resourceSpans });
}

function listOf(value: unknown, name: string): readonly unknown[] {
  const field = fieldOf(value, name);
  return Array.isArray(field) ? field : [];
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fieldOf(value: unknown, name: string): unknown {
  if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name] ?? undefined;
}

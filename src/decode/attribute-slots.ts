/** An OTLP attribute value: exactly one of these is set. */
interface AnyValue {
  readonly stringValue?: unknown;
  readonly intValue?: unknown;
  readonly doubleValue?: unknown;
  readonly boolValue?: unknown;
}

/**
 * The few attributes that a pipeline reads, picked out of an OTLP attribute list in one pass and without an object per span: each
 * name has a slot, and `values[slot]` is a string, number or boolean, undefined where absent, `UNREADABLE` for lists and the like.
 */
export class AttributeSlots {
  readonly values: unknown[] = [];
  readonly #slots = new Map<string, number>();

  /** The slot of `name`, given on first sight. */
  slot(name: string): number {
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      slot = this.#slots.size;
      this.#slots.set(name, slot);
      this.values.push(undefined);
    }
    return slot;
  }

  /** Reads a list; of a name that comes twice the last counts. False where it is no attribute list. */
  read(attributes: unknown): boolean {
    this.values.fill(undefined);
    if (attributes === undefined || attributes === null) return true;
    if (!Array.isArray(attributes)) return false;
    for (const attribute of attributes as readonly unknown[]) {
      if (typeof attribute !== "object" || attribute === null) return false;
      const { key, value } = attribute as { readonly key?: unknown; readonly value?: unknown };
      if (typeof key !== "string") return false;
      const slot = this.#slots.get(key);
      if (slot !== undefined) this.values[slot] = valueOf(value);
    }
    return true;
  }
}

/** Stands for a value that is neither text nor number nor boolean. */
export const UNREADABLE = Symbol("unreadable");

function valueOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  const { stringValue, intValue, doubleValue, boolValue } = value as AnyValue;
  const given = stringValue ?? intValue ?? doubleValue ?? boolValue;
  if (given !== undefined && given !== null) return typeof given === "object" ? UNREADABLE : given;
  return Object.keys(value).length === 0 ? undefined : UNREADABLE;
}

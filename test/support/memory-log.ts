import type { Partition, RecordBatch } from "../../src/source/source.ts";

/** Stands in the data and takes no offset. The first two act once, whoever reads them first. */
export class Mark {
  readonly kind: "abort" | "revoke" | "end";

  constructor(kind: Mark["kind"]) {
    this.kind = kind;
  }
}

/** The reading process dies here, as by `kill -9`. */
export const ABORT = (): Mark => new Mark("abort");
/** The group rebalances here: all partitions are lost and won again. */
export const REVOKE = (): Mark => new Mark("revoke");
/** The partition ends here; when all do, the input has ended. */
export const EOF = (): Mark => new Mark("end");

/** A record: text or bytes as they are, anything else as JSON, null a tombstone. */
export type Item =
  string | Uint8Array | Readonly<Record<string, unknown>> | readonly object[] | null;

interface MemoryPartition {
  readonly values: (Uint8Array | null)[];
  readonly marks: [number, Mark][];
  isClosed: boolean;
}

/** A replayable log of some partitions, shared by every process that reads it. Offsets count records, from `firstOffset`. */
export class MemoryLog {
  readonly topic: string;
  readonly firstOffset: number;
  readonly #partitions = new Map<number, MemoryPartition>();
  readonly #listeners = new Set<() => void>();

  constructor(options: { topic?: string; partitions?: number; firstOffset?: number } = {}) {
    this.topic = options.topic ?? "token-usage";
    this.firstOffset = options.firstOffset ?? 0;
    for (let one = 0; one < (options.partitions ?? 1); one++) {
      this.#partitions.set(one, { values: [], marks: [], isClosed: false });
    }
  }

  get partitions(): Partition[] {
    return [...this.#partitions.keys()].map((partition) => ({ topic: this.topic, partition }));
  }

  /** Appends records and marks to a partition. */
  write(items: readonly (Item | Mark)[], partition = 0): this {
    const one = this.#of(partition);
    for (const item of items) {
      if (!(item instanceof Mark)) one.values.push(bytesOf(item));
      else if (item.kind === "end") one.isClosed = true;
      else one.marks.push([one.values.length, item]);
    }
    for (const tell of this.#listeners) tell();
    return this;
  }

  isClosed(partition: number): boolean {
    return this.#of(partition).isClosed;
  }

  end(partition = 0): number {
    return this.firstOffset + this.#of(partition).values.length;
  }

  /** Records from an offset on, at most `limit`, as far as the next mark. */
  read(partition: number, offset: number, limit: number): RecordBatch {
    const { values, marks } = this.#of(partition);
    const from = offset - this.firstOffset;
    const mark = marks.find(([at]) => at > from)?.[0] ?? values.length;
    const to = Math.min(from + limit, mark, values.length);
    const slice = values.slice(from, to);
    return {
      topic: this.topic,
      partition,
      values: slice,
      offsets: Float64Array.from(slice, (_, index) => offset + index),
      appendTimesMs: new Float64Array(slice.length).fill(NaN),
      headers: null,
      endOffset: offset + slice.length,
      fingerprint: `record-${offset + slice.length - 1}`,
      highWatermark: this.firstOffset + values.length,
    };
  }

  /** The mark that stands right at an offset, once. */
  takeMark(partition: number, offset: number): Mark | null {
    const { marks } = this.#of(partition);
    const index = marks.findIndex(([at]) => at === offset - this.firstOffset);
    return index < 0 ? null : (marks.splice(index, 1)[0]?.[1] ?? null);
  }

  hasMark(partition: number, offset: number): boolean {
    return this.#of(partition).marks.some(([at]) => at === offset - this.firstOffset);
  }

  onWrite(tell: () => void): () => void {
    this.#listeners.add(tell);
    return () => this.#listeners.delete(tell);
  }

  #of(partition: number): MemoryPartition {
    const one = this.#partitions.get(partition);
    if (one === undefined) throw new RangeError(`no partition ${partition}`);
    return one;
  }
}

function bytesOf(item: Item): Uint8Array | null {
  if (item === null || item instanceof Uint8Array) return item;
  return Buffer.from(typeof item === "string" ? item : JSON.stringify(item));
}

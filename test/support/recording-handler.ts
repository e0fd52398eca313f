import {
  partitionKey,
  type Partition,
  type RecordBatch,
  type SourceHandler,
} from "../../src/source/source.ts";

/** A record as it was handed over, copied. */
export interface SeenRecord {
  readonly partition: string;
  readonly offset: number;
  readonly text: string | null;
  readonly size: number;
}

/**
 * A worker that stores each batch at once and remembers everything. Like a real one it answers `assigned` with what is stored, and counts
 * a record only once.
 */
export class RecordingHandler {
  /** Stored ends; set one to start elsewhere. */
  readonly ends: Map<string, number>;
  readonly records: SeenRecord[] = [];
  readonly batches: { key: string; count: number; endOffset: number; fingerprint: string }[] = [];
  readonly revocations: string[][] = [];
  readonly gaps: { key: string; from: number; to: number }[] = [];
  readonly assignments: string[] = [];
  ended = 0;
  overlaps = 0;
  /** Awaited at the begin of each batch. */
  hold: (batch: RecordBatch) => Promise<void> = () => Promise.resolve();
  #busy = false;
  #waiting: { readonly until: () => boolean; readonly resolve: () => void }[] = [];

  constructor(ends: Readonly<Record<string, number>> = {}) {
    this.ends = new Map(Object.entries(ends));
  }

  /** The values in the order they came; of one partition or of all. */
  texts(partition?: string): (string | null)[] {
    const records = this.records.filter(
      (one) => partition === undefined || one.partition === partition,
    );
    return records.map(({ text }) => text);
  }

  /** Resolves when the condition holds after some call. */
  async until(condition: () => boolean): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve) => this.#waiting.push({ until: condition, resolve }));
  }

  assigned(partition: Partition): Promise<number> {
    return this.#alone(() => {
      const key = partitionKey(partition);
      this.assignments.push(key);
      return Promise.resolve(this.ends.get(key) ?? 0);
    });
  }

  batch(batch: RecordBatch): Promise<void> {
    return this.#alone(async () => {
      await this.hold(batch);
      const key = partitionKey(batch);
      batch.values.forEach((value, index) => {
        this.records.push({
          partition: key,
          offset: batch.offsets[index]!,
          text: value === null ? null : Buffer.from(value).toString(),
          size: batch.sizes?.[index] ?? value?.length ?? 0,
        });
      });
      const { endOffset, fingerprint } = batch;
      this.batches.push({ key, count: batch.values.length, endOffset, fingerprint });
      this.ends.set(key, endOffset);
    });
  }

  gap(partition: Partition, from: number, to: number): Promise<number> {
    return this.#alone(() => {
      const key = partitionKey(partition);
      const end = this.ends.get(key) ?? Infinity;
      if (to <= end) return Promise.resolve(0);
      const begin = Math.max(from, end);
      this.gaps.push({ key, from: begin, to });
      return Promise.resolve(to - begin);
    });
  }

  revoked(partitions: readonly Partition[]): Promise<void> {
    return this.#alone(() => {
      this.revocations.push(partitions.map(partitionKey));
      return Promise.resolve();
    });
  }

  onEnded(): Promise<void> {
    return this.#alone(() => {
      this.ended++;
      return Promise.resolve();
    });
  }

  /** This one as a source takes it. */
  get handler(): SourceHandler {
    return {
      assigned: (partition) => this.assigned(partition),
      batch: (records) => this.batch(records),
      gap: (partition, from, to) => this.gap(partition, from, to),
      revoked: (partitions) => this.revoked(partitions),
      ended: () => this.onEnded(),
    };
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#busy) this.overlaps++;
    this.#busy = true;
    try {
      // Gives an overlapping call the chance to show itself.
      await new Promise((resolve) => setImmediate(resolve));
      return await work();
    } finally {
      this.#busy = false;
      const met = this.#waiting.filter(({ until }) => until());
      this.#waiting = this.#waiting.filter((one) => !met.includes(one));
      for (const { resolve } of met) resolve();
    }
  }
}

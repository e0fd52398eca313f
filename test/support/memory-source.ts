import {
  partitionKey,
  type Partition,
  type RecordBatch,
  type Source,
  type SourceHandler,
} from "../../src/source/source.ts";
import { Life } from "./life.ts";

/** Stands in the data and takes no offset. The first two act once, whoever reads them first. */
class Mark {
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

export interface MemorySourceOptions {
  readonly log: MemoryLog;
  /** Most records a batch. */
  readonly batchRecords?: number;
  readonly life?: Life;
  /** Which of the partitions that have something to give comes next; by default the first. */
  readonly choose?: (count: number) => number;
  /** Partitions to begin with; by default all. */
  readonly partitions?: readonly number[];
}

/** Reads a log as a member of a group would, and does what the marks in the data say. */
export class MemorySource implements Source {
  readonly name = "memory";
  readonly done: Promise<void>;
  /** What the worker told to be committed, by partition. */
  readonly ends = new Map<string, number>();
  readonly #options: MemorySourceOptions;
  readonly #life: Life;
  readonly #positions = new Map<number, number>();
  #handler: SourceHandler | null = null;
  #held: number[];
  /** Partitions that a rebalance gives us. */
  #next: readonly number[] | null = null;
  #isReassigned = false;
  #isStopped = false;
  #running: Promise<void> = Promise.resolve();
  #wake: () => void = () => undefined;
  #idle: (() => void)[] = [];
  #isIdle = false;
  #finish: () => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;

  constructor(options: MemorySourceOptions) {
    this.#options = options;
    this.#life = options.life ?? new Life();
    this.#held = [...(options.partitions ?? options.log.partitions.map((one) => one.partition))];
    this.done = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    this.done.catch(() => undefined);
  }

  /** The worker, to be called past the log. */
  get handler(): SourceHandler {
    if (this.#handler === null) throw new Error("not started");
    return this.#handler;
  }

  start(handler: SourceHandler): Promise<void> {
    this.#handler = handler;
    const unlisten = this.#options.log.onWrite(() => {
      this.#isIdle = false;
      this.#wake();
    });
    this.#running = this.#run().then(this.#finish, this.#fail).finally(unlisten);
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake();
    await this.#running;
  }

  reassign(): void {
    this.#isReassigned = true;
    this.#wake();
  }

  committed(ends: readonly (Partition & { readonly endOffset: number })[]): Promise<void> {
    for (const end of ends) this.ends.set(partitionKey(end), end.endOffset);
    return Promise.resolve();
  }

  /** A rebalance from outside: from now on these partitions are ours. */
  async rebalance(partitions: readonly number[]): Promise<void> {
    this.#next = partitions;
    this.#isIdle = false;
    this.#wake();
    await this.idle();
  }

  /** Resolves when all that is in the log was handed over, or the source has ended. */
  async idle(): Promise<void> {
    if (this.#isIdle) return;
    const idle = new Promise<void>((resolve) => this.#idle.push(resolve));
    await Promise.race([idle, this.#running, this.#life.over]);
  }

  async #run(): Promise<void> {
    await this.#assign();
    for (;;) {
      await this.#life.beat();
      if (this.#isStopped) return;
      if (this.#next !== null) await this.#rebalance(this.#next);
      else if (this.#isReassigned) await this.#assign();
      else if (await this.#isEnded()) return;
    }
  }

  /** One step of reading; true at the end of the input. */
  async #isEnded(): Promise<boolean> {
    const { log, choose = () => 0, batchRecords = 2 } = this.#options;
    const ready = this.#held.filter((one) => this.#hasMore(one));
    const partition = ready[choose(ready.length)];
    if (partition === undefined) return this.#rest();
    const offset = this.#positions.get(partition) ?? 0;
    const mark = log.takeMark(partition, offset);
    if (mark !== null) {
      await this.#obey(mark);
      return false;
    }
    const batch = log.read(partition, offset, batchRecords);
    await this.handler.batch(batch);
    if (!this.#isReassigned) this.#positions.set(partition, batch.endOffset);
    return false;
  }

  #hasMore(partition: number): boolean {
    const { log } = this.#options;
    const offset = this.#positions.get(partition) ?? 0;
    return offset < log.end(partition) || log.hasMark(partition, offset);
  }

  /** Nothing to read: the end of the input, or a pause until there is more. */
  async #rest(): Promise<boolean> {
    const { log } = this.#options;
    if (this.#held.length > 0 && this.#held.every((one) => log.isClosed(one))) {
      await this.handler.ended?.();
      return !this.#isReassigned;
    }
    await this.#untilWoken();
    return false;
  }

  async #obey({ kind }: Mark): Promise<void> {
    if (kind === "revoke") return this.#rebalance(this.#held);
    this.#life.end();
    await this.#life.beat();
  }

  async #rebalance(to: readonly number[]): Promise<void> {
    this.#next = null;
    const held = this.#held.map((partition) => ({ topic: this.#options.log.topic, partition }));
    this.#held = [...to];
    if (held.length > 0) await this.handler.revoked(held);
    await this.#assign();
  }

  async #assign(): Promise<void> {
    this.#isReassigned = false;
    const { log } = this.#options;
    for (const partition of this.#held) {
      const start = await this.handler.assigned(
        { topic: log.topic, partition },
        log.end(partition),
      );
      this.#positions.set(partition, Math.max(start, log.firstOffset));
    }
  }

  async #untilWoken(): Promise<void> {
    this.#isIdle = true;
    const woken = new Promise<void>((resolve) => (this.#wake = resolve));
    for (const resolve of this.#idle.splice(0)) resolve();
    await woken;
    this.#isIdle = false;
  }
}

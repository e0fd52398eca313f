import type { Clock } from "../../src/runtime/clock.ts";
import {
  partitionKey,
  type Partition,
  type Source,
  type SourceHandler,
} from "../../src/source/source.ts";
import { Life } from "./life.ts";
import type { Mark, MemoryLog } from "./memory-log.ts";

/** Two that take the partitions from one another for ever do it without a turn of the event loop, so no time limit of a test would come. */
const MAX_DROPS = 1_000;

export interface MemorySourceOptions {
  readonly log: MemoryLog;
  /** Most records a batch. */
  readonly batchRecords?: number;
  readonly life?: Life;
  /** Which of the partitions that have something to give comes next; by default the first. */
  readonly choose?: (count: number) => number;
  /** Partitions to begin with; by default all. */
  readonly partitions?: readonly number[];
  /** Times the pause that `reassign` asks for, as an endless source keeps it; without one there is none, as of an input that ends. */
  readonly clock?: Clock;
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
  /** How often the work was dropped since some of it was stored. */
  #drops = 0;
  #pausedUntilMs = -Infinity;
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
    const unlisten = this.#options.log.onWrite(() => this.#stir());
    this.#running = this.#run().then(this.#finish, this.#fail).finally(unlisten);
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake();
    await this.#running;
  }

  reassign(pauseMs = 0): void {
    const { clock } = this.#options;
    this.#drops++;
    this.#isReassigned = true;
    if (clock !== undefined) this.#pausedUntilMs = clock.now() + pauseMs;
    void clock?.sleep(pauseMs).then(() => this.#stir());
    this.#stir();
  }

  committed(ends: readonly (Partition & { readonly endOffset: number })[]): Promise<void> {
    this.#drops = 0;
    for (const end of ends) this.ends.set(partitionKey(end), end.endOffset);
    return Promise.resolve();
  }

  /** A rebalance from outside: from now on these partitions are ours. */
  async rebalance(partitions: readonly number[]): Promise<void> {
    this.#next = partitions;
    this.#stir();
    await this.idle();
  }

  /** Resolves when all that is in the log was handed over, or the source has ended; rejects where all work is dropped again and again. */
  async idle(): Promise<void> {
    if (this.#isIdle) return;
    const idle = new Promise<void>((resolve) => this.#idle.push(resolve));
    await Promise.race([idle, this.#running, this.#life.over]);
    if (this.#drops > MAX_DROPS) throw new Error("all work was dropped, again and again");
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    await this.#assign();
    for (;;) {
      await this.#life.beat();
      if (this.#isStopped || this.#drops > MAX_DROPS) return;
      if (this.#next !== null) await this.#rebalance(this.#next);
      else if ((clock?.now() ?? 0) < this.#pausedUntilMs) await this.#untilWoken();
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
    if (mark !== null) return this.#obey(mark).then(() => false);
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
    return this.#untilWoken().then(() => false);
  }

  async #obey({ kind }: Mark): Promise<void> {
    if (kind === "revoke") return this.#rebalance(this.#held);
    this.#life.end();
    await this.#life.beat();
  }

  async #rebalance(to: readonly number[]): Promise<void> {
    this.#next = null;
    this.#pausedUntilMs = -Infinity;
    const held = this.#held.map((one) => this.#named(one));
    this.#held = [...to];
    if (held.length > 0) await this.handler.revoked(held);
    await this.#assign();
  }

  async #assign(): Promise<void> {
    this.#isReassigned = false;
    const { log } = this.#options;
    for (const partition of this.#held) {
      const start = await this.handler.assigned(this.#named(partition), log.end(partition));
      this.#positions.set(partition, Math.max(start, log.firstOffset));
    }
  }

  #named(partition: number): Partition {
    return { topic: this.#options.log.topic, partition };
  }

  #stir(): void {
    this.#isIdle = false;
    this.#wake();
  }

  async #untilWoken(): Promise<void> {
    this.#isIdle = true;
    const woken = new Promise<void>((resolve) => (this.#wake = resolve));
    for (const resolve of this.#idle.splice(0)) resolve();
    await woken;
    this.#isIdle = false;
  }
}

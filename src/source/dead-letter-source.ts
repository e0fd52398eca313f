import { FeedLoop } from "./feed-loop.ts";
import type { RecordBatch, Source, SourceHandler } from "./source.ts";

/** A rejected event that is read again. */
export interface DeadLetterRecord {
  readonly position: number;
  /** null: it is gone. */
  readonly value: Uint8Array | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface DeadLetterSourceOptions {
  /** Names this selection of them, and no other. */
  readonly topic: string;
  /** How many there are. */
  readonly events: number;
  /** Some of them from a position on, in order and without a hole; none at the end. */
  readonly read: (from: number, signal: AbortSignal) => Promise<readonly DeadLetterRecord[]>;
}

/** A selection of rejected events as one partition that ends: an event's offset is its place in the selection, so it counts once like any record. */
export class DeadLetterSource implements Source {
  readonly name: string;
  readonly #options: DeadLetterSourceOptions;
  readonly #loop: FeedLoop;

  constructor(options: DeadLetterSourceOptions) {
    this.#options = options;
    this.name = options.topic;
    this.#loop = new FeedLoop(this.name);
  }

  get done(): Promise<void> {
    return this.#loop.done;
  }

  start(handler: SourceHandler): Promise<void> {
    this.#loop.start(handler, (life) => this.#feed(handler, life));
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  reassign(): void {
    this.#loop.reassign();
  }

  committed(): Promise<void> {
    this.#loop.undisturbed();
    return Promise.resolve();
  }

  async #feed(
    handler: SourceHandler,
    { signal, isOver }: { readonly signal: AbortSignal; readonly isOver: () => boolean },
  ): Promise<void> {
    const { topic, events, read } = this.#options;
    let next = await handler.assigned({ topic, partition: 0 }, events);
    while (!isOver()) {
      const records = await read(next, signal);
      const last = records.at(-1);
      if (last === undefined) return;
      await handler.batch(batchOf(topic, events, records));
      next = last.position + 1;
    }
  }
}

function batchOf(topic: string, events: number, records: readonly DeadLetterRecord[]): RecordBatch {
  const end = (records.at(-1)?.position ?? -1) + 1;
  return {
    topic,
    partition: 0,
    values: records.map(({ value }) => value),
    offsets: Float64Array.from(records, ({ position }) => position),
    // It is judged by the clock of today: what lay in the future when it came may have happened since.
    appendTimesMs: new Float64Array(records.length).fill(NaN),
    headers: records.map(({ headers }) => headers),
    endOffset: end,
    fingerprint: `${topic}:${end}`,
    highWatermark: events,
  };
}

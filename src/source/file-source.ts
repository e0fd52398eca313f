import { randomUUID } from "node:crypto";
import { AppError, messageOf } from "../runtime/errors.ts";
import { FeedLoop, lines, type Reading } from "./feed-loop.ts";
import {
  beginsWith,
  identifyFile,
  readChunks,
  resumed,
  type FileIdentity,
  type StoredInput,
} from "./file-identity.ts";
import type { LineLimits } from "./line-splitter.ts";
import type { Source, SourceHandler } from "./source.ts";

export interface FileSourceOptions {
  readonly path: string;
  /** All checkpoints of files, as they are stored at the moment. */
  readonly known: (signal?: AbortSignal) => Promise<readonly StoredInput[]>;
  /** Count it anew, even if it was read before. */
  readonly again?: boolean;
  readonly limits?: Partial<LineLimits>;
}

/** A file of one record a line. Known by its content: the same file again gives nothing, a grown one its new lines; a last line that is being written waits. */
export class FileSource implements Source {
  readonly name: string;
  readonly #options: FileSourceOptions;
  readonly #loop: FeedLoop;
  #identity: FileIdentity | null = null;
  /** Whether anything was stored by us under that identity. */
  #hasStored = false;
  #unfinished = 0;

  constructor(options: FileSourceOptions) {
    this.#options = options;
    this.name = `file ${options.path}`;
    this.#loop = new FeedLoop(this.name);
  }

  get done(): Promise<void> {
    return this.#loop.done;
  }

  get unfinished(): number {
    return this.#unfinished;
  }

  /** Which input this file is; reads it once. `start` asks by itself. May change while another process begins with it or with one that begins alike. */
  async resolveIdentity(): Promise<FileIdentity> {
    this.#identity ??= await this.#identify(await this.#options.known());
    return this.#identity;
  }

  async start(handler: SourceHandler): Promise<void> {
    await this.resolveIdentity();
    const begin = (signal: AbortSignal): Promise<Reading> => this.#begin(handler, signal);
    this.#loop.start(handler, lines(handler, this.#options.limits, begin));
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  reassign(): void {
    this.#loop.reassign();
  }

  /** The offset of a file is kept in the store alone. */
  committed(): Promise<void> {
    this.#hasStored = true;
    this.#loop.undisturbed();
    return Promise.resolve();
  }

  #identify(known: readonly StoredInput[]): Promise<FileIdentity> {
    const { path, again } = this.#options;
    return identifyFile(path, known, again);
  }

  /**
   * A topic is named after the first line, so another process may have stored something under it since we looked: the same file, which is then ours to go on with,
   * or one that merely begins alike. From the assignment on nobody stores under our topic without our notice, so what is stored then is compared, before
   * any line is handed over.
   */
  async #begin(handler: SourceHandler, signal: AbortSignal): Promise<Reading> {
    for (;;) {
      const identity = await this.resolveIdentity();
      const partition = { topic: identity.topic, partition: 0 };
      const start = await handler.assigned(partition, -1);
      const known = await this.#options.known(signal);
      const stored = known.find(({ topic }) => topic === identity.topic) ?? null;
      if (stored === null || (await this.#beginsWith(stored, identity))) {
        return { partition, start, ...this.#reading(stored, identity) };
      }
      if (this.#hasStored) throw changed(this.#options.path, stored.endOffset);
      await handler.revoked([partition]);
      this.#identity = await this.#identify(known);
      this.#loop.undisturbed();
    }
  }

  async #beginsWith(stored: StoredInput, identity: FileIdentity): Promise<boolean> {
    const { endOffset, fingerprint } = stored;
    if (endOffset === identity.resumeOffset && fingerprint === identity.fingerprint) return true;
    if (!(await beginsWith(this.#options.path, stored))) return false;
    if (!this.#hasStored) this.#identity = resumed(identity, stored);
    return true;
  }

  #reading(
    before: StoredInput | null,
    { size, isNameFinal }: FileIdentity,
  ): Omit<Reading, "partition" | "start"> {
    const { path } = this.#options;
    this.#unfinished = 0;
    return {
      chunks: readChunks(path, isNameFinal ? Infinity : Math.max(size, before?.endOffset ?? 0)),
      before,
      unfinished: (bytes) => (this.#unfinished = bytes),
      changed: (at) => changed(path, at).message,
    };
  }
}

function changed(path: string, at: number): AppError {
  return new AppError(
    `"${path}" changed before byte ${at} while it was read; start again when nobody writes to it`,
    { code: "input" },
  );
}

export interface StdinSourceOptions {
  readonly stream: AsyncIterable<Buffer | string>;
  /** Given: the same name later goes on where this one ended. Absent: each run is a new input. */
  readonly sourceName?: string;
  /** All stored checkpoints. */
  readonly known: readonly StoredInput[];
  readonly limits?: Partial<LineLimits>;
}

/** Standard input, one record a line. Under a name, what was read before is checked and not handed over again. */
export class StdinSource implements Source {
  readonly name: string;
  readonly topic: string;
  /** Bytes that are stored already and must come again. */
  readonly resumeOffset: number;
  readonly #options: StdinSourceOptions;
  readonly #stored: StoredInput | null;
  readonly #loop: FeedLoop;
  #isOpen = false;

  constructor(options: StdinSourceOptions) {
    const { sourceName, known } = options;
    this.#options = options;
    this.topic = `stdin:${sourceName ?? randomUUID()}`;
    this.name = `stdin ${sourceName ?? ""}`.trim();
    this.#stored =
      known
        .filter(({ topic, endOffset }) => topic === this.topic && endOffset > 0)
        .sort((a, b) => b.endOffset - a.endOffset)[0] ?? null;
    this.resumeOffset = this.#stored?.endOffset ?? 0;
    this.#loop = new FeedLoop(this.name);
  }

  get done(): Promise<void> {
    return this.#loop.done;
  }

  start(handler: SourceHandler): Promise<void> {
    const begin = (signal: AbortSignal): Promise<Reading> => this.#begin(handler, signal);
    this.#loop.start(handler, lines(handler, this.#options.limits, begin));
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  reassign(): void {
    this.#loop.reassign();
  }

  committed(): Promise<void> {
    return Promise.resolve();
  }

  async #begin(handler: SourceHandler, signal: AbortSignal): Promise<Reading> {
    const partition = { topic: this.topic, partition: 0 };
    const start = await handler.assigned(partition, -1);
    if (this.#isOpen) throw this.#cannotRewind();
    this.#isOpen = true;
    return {
      partition,
      start,
      chunks: toBuffers(this.#options.stream, signal),
      before: this.#stored,
      changed: (at) =>
        `stdin named "${this.#options.sourceName ?? ""}" differs from what was read before at byte ${at}; ` +
        "give the same input from its begin, or another --source-name",
    };
  }

  #cannotRewind(): AppError {
    return new AppError(
      `another process stored records of ${this.name} at the same time, and stdin cannot be read twice; run it again alone`,
      { code: "checkpoint_conflict" },
    );
  }
}

/** Ends when `signal` aborts, even while the stream is silent. */
async function* toBuffers(
  stream: AsyncIterable<Buffer | string>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const iterator = stream[Symbol.asyncIterator]();
  const aborted = new Promise<{ readonly done: true }>((resolve) => {
    const end = (): void => resolve({ done: true });
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted]);
      if (next.done === true || signal.aborted) return;
      yield typeof next.value === "string" ? Buffer.from(next.value) : next.value;
    }
  } catch (cause) {
    throw new AppError(`stdin cannot be read: ${messageOf(cause)}`, { code: "input", cause });
  }
}

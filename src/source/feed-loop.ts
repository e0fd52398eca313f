import { AppError } from "../runtime/errors.ts";
import { LINE_LIMITS, feedLines, type LineFeed } from "./line-feed.ts";
import type { LineLimits } from "./line-splitter.ts";
import type { SourceHandler } from "./source.ts";

/** Two that read the same input would take it from each other for ever: one of them gives way. */
const MAX_DROPS = 2;

/** One reading of the input, assigned already. */
export type Reading = Pick<
  LineFeed,
  "partition" | "start" | "chunks" | "before" | "changed" | "unfinished"
>;

/** How long one feeding goes on. */
export interface FeedLife {
  readonly signal: AbortSignal;
  /** True after a stop, and where the handler dropped what it had. */
  readonly isOver: () => boolean;
}

/** A feeding of lines. `begin` is asked for each. */
export function lines(
  handler: SourceHandler,
  limits: Partial<LineLimits> | undefined,
  begin: (signal: AbortSignal) => Promise<Reading>,
): (life: FeedLife) => Promise<void> {
  return async ({ signal, isOver }) => {
    const reading = await begin(signal);
    await feedLines({ ...reading, limits: { ...LINE_LIMITS, ...limits }, handler, isOver });
  };
}

/** The life that inputs which end share: ask where to start, feed, and begin anew when the handler dropped what it had. */
export class FeedLoop {
  readonly done: Promise<void>;
  readonly #name: string;
  readonly #stopping = new AbortController();
  #isReassigned = false;
  /** How often in a row our work was dropped before any of it was stored. */
  #drops = 0;
  #running: Promise<void> = Promise.resolve();
  #finish: () => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;

  constructor(name: string) {
    this.#name = name;
    this.done = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    this.done.catch(() => undefined);
  }

  /** `feed` is called for each feeding: it asks where to start and hands over until the input ends or the life is over. */
  start(handler: SourceHandler, feed: (life: FeedLife) => Promise<void>): void {
    this.#running = this.#run(handler, feed).then(this.#finish, this.#fail);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    this.#finish();
  }

  reassign(): void {
    this.#isReassigned = true;
    this.#drops++;
  }

  /** Nobody takes our work from us (any more). */
  undisturbed(): void {
    this.#drops = 0;
  }

  #isOver(): boolean {
    return this.#stopping.signal.aborted || this.#isReassigned;
  }

  #mustBeginAnew(): boolean {
    return this.#isReassigned && !this.#stopping.signal.aborted;
  }

  async #run(handler: SourceHandler, feed: (life: FeedLife) => Promise<void>): Promise<void> {
    do {
      this.#isReassigned = false;
      if (this.#drops > MAX_DROPS) throw readByAnother(this.#name);
      await feed({ signal: this.#stopping.signal, isOver: () => this.#isOver() });
      if (!this.#isOver()) await handler.ended?.();
    } while (this.#mustBeginAnew());
  }
}

function readByAnother(name: string): AppError {
  return new AppError(
    `another process reads ${name} at the same time; every event counts once, so let that one go on, or stop it and run this again`,
    { code: "checkpoint_conflict" },
  );
}

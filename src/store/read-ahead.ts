import { setImmediate } from "node:timers/promises";

/**
 * Gives what `source` gives, in order, and asks it for more while the caller is busy: until as much is held as `most`, in the sum of lengths. For a source that waits
 * for others (an engine that works on another core) and a caller that never waits. Throws what the source throws, after what it gave before.
 */
export async function* readAhead<T extends { readonly length: number }>(
  source: AsyncIterable<T>,
  most: number,
): AsyncIterable<T> {
  const filling = new Filling(source, most);
  try {
    for (;;) {
      const next = await filling.take();
      if (next === null) return;
      yield next;
      // The caller has not let the source have its turn.
      await setImmediate();
    }
  } finally {
    filling.stop();
  }
}

class Filling<T extends { readonly length: number }> {
  readonly #most: number;
  readonly #queue: T[] = [];
  #length = 0;
  #isStopped = false;
  /** Set when there is no more; with what the source threw, if it did. */
  #end: { readonly error?: unknown } | null = null;
  #wake = (): void => undefined;

  constructor(source: AsyncIterable<T>, most: number) {
    this.#most = most;
    void this.#fill(source);
  }

  /** The next, null after the last. */
  async take(): Promise<T | null> {
    while (this.#queue.length === 0) {
      if (this.#end === null) await this.#change();
      else if ("error" in this.#end) throw this.#end.error;
      else return null;
    }
    const next = this.#queue.shift() as T;
    this.#length -= next.length;
    this.#wake();
    return next;
  }

  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }

  async #fill(source: AsyncIterable<T>): Promise<void> {
    try {
      for await (const one of source) {
        this.#queue.push(one);
        this.#length += one.length;
        this.#wake();
        while (this.#length > this.#most && !this.#isStopped) await this.#change();
        if (this.#isStopped) break;
      }
      this.#end = {};
    } catch (error) {
      this.#end = { error };
    }
    this.#wake();
  }

  /** Only one of both sides ever waits: one for more, the other for less. */
  #change(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }
}

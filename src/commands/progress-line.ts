import type { Clock } from "../runtime/clock.ts";

const EVERY_MS = 200;
const EVERY_MS_WITHOUT_TERMINAL = 5_000;

/** One line that says how far it is: rewritten in place on a terminal, repeated now and then elsewhere. */
export class ProgressLine {
  readonly #clock: Clock;
  readonly #output: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly #stopping = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(options: {
    readonly clock: Clock;
    readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
  }) {
    this.#clock = options.clock;
    this.#output = options.output;
  }

  start(text: () => string): void {
    this.#loop = this.#show(text);
  }

  /** Ends the line; what comes next begins on its own. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    if (this.#output.isTTY === true) this.#output.write("\r\u001b[K");
  }

  async #show(text: () => string): Promise<void> {
    const terminal = this.#output.isTTY === true;
    const { signal } = this.#stopping;
    for (;;) {
      await this.#clock.sleep(terminal ? EVERY_MS : EVERY_MS_WITHOUT_TERMINAL, signal);
      if (signal.aborted) return;
      this.#output.write(terminal ? `\r\u001b[K${text()}` : `${text()}\n`);
    }
  }
}

/**
 * The life of one process in a test. When it ends, nothing of it goes on: its next step never comes, as after `kill -9`. What it holds in memory is
 * lost; what it stored stays.
 */
export class Life {
  readonly over: Promise<void>;
  #isOver = false;
  #end: () => void = () => undefined;

  constructor() {
    this.over = new Promise((resolve) => (this.#end = resolve));
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  end(): void {
    this.#isOver = true;
    this.#end();
  }

  /** Goes on only as long as the process lives. */
  beat(): Promise<void> {
    return this.#isOver ? new Promise(() => undefined) : Promise.resolve();
  }
}

/** How a loop ends: once, well or not. */
export class Ending {
  /** Nobody needs to listen: a rejection that is not looked at is no error. */
  readonly done: Promise<void>;
  #failed = false;
  #resolve: () => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor() {
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.done.catch(() => undefined);
  }

  get failed(): boolean {
    return this.#failed;
  }

  readonly finish = (): void => this.#resolve();

  readonly fail = (error: unknown): void => {
    this.#failed = true;
    this.#reject(error);
  };
}

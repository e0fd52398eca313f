/** Half in about seventy active hours. */
const FADE = 0.99;

/** The share of a series' requests that usually fail, by the hours that were normal. */
export class ErrorShare {
  #requests = 0;
  #errors = 0;

  get value(): number {
    return this.#requests === 0 ? 0 : this.#errors / this.#requests;
  }

  learn(requests: number, errors: number): void {
    this.#requests = this.#requests * FADE + requests;
    this.#errors = this.#errors * FADE + errors;
  }
}

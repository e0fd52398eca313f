/**
 * How many pages one receiver gets in a minute. More than that are a storm, and a storm is told in one message a minute: a phone that rings fifty
 * times says less than one that rings once with fifty names.
 */
export class PageBudget {
  readonly #pagesPerMinute: number;
  #sentAtMs: number[] = [];
  #nextDigestMs = 0;

  constructor(pagesPerMinute = 5) {
    this.#pagesPerMinute = pagesPerMinute;
  }

  /** single: page now. digest: tell all that wait in one message now. Otherwise when to ask again. */
  ask(nowMs: number): "single" | "digest" | { readonly waitUntilMs: number } {
    this.#sentAtMs = this.#sentAtMs.filter((sentMs) => nowMs - sentMs < MINUTE_MS);
    if (this.#sentAtMs.length < this.#pagesPerMinute) return "single";
    return nowMs >= this.#nextDigestMs ? "digest" : { waitUntilMs: this.#nextDigestMs };
  }

  spend(nowMs: number, kind: "single" | "digest"): void {
    this.#sentAtMs.push(nowMs);
    if (kind === "digest") this.#nextDigestMs = nowMs + MINUTE_MS;
  }
}

const MINUTE_MS = 60_000;

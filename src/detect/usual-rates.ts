/** The past fades by half in about fifty active hours: two weeks of work. */
const FADE = 0.986;
/** With less than this behind them, a user's usual rates are not known. */
const MIN_REQUESTS = 30;
/** No step counts for more than this, whatever it held. */
const CLIP = 1.5;

/**
 * What a user's active steps of five minutes usually come to: requests a step, tokens a request, dollars a token (weighted by size, as the money is), and
 * the averages of their logarithms, by which a step is measured.
 */
export class UsualRates {
  #cells = 0;
  #requests = 0;
  #tokens = 0;
  #usd = 0;
  /** Fading sums over steps: how many, and the logarithms of their price, size and pace. */
  #steps = 0;
  #price = 0;
  #size = 0;
  #pace = 0;
  /** Steps of the hour that goes on: learnt when it is over, if it was normal. */
  #newSteps = 0;
  #newPrice = 0;
  #newSize = 0;
  #newPace = 0;
  /** The step that is going on. */
  #step = -1;
  #stepUsd = 0;
  #stepTokens = 0;
  #stepRequests = 0;

  /** How far the last finished step was from usual, each clipped; 0 where nothing is known. */
  readonly shift = { cells: 0, price: 0, size: 0, pace: 0 };

  get known(): boolean {
    return this.#requests >= MIN_REQUESTS && this.#cells > 0;
  }

  get requestsPerCell(): number {
    return this.#cells === 0 ? 0 : this.#requests / this.#cells;
  }

  get tokensPerRequest(): number {
    return this.#requests === 0 ? 0 : this.#tokens / this.#requests;
  }

  get usdPerToken(): number {
    return this.#tokens === 0 ? 0 : this.#usd / this.#tokens;
  }

  /** Counts a use in its step; the step before it, if this one is new, is then in `shift`. */
  count(step: number, use: { usd: number; tokens: number; requests: number }): void {
    this.shift.cells = 0;
    if (step > this.#step) {
      this.#finish();
      this.#step = step;
    }
    this.#stepUsd += use.usd;
    this.#stepTokens += use.tokens;
    this.#stepRequests += use.requests;
  }

  #finish(): void {
    const [usd, tokens, requests] = [this.#stepUsd, this.#stepTokens, this.#stepRequests];
    this.#stepUsd = this.#stepTokens = this.#stepRequests = 0;
    if (usd <= 0 || tokens <= 0 || requests <= 0) return;
    const price = Math.log(usd / tokens);
    const size = Math.log(tokens / requests);
    const pace = Math.log(requests);
    if (this.#steps >= MIN_STEPS) {
      this.shift.cells = 1;
      this.shift.price = clip(price - this.#price / this.#steps);
      this.shift.size = clip(size - this.#size / this.#steps);
      this.shift.pace = clip(pace - this.#pace / this.#steps);
    }
    this.#newSteps++;
    this.#newPrice += price;
    this.#newSize += size;
    this.#newPace += pace;
  }

  /** Learns an hour that is over. */
  learn(hour: { cells: number; requests: number; tokens: number; usd: number }): void {
    const faded = STEP_FADE ** this.#newSteps;
    this.#steps = this.#steps * faded + this.#newSteps;
    this.#price = this.#price * faded + this.#newPrice;
    this.#size = this.#size * faded + this.#newSize;
    this.#pace = this.#pace * faded + this.#newPace;
    this.forgetHour();
    if (hour.requests <= 0) return;
    this.#cells = this.#cells * FADE + hour.cells;
    this.#requests = this.#requests * FADE + hour.requests;
    this.#tokens = this.#tokens * FADE + hour.tokens;
    this.#usd = this.#usd * FADE + hour.usd;
  }

  /** An hour that was not normal teaches nothing. */
  forgetHour(): void {
    this.#newSteps = this.#newPrice = this.#newSize = this.#newPace = 0;
  }
}

const MIN_STEPS = 8;
/** Half in about 350 active steps. */
const STEP_FADE = 0.998;

function clip(value: number): number {
  return Math.max(-CLIP, Math.min(CLIP, value));
}

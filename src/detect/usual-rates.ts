/** The past fades by half in about fifty active hours: two weeks of work. */
const FADE = 0.986;
/** With less than this behind them, a user's usual rates are not known. */
const MIN_REQUESTS = 30;
/** No step counts for more than this, whatever it held. */
const CLIP = 1.5;
const MIN_STEPS = 8;
/** Half in about 350 active steps. */
const STEP_FADE = 0.998;

/** What a step is measured by: the logarithms of dollars a token, tokens a request and requests; how dear its models are; what part of its tokens the cache did not give. */
const MEASURES = ["price", "size", "pace", "mix", "cache"] as const;
type Measure = (typeof MEASURES)[number];
type Measures = Record<Measure, number>;

/** What of a use a step adds up. */
interface StepUse {
  readonly usd: number;
  readonly tokens: number;
  readonly requests: number;
  readonly cacheReadTokens: number;
}

const measured: Measures = zeros();

/**
 * What a user's active steps of five minutes usually come to: requests a step, tokens a request, dollars a token (weighted by size, as the money is), and
 * the averages of the measures by which a step is compared.
 */
export class UsualRates {
  #cells = 0;
  #requests = 0;
  #tokens = 0;
  #usd = 0;
  /** Fading sums over steps: how many, and what they measured. */
  #steps = 0;
  readonly #usual: Measures = zeros();
  /** Steps of the hour that goes on: learnt when it is over, if it was normal. */
  #newSteps = 0;
  readonly #new: Measures = zeros();
  /** The step that is going on. */
  #step = -1;
  #stepUsd = 0;
  #stepTokens = 0;
  #stepRequests = 0;
  #stepRead = 0;
  #stepMix = 0;

  /** How far the last finished step was from usual, each clipped; 0 where nothing is known. */
  readonly shift = { cells: 0, ...zeros() };

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

  /**
   * Counts a use in its step; the step before it, if this one is new, is then in `shift`. `dearness`: of the model, by `PriceIndex`; what is not known of
   * it is taken for usual.
   */
  count(step: number, use: StepUse, dearness: number | null): void {
    this.shift.cells = 0;
    if (step > this.#step) {
      this.#finish();
      this.#step = step;
    }
    this.#stepUsd += use.usd;
    this.#stepTokens += use.tokens;
    this.#stepRequests += use.requests;
    this.#stepRead += use.cacheReadTokens;
    this.#stepMix += use.requests * (dearness ?? this.#usualMix);
  }

  get #usualMix(): number {
    return this.#steps === 0 ? 0 : this.#usual.mix / this.#steps;
  }

  #finish(): void {
    const [usd, tokens, requests] = [this.#stepUsd, this.#stepTokens, this.#stepRequests];
    const [read, mix] = [this.#stepRead, this.#stepMix];
    this.#stepUsd = this.#stepTokens = this.#stepRequests = this.#stepRead = this.#stepMix = 0;
    if (usd <= 0 || tokens <= 0 || requests <= 0) return;
    measured.price = Math.log(usd / tokens);
    measured.size = Math.log(tokens / requests);
    measured.pace = Math.log(requests);
    measured.mix = mix / requests;
    measured.cache = 1 - read / tokens;
    const isKnown = this.#steps >= MIN_STEPS;
    this.shift.cells = isKnown ? 1 : 0;
    for (const one of MEASURES) {
      if (isKnown) this.shift[one] = clip(measured[one] - this.#usual[one] / this.#steps);
      this.#new[one] += measured[one];
    }
    this.#newSteps++;
  }

  /** Learns an hour that is over. */
  learn(hour: { cells: number; requests: number; tokens: number; usd: number }): void {
    const faded = STEP_FADE ** this.#newSteps;
    this.#steps = this.#steps * faded + this.#newSteps;
    for (const one of MEASURES) this.#usual[one] = this.#usual[one] * faded + this.#new[one];
    this.forgetHour();
    if (hour.requests <= 0) return;
    this.#cells = this.#cells * FADE + hour.cells;
    this.#requests = this.#requests * FADE + hour.requests;
    this.#tokens = this.#tokens * FADE + hour.tokens;
    this.#usd = this.#usd * FADE + hour.usd;
  }

  /** An hour that was not normal teaches nothing. */
  forgetHour(): void {
    this.#newSteps = 0;
    for (const one of MEASURES) this.#new[one] = 0;
  }
}

function zeros(): Measures {
  return { price: 0, size: 0, pace: 0, mix: 0, cache: 0 };
}

function clip(value: number): number {
  return Math.max(-CLIP, Math.min(CLIP, value));
}

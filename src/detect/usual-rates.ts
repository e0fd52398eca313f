import { doubles } from "./doubles.ts";

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

/** Places in a user's state: fading sums over hours; over steps, how many and what they measured; the same of the hour that goes on, learnt when it is over, if it was normal; and the step that is going on. */
const CELLS = 0;
const REQUESTS = 1;
const TOKENS = 2;
const USD = 3;
const STEPS = 4;
const USUAL = 5;
/** What the last steps were by the measures that `lately` tells. */
const LATELY = USUAL + MEASURES.length;
const LATE = ["mix", "cache"] as const;
export type LateMeasure = (typeof LATE)[number];
/** Half in about four active steps: a few sessions. */
const LATE_FADE = 0.85;
const NEW_STEPS = LATELY + LATE.length;
const NEW = NEW_STEPS + 1;
const STEP = NEW + MEASURES.length;
const STEP_USD = STEP + 1;
const STEP_TOKENS = STEP + 2;
const STEP_REQUESTS = STEP + 3;
const STEP_READ = STEP + 4;
const STEP_MIX = STEP + 5;
const LENGTH = STEP + 6;
const MIX = MEASURES.indexOf("mix");

const measured: Measures = zeros();
const shift = { cells: 0, ...zeros() };

/**
 * What a user's active steps of five minutes usually come to: requests a step, tokens a request, dollars a token (weighted by size, as the money is), and
 * the averages of the measures by which a step is compared.
 */
export class UsualRates {
  /** One block: a field that holds a fraction takes three times as much, and people are many. */
  readonly #state = doubles(LENGTH);

  constructor() {
    this.#state[STEP] = -1;
  }

  /** How far the step that the last `count` of any user finished was from usual, each clipped; `cells` is 0 where it finished none or nothing is known. */
  get shift(): typeof shift {
    return shift;
  }

  get known(): boolean {
    return this.#at(REQUESTS) >= MIN_REQUESTS && this.#at(CELLS) > 0;
  }

  get requestsPerCell(): number {
    return this.#ratio(REQUESTS, CELLS);
  }

  /** How far the last active steps were from usual, the newest weighing most. */
  lately(measure: LateMeasure): number {
    return this.#at(LATELY + LATE.indexOf(measure));
  }

  get tokensPerRequest(): number {
    return this.#ratio(TOKENS, REQUESTS);
  }

  get usdPerToken(): number {
    return this.#ratio(USD, TOKENS);
  }

  /**
   * Counts a use in its step; the step before it, if this one is new, is then in `shift`. `dearness`: of the model, by `PriceIndex`; what is not known of
   * it is taken for usual.
   */
  count(step: number, use: StepUse, dearness: number | null): void {
    shift.cells = 0;
    if (step > this.#at(STEP)) {
      this.#finish();
      this.#state[STEP] = step;
    }
    this.#add(STEP_USD, use.usd);
    this.#add(STEP_TOKENS, use.tokens);
    this.#add(STEP_REQUESTS, use.requests);
    this.#add(STEP_READ, use.cacheReadTokens);
    this.#add(STEP_MIX, use.requests * (dearness ?? this.#ratio(USUAL + MIX, STEPS)));
  }

  #finish(): void {
    const [usd, tokens, requests] = [
      this.#at(STEP_USD),
      this.#at(STEP_TOKENS),
      this.#at(STEP_REQUESTS),
    ];
    const [read, mix] = [this.#at(STEP_READ), this.#at(STEP_MIX)];
    this.#state.fill(0, STEP_USD);
    if (usd <= 0 || tokens <= 0 || requests <= 0) return;
    measured.price = Math.log(usd / tokens);
    measured.size = Math.log(tokens / requests);
    measured.pace = Math.log(requests);
    measured.mix = mix / requests;
    measured.cache = 1 - read / tokens;
    const steps = this.#at(STEPS);
    const isKnown = steps >= MIN_STEPS;
    shift.cells = isKnown ? 1 : 0;
    MEASURES.forEach((one, index) => {
      if (isKnown) shift[one] = clip(measured[one] - this.#at(USUAL + index) / steps);
      this.#add(NEW + index, measured[one]);
    });
    if (isKnown) LATE.forEach((one, index) => this.#late(LATELY + index, shift[one]));
    this.#add(NEW_STEPS, 1);
  }

  /** Learns an hour that is over. */
  learn(hour: { cells: number; requests: number; tokens: number; usd: number }): void {
    const faded = STEP_FADE ** this.#at(NEW_STEPS);
    this.#fade(STEPS, faded, this.#at(NEW_STEPS));
    for (let index = 0; index < MEASURES.length; index++) {
      this.#fade(USUAL + index, faded, this.#at(NEW + index));
    }
    this.forgetHour();
    if (hour.requests <= 0) return;
    this.#fade(CELLS, FADE, hour.cells);
    this.#fade(REQUESTS, FADE, hour.requests);
    this.#fade(TOKENS, FADE, hour.tokens);
    this.#fade(USD, FADE, hour.usd);
  }

  /** An hour that was not normal teaches nothing. */
  forgetHour(): void {
    this.#state.fill(0, NEW_STEPS, STEP);
  }

  #at(place: number): number {
    return this.#state[place] as number;
  }

  #add(place: number, value: number): void {
    this.#state[place] = this.#at(place) + value;
  }

  #fade(place: number, faded: number, more: number): void {
    this.#state[place] = this.#at(place) * faded + more;
  }

  #late(place: number, value: number): void {
    this.#state[place] = LATE_FADE * this.#at(place) + (1 - LATE_FADE) * value;
  }

  #ratio(of: number, to: number): number {
    return this.#at(to) === 0 ? 0 : this.#at(of) / this.#at(to);
  }
}

function zeros(): Measures {
  return { price: 0, size: 0, pace: 0, mix: 0, cache: 0 };
}

function clip(value: number): number {
  return Math.max(-CLIP, Math.min(CLIP, value));
}

import { weightedTokens } from "./price-parts.ts";

/** Requests after which the older half of what a model costs counts half: prices change. */
const MEMORY = 50_000;
/** With fewer requests of a tool with a model, what they cost elsewhere says more. */
const MIN_REQUESTS = 30;

/** Fading sum of logarithms, by requests. */
class Average {
  #requests = 0;
  #sum = 0;

  get isKnown(): boolean {
    return this.#requests >= MIN_REQUESTS;
  }

  get mean(): number {
    return this.#requests === 0 ? 0 : this.#sum / this.#requests;
  }

  add(value: number, requests: number): void {
    this.#requests += requests;
    this.#sum += value * requests;
    if (this.#requests < MEMORY) return;
    this.#requests /= 2;
    this.#sum /= 2;
  }
}

/** What a model's tokens cost altogether: fading sums. */
class Price {
  #requests = 0;
  #usd = 0;
  #weighted = 0;

  /** Dollars a weighted token; null: not known yet. */
  get usual(): number | null {
    return this.#requests < MIN_REQUESTS ? null : this.#usd / this.#weighted;
  }

  add(usd: number, weighted: number, requests: number): void {
    this.#requests += requests;
    this.#usd += usd;
    this.#weighted += weighted;
    if (this.#requests < MEMORY) return;
    this.#requests /= 2;
    this.#usd /= 2;
    this.#weighted /= 2;
  }
}

/** What was used, in tokens, and its cost. */
interface PricedUse {
  readonly model: string;
  readonly usd: number;
  readonly tokens: number;
  readonly cacheReadTokens: number;
  readonly outputTokens: number;
}

interface Tool {
  readonly all: Average;
  readonly models: Map<string, Average>;
}

/**
 * How dear a model is among those that a tool calls: the mean logarithm of dollars a token of its requests less that of all the tool's, over the whole
 * organisation. Sizes and caches belong to the tool and stay out; what is left is the model's price, learnt where nobody tells it.
 */
export class PriceIndex {
  readonly #tools = new Map<string, Tool>();
  /** How far a model is from its tools' means: for a tool that has not called it yet. */
  readonly #models = new Map<string, Average>();
  readonly #prices = new Map<string, Price>();

  /** ln(a model's price / its tool's mean); null: not known of this model. */
  of(tool: string, model: string): number | null {
    const known = this.#tools.get(tool);
    const own = known?.models.get(model);
    if (known !== undefined && own?.isKnown === true) return own.mean - known.all.mean;
    const elsewhere = this.#models.get(model);
    return elsewhere?.isKnown === true ? elsewhere.mean : null;
  }

  /** Dollars that the tokens of a use cost at the usual price of its model, whatever the tool. Of a model that nobody knows: what they cost. */
  usualUsd(use: PricedUse): number {
    const usual = this.#prices.get(use.model)?.usual ?? null;
    return usual === null ? use.usd : usual * Math.max(0, weightedTokens(use));
  }

  /** Learns what requests have cost. */
  add(use: PricedUse & { readonly tool: string; readonly requests: number }): void {
    const { tool, model, usd, tokens, requests } = use;
    if (usd <= 0 || tokens <= 0 || requests <= 0) return;
    this.#addPrice(use, requests);
    const price = Math.log(usd / tokens);
    let known = this.#tools.get(tool);
    if (known === undefined) {
      known = { all: new Average(), models: new Map() };
      this.#tools.set(tool, known);
    }
    if (known.all.isKnown) {
      averageOf(this.#models, model).add(price - known.all.mean, requests);
    }
    known.all.add(price, requests);
    averageOf(known.models, model).add(price, requests);
  }

  #addPrice(use: PricedUse, requests: number): void {
    const weighted = weightedTokens(use);
    if (weighted <= 0) return;
    let price = this.#prices.get(use.model);
    if (price === undefined) {
      price = new Price();
      this.#prices.set(use.model, price);
    }
    price.add(use.usd, weighted, requests);
  }
}

function averageOf(averages: Map<string, Average>, name: string): Average {
  let average = averages.get(name);
  if (average === undefined) {
    average = new Average();
    averages.set(name, average);
  }
  return average;
}

import { createHash } from "node:crypto";
import { z } from "zod";
import { modelNameForms } from "./model-name.ts";
import { MULTIPLIER, RATE } from "./rate.ts";

const rates = {
  input: RATE.describe("Input tokens at the base rate"),
  output: RATE.describe("Output tokens, reasoning included; 0 where there are none"),
  cache_read: RATE.optional().describe("Absent: as input"),
  cache_write_5m: RATE.optional().describe("Absent: as input"),
  cache_write_1h: RATE.optional().describe("Absent: as cache_write_5m, else as input"),
};

const price = z.strictObject({
  effective_from: z.iso
    .date({ error: "is no date; write YYYY-MM-DD in quotes" })
    .optional()
    .describe("First day, UTC; absent: since ever"),
  ...rates,
  long_context: z
    .strictObject({ above_prompt_tokens: z.int().min(1), ...rates })
    .optional()
    .describe("Rates of the whole request when its prompt, cache included, is longer"),
  tiers: z
    .record(
      z.string(),
      z.union([z.strictObject({ multiply: MULTIPLIER }), z.strictObject(rates)], {
        error: "is no tier; write `multiply: 0.5`, or all rates",
      }),
    )
    .default({})
    .describe("By service tier: batch, flex, priority… Other tiers cost the standard rates"),
});

const modelEntry = z.strictObject({
  provider: z.string().min(1),
  model: z.string().min(1).describe("Without date suffix and region prefix"),
  aliases: z.array(z.string().min(1)).default([]).describe("Other names, or provider/name"),
  source: z.url().optional().describe("Where the price was read"),
  read: z.iso.date().optional().describe("When it was read"),
  note: z.string().optional(),
  prices: z.array(price).min(1, "is empty; give at least one price").superRefine(checkDates),
});

/** The text of a price book. Rates are USD per million tokens there, integer pico-dollars per token after. */
export const PRICE_BOOK_SCHEMA = z
  .strictObject({
    version: z
      .string()
      .regex(/^[\w.-]{1,40}$/, "must be 1 to 40 letters, digits, dots or dashes")
      .default("prices")
      .describe("Name of this edition; a hash of the content is added"),
    models: z.array(modelEntry).min(1, "is empty; give at least one model"),
  })
  .superRefine(checkNames);

export type PriceBookInput = z.input<typeof PRICE_BOOK_SCHEMA>;
type PriceBookData = z.output<typeof PRICE_BOOK_SCHEMA>;
type PriceData = z.output<typeof price>;

/** Integer pico-dollars per token. */
export interface Rates {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite5m: number;
  readonly cacheWrite1h: number;
  readonly output: number;
}

/** What holds for a model and service tier from a time on. */
export interface Price {
  readonly fromMs: number;
  readonly rates: Rates;
  /** For requests whose prompt is strictly longer. */
  readonly longContext: { readonly abovePromptTokens: number; readonly rates: Rates } | null;
}

/** Prices of all models, by name and date. */
export interface PriceBook {
  /** Edition and hash of the content: changes whenever a price does. */
  readonly version: string;
  /** How many models it knows. */
  readonly models: number;
  /** All prices of a model and service tier, newest first; null where the book does not know the model. */
  find(provider: string, model: string, serviceTier: string): readonly Price[] | null;
}

/** Builds a book from checked data. */
export function createPriceBook(data: PriceBookData): PriceBook {
  const hash = createHash("sha256").update(JSON.stringify(data.models)).digest("hex").slice(0, 8);
  const byName = new Map<string, readonly PriceData[]>();
  const add = (name: string, prices: readonly PriceData[]): void => {
    if (!byName.has(name)) byName.set(name, prices);
  };
  for (const { provider, model, prices } of data.models) add(`${provider}/${model}`, prices);
  for (const { model, prices } of data.models) add(model, prices);
  for (const { aliases, prices } of data.models) for (const one of aliases) add(one, prices);
  return {
    version: `${data.version}+${hash}`,
    models: data.models.length,
    find(provider, model, serviceTier) {
      for (const name of modelNameForms(provider, model)) {
        const prices = byName.get(name);
        if (prices !== undefined) return compile(prices, serviceTier);
      }
      return null;
    },
  };
}

function compile(prices: readonly PriceData[], serviceTier: string): Price[] {
  return prices
    .map((one) => compileOne(one, serviceTier.toLowerCase()))
    .sort((a, b) => b.fromMs - a.fromMs);
}

function compileOne(data: PriceData, tier: string): Price {
  const name = [tier, synonymOf(tier)].find((one) => Object.hasOwn(data.tiers, one));
  const special = name === undefined ? undefined : data.tiers[name];
  const fromMs = data.effective_from === undefined ? -Infinity : Date.parse(data.effective_from);
  // a tier with rates of its own has no long-context band unless it says so
  if (special !== undefined && !("multiply" in special)) {
    return { fromMs, rates: ratesOf(special, 1000), longContext: null };
  }
  const factor = special?.multiply ?? 1000;
  const band = data.long_context;
  return {
    fromMs,
    rates: ratesOf(data, factor),
    longContext: band
      ? { abovePromptTokens: band.above_prompt_tokens, rates: ratesOf(band, factor) }
      : null,
  };
}

type RateData = Pick<
  PriceData,
  "input" | "output" | "cache_read" | "cache_write_5m" | "cache_write_1h"
>;

/** `factor` in thousandths; half a pico-dollar goes up. */
function ratesOf(data: RateData, factor: number): Rates {
  const times = (rate: number): number => Math.floor((rate * factor + 500) / 1000);
  const short = data.cache_write_5m ?? data.input;
  return {
    input: times(data.input),
    cacheRead: times(data.cache_read ?? data.input),
    cacheWrite5m: times(short),
    cacheWrite1h: times(data.cache_write_1h ?? short),
    output: times(data.output),
  };
}

/** Another word for the same tier: OpenAI answers `priority` to `fast`, Vertex says `on_demand_flex`. */
function synonymOf(tier: string): string {
  if (tier === "fast") return "priority";
  return tier.startsWith("on_demand_") ? tier.slice("on_demand_".length) : tier;
}

function checkDates(prices: readonly PriceData[], context: z.RefinementCtx): void {
  prices.forEach(({ effective_from: from }, index) => {
    if (prices.findIndex((other) => other.effective_from === from) === index) return;
    const path = [index, "effective_from"];
    context.addIssue({ code: "custom", path, message: "is there twice; keep one price a date" });
  });
}

function checkNames({ models }: PriceBookData, context: z.RefinementCtx): void {
  const seen = new Map<string, string>();
  models.forEach(({ provider, model, aliases }, index) => {
    const owner = `${provider}/${model}`;
    const names = [[owner, ["model"]] as const].concat(
      aliases.map((alias, at) => [alias, ["aliases", at]] as never),
    );
    for (const [name, path] of names) {
      const other = seen.get(name);
      if (other !== undefined) {
        const message = `names ${name}, which ${other} already does; remove one`;
        context.addIssue({ code: "custom", path: ["models", index, ...path], message });
      }
      seen.set(name, owner);
    }
  });
}

import { parse } from "yaml";
import { BUCKETS, decimal } from "./judge.mjs";

/** What each bucket costs: the first of these rates that the book gives. */
const RATE_NAMES = {
  uncached_input_tokens: ["input"],
  cache_read_input_tokens: ["cache_read", "input"],
  cache_write_5m_input_tokens: ["cache_write_5m", "input"],
  cache_write_1h_input_tokens: ["cache_write_1h", "cache_write_5m", "input"],
  output_tokens: ["output"],
};

/** Reads a price book's YAML. Names are matched exactly, `provider/model` before the model alone before an alias. */
export function readPriceBook(yaml) {
  const names = new Map();
  const add = (name, prices) => names.has(name) || names.set(name, prices);
  const models = parse(yaml).models.map((one) => ({ ...one, prices: newestFirst(one.prices) }));
  for (const { provider, model, prices } of models) add(`${provider}/${model}`, prices);
  for (const { model, prices } of models) add(model, prices);
  for (const { aliases = [], prices } of models) for (const name of aliases) add(name, prices);
  return { costOf: (event) => costOf(names, event) };
}

function newestFirst(prices) {
  return prices.map(readPrice).sort((left, right) => right.fromMs - left.fromMs);
}

function readPrice(given) {
  const from = given.effective_from;
  const tiers = new Map();
  for (const [name, tier] of Object.entries({ ...given.tiers, "": { multiply: 1 } })) {
    tiers.set(name, readTier(given, tier));
  }
  return { fromMs: from === undefined ? -Infinity : Date.parse(from), tiers };
}

function readTier(price, tier) {
  if (tier.multiply === undefined) return { rates: readRates(tier, 1), longAbove: Infinity };
  const band = price.long_context;
  return {
    rates: readRates(price, tier.multiply),
    longAbove: band === undefined ? Infinity : band.above_prompt_tokens,
    longRates: band === undefined ? undefined : readRates(band, tier.multiply),
  };
}

/** Pico-dollars a token of each bucket: dollars per million times 10^6 and the tier's factor. Refuses what is not whole. */
function readRates(given, multiply) {
  return BUCKETS.map((bucket) => {
    const name = RATE_NAMES[bucket].find((one) => given[one] !== undefined);
    const pico = decimal(String(given[name]), 6);
    const factor = decimal(String(multiply), 3);
    if (pico === undefined || factor === undefined || (pico * factor) % 1000n !== 0n) {
      throw new Error(`the rate ${name} ${given[name]} × ${multiply} is no whole pico-dollar`);
    }
    return (pico * factor) / 1000n;
  });
}

/** Nano-dollars as BigInt, rounded half-up once from pico-dollars; undefined where the book has no price at the event's time. */
function costOf(names, event) {
  const prices = names.get(`${event.provider}/${event.model}`) ?? names.get(event.model);
  const price = prices?.find((one) => one.fromMs <= event.timeMs);
  if (price === undefined) return undefined;
  const tier = price.tiers.get(event.service_tier ?? "") ?? price.tiers.get("");
  const prompt = BUCKETS.slice(0, 4).reduce((sum, bucket) => sum + event[bucket], 0);
  const rates = prompt > tier.longAbove * event.requests ? tier.longRates : tier.rates;
  let pico = 0n;
  for (const [at, bucket] of BUCKETS.entries()) pico += BigInt(event[bucket]) * rates[at];
  return (pico + 500n) / 1000n;
}

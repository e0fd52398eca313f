const DAY_MS = 86_400_000;

/** Models of the generated file. Rates are chosen so that one token costs a fraction of a nano-dollar, ties included. */
export const MODELS = [
  { provider: "acme", model: "m-alpha", weight: 30, tiers: ["standard", "batch"] },
  { provider: "acme", model: "m-beta", weight: 20, tiers: ["standard", "batch", "flex"] },
  { provider: "borealis", model: "b-long", weight: 12, tiers: ["standard"], single: true },
  { provider: "borealis", model: "b-tiny", weight: 15, tiers: ["standard", "batch"] },
  { provider: "borealis", model: "b-tiny-nickname", weight: 3, tiers: ["standard"] },
  { provider: "acme", model: "m-newcomer", weight: 6, tiers: ["standard"] },
  { provider: "acme", model: "m-free", weight: 2, tiers: ["standard"] },
  { provider: "cellar", model: "house-blend", weight: 5, tiers: ["standard"] },
  { provider: "cellar", model: "__proto__", weight: 2, tiers: ["standard"] },
  { provider: "cellar", model: "constructor", weight: 2, tiers: ["standard"] },
];

/** Above this prompt, `b-long` costs its long-context rates. */
export const LONG_PROMPT = 20_000;

/**
 * The price book of the generated file, in the product's format. `m-alpha` gets another price at the second midnight of the period,
 * `m-newcomer` has none before it; the `cellar` models stand in no book.
 */
export function priceBookYaml(startMs) {
  const change = new Date(startMs + DAY_MS).toISOString().slice(0, 10);
  return `# Prices for test/million: USD per million tokens, made to leave fractions of a nano-dollar.
version: million
models:
  - provider: acme
    model: m-alpha
    prices:
      - input: 0.0733
        output: 0.30125
        cache_read: 0.00733
        cache_write_5m: 0.09163
        cache_write_1h: 0.1466
        tiers: { batch: { multiply: 0.5 } }
      - effective_from: "${change}"
        input: 0.0617
        output: 0.2905
        cache_read: 0.00617
        cache_write_5m: 0.07712
        cache_write_1h: 0.1234
        tiers: { batch: { multiply: 0.5 } }
  - provider: acme
    model: m-beta
    prices:
      - input: 2.7182
        output: 14.14213
        cache_read: 0.27183
        tiers:
          batch: { multiply: 0.5 }
          flex: { input: 1.0001, output: 7.00007 }
  - provider: borealis
    model: b-long
    prices:
      - input: 1.2505
        output: 10.0005
        cache_read: 0.31255
        cache_write_5m: 1.563125
        long_context:
          above_prompt_tokens: ${LONG_PROMPT}
          input: 2.501
          output: 15.00075
          cache_read: 0.6251
          cache_write_5m: 3.12625
  - provider: borealis
    model: b-tiny
    aliases: [b-tiny-nickname]
    prices:
      - input: 0.0005
        output: 0.0015
        tiers: { batch: { multiply: 0.2 } }
  - provider: acme
    model: m-newcomer
    prices:
      - effective_from: "${change}"
        input: 0.3333
        output: 0.7777
  - provider: acme
    model: m-free
    prices:
      - input: 0
        output: 0
`;
}

/** List prices in USD per million tokens (pipelines/price-book.yaml has their sources). `cacheWrite`: as input where absent. */
export interface ModelPrice {
  readonly name: string;
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

function model(name: string, input: number, output: number, cacheWrite = input): ModelPrice {
  return { name, input, output, cacheRead: input / 10, cacheWrite };
}

export const MODELS = {
  legacyOpus: model("claude-opus-4-1", 15, 75, 18.75),
  opus: model("claude-opus-4-5", 5, 25, 6.25),
  sonnet: model("claude-sonnet-4-5", 3, 15, 3.75),
  haiku: model("claude-haiku-4-5", 1, 5, 1.25),
  gpt: model("gpt-5", 1.25, 10),
  gptMini: model("gpt-5-mini", 0.25, 2),
  geminiPro: model("gemini-2.5-pro", 1.25, 10),
  geminiFlash: model("gemini-2.5-flash", 0.3, 2.5),
} as const satisfies Record<string, ModelPrice>;
export type ModelId = keyof typeof MODELS;

/** What somebody moves to who moves to something dearer. */
export const DEARER: Readonly<Record<ModelId, ModelId>> = {
  legacyOpus: "legacyOpus",
  opus: "legacyOpus",
  sonnet: "opus",
  haiku: "sonnet",
  gpt: "opus",
  gptMini: "gpt",
  geminiPro: "opus",
  geminiFlash: "geminiPro",
};

export const PROVIDER: Readonly<Record<ModelId, string>> = {
  legacyOpus: "anthropic",
  opus: "anthropic",
  sonnet: "anthropic",
  haiku: "anthropic",
  gpt: "openai",
  gptMini: "openai",
  geminiPro: "google",
  geminiFlash: "google",
};

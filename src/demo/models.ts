export type Provider = "anthropic" | "openai" | "google";

/** One model people use. All of them stand in pipelines/price-book.yaml. */
export interface Model {
  readonly name: string;
  readonly provider: Provider;
}

/** The one place where the demo names models. */
export const MODELS = {
  opus: { name: "claude-opus-4-5", provider: "anthropic" },
  sonnet: { name: "claude-sonnet-4-5", provider: "anthropic" },
  haiku: { name: "claude-haiku-4-5", provider: "anthropic" },
  gpt: { name: "gpt-5", provider: "openai" },
  gptMini: { name: "gpt-5-mini", provider: "openai" },
  geminiPro: { name: "gemini-2.5-pro", provider: "google" },
  geminiFlash: { name: "gemini-2.5-flash", provider: "google" },
} as const satisfies Record<string, Model>;

export type ModelId = keyof typeof MODELS;

import type { ModelId } from "./models.ts";

/**
 * How a tool calls its model. `agent`: a loop whose context grows from call to call and is mostly read from the cache;
 * `single`: calls that know nothing of each other, with a prefix that is sometimes cached.
 */
export interface Habit {
  readonly tool: string;
  /** "unknown": the tool reports none. */
  readonly agent: string;
  readonly mode: "agent" | "single";
  /** Share of the people who use it. */
  readonly adoption: number;
  readonly sessionsPerDay: number;
  /** Median calls of a session; lognormal with `turnsSigma`. */
  readonly turns: number;
  readonly turnsSigma: number;
  /** Median pause between two calls. */
  readonly paceSeconds: number;
  /** Median tokens a call brings in (agent: adds to the context), and its lognormal sigma. */
  readonly promptTokens: number;
  readonly promptSigma: number;
  readonly outputTokens: number;
  /** Chance that a call finds the cache warm. */
  readonly warm: number;
  readonly models: readonly { readonly model: ModelId; readonly weight: number }[];
  readonly key: "person" | "team";
}

const coding = [
  { model: "opus", weight: 6 },
  { model: "sonnet", weight: 5 },
  { model: "gpt", weight: 2 },
] as const;
const office = [
  { model: "gpt", weight: 5 },
  { model: "geminiPro", weight: 2 },
  { model: "sonnet", weight: 3 },
  { model: "opus", weight: 1 },
] as const;
const small = [
  { model: "gptMini", weight: 4 },
  { model: "haiku", weight: 3 },
  { model: "geminiFlash", weight: 3 },
] as const;

export const codingAgent: Habit = {
  tool: "claude-code",
  agent: "coder",
  mode: "agent",
  adoption: 0.85,
  sessionsPerDay: 7,
  turns: 22,
  turnsSigma: 0.8,
  paceSeconds: 15,
  promptTokens: 900,
  promptSigma: 1.2,
  outputTokens: 380,
  warm: 0.93,
  models: coding,
  key: "person",
};
export const otherAgent: Habit = {
  ...codingAgent,
  tool: "codex-cli",
  adoption: 0.25,
  sessionsPerDay: 1.1,
  models: [
    { model: "gpt", weight: 4 },
    { model: "gptMini", weight: 1 },
  ],
};
export const completion: Habit = {
  tool: "cursor",
  agent: "unknown",
  mode: "single",
  adoption: 0.65,
  sessionsPerDay: 2.6,
  turns: 14,
  turnsSigma: 0.8,
  paceSeconds: 22,
  promptTokens: 3_000,
  promptSigma: 1.0,
  outputTokens: 120,
  warm: 0.3,
  models: small,
  key: "person",
};
export const chat: Habit = {
  tool: "chat-web",
  agent: "unknown",
  mode: "single",
  adoption: 0.8,
  sessionsPerDay: 2.2,
  turns: 4,
  turnsSigma: 0.8,
  paceSeconds: 80,
  promptTokens: 2_200,
  promptSigma: 1.2,
  outputTokens: 420,
  warm: 0.4,
  models: office,
  key: "team",
};
export const documents: Habit = {
  tool: "doc-studio",
  agent: "unknown",
  mode: "single",
  adoption: 0.6,
  sessionsPerDay: 2.4,
  turns: 7,
  turnsSigma: 0.9,
  paceSeconds: 50,
  promptTokens: 14_000,
  promptSigma: 1.0,
  outputTokens: 600,
  warm: 0.5,
  models: office,
  key: "person",
};
export const readingAgent: Habit = {
  ...codingAgent,
  tool: "desk-agent",
  agent: "reader",
  adoption: 0.7,
  sessionsPerDay: 5,
  turns: 18,
  promptTokens: 2_000,
  outputTokens: 300,
  models: [
    { model: "sonnet", weight: 5 },
    { model: "gpt", weight: 4 },
    { model: "opus", weight: 2 },
  ],
};
/** An evaluation started by hand under the own name: rare, long, fast. */
export const evaluation: Habit = {
  ...documents,
  tool: "notebook",
  adoption: 0.5,
  sessionsPerDay: 0.12,
  turns: 90,
  turnsSigma: 1,
  paceSeconds: 3,
  promptTokens: 5_000,
};
/** What programs call: one prompt a document, a question, a ticket. */
export const bulk: Habit = {
  ...documents,
  tool: "pipeline",
  adoption: 1,
  turns: 400,
  turnsSigma: 0.3,
  paceSeconds: 4,
  promptTokens: 5_000,
  promptSigma: 0.9,
  outputTokens: 350,
  models: [
    { model: "sonnet", weight: 3 },
    { model: "gpt", weight: 3 },
    { model: "geminiPro", weight: 2 },
  ],
  key: "team",
};
export const reviewer: Habit = {
  ...codingAgent,
  tool: "ci-runner",
  agent: "reviewer",
  adoption: 1,
  turns: 14,
  turnsSigma: 0.8,
  paceSeconds: 9,
  key: "team",
};
export const answerBot: Habit = {
  ...bulk,
  tool: "support-bot",
  agent: "answer-bot",
  turns: 3,
  turnsSigma: 0.7,
  paceSeconds: 35,
  promptTokens: 6_000,
  outputTokens: 260,
  warm: 0.65,
};

export const ENGINEERS: readonly Habit[] = [
  codingAgent,
  otherAgent,
  completion,
  chat,
  { ...evaluation, adoption: 0.3 },
];
export const CLERKS: readonly Habit[] = [chat, documents, readingAgent];
export const RESEARCHERS: readonly Habit[] = [codingAgent, readingAgent, evaluation, chat];

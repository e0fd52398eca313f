import type { ModelId } from "./models.ts";
import type { Mode } from "./turns.ts";

/** How people of one kind use one tool on a usual full day. */
export interface ToolHabit {
  readonly tool: string;
  readonly mode: Mode;
  /** The agent's name, where the tool reports one. */
  readonly agent?: string;
  /** Share of the people who use it at all; the first habit of a kind is everybody's. */
  readonly adoption: number;
  readonly sessionsPerDay: number;
  readonly turnsPerSession: number;
  /** Mean pause between two calls of a session. */
  readonly paceSeconds: number;
  /** A person settles on one of these, and takes another for about one session in eight. */
  readonly models: readonly { readonly model: ModelId; readonly weight: number }[];
  /** Whose key it runs on: each person's own, or one that the team shares. */
  readonly key: "person" | "team";
}

export interface Kind {
  readonly habits: readonly ToolHabit[];
  /** Chance of working on a Saturday or Sunday. */
  readonly weekend: number;
}

const codingModels = [
  { model: "opus", weight: 8 },
  { model: "sonnet", weight: 2 },
] as const;
const officeModels = [
  { model: "gpt", weight: 5 },
  { model: "geminiPro", weight: 2 },
  { model: "sonnet", weight: 3 },
] as const;
const smallModels = [
  { model: "gptMini", weight: 4 },
  { model: "haiku", weight: 3 },
  { model: "geminiFlash", weight: 3 },
] as const;

/** The coding agent that can run away. */
export const CODING_AGENT = "claude-code";

function codingAgent(sessionsPerDay: number, adoption = 1): ToolHabit {
  return {
    tool: CODING_AGENT,
    mode: "agent",
    agent: "coder",
    adoption,
    sessionsPerDay,
    turnsPerSession: 30,
    paceSeconds: 40,
    models: codingModels,
    key: "person",
  };
}

function chat(sessionsPerDay: number, adoption: number): ToolHabit {
  return {
    tool: "chat-web",
    mode: "chat",
    adoption,
    sessionsPerDay,
    turnsPerSession: 3,
    paceSeconds: 95,
    models: officeModels,
    key: "team",
  };
}

function documents(tool: string, sessionsPerDay: number, adoption: number): ToolHabit {
  return {
    tool,
    mode: "document",
    adoption,
    sessionsPerDay,
    turnsPerSession: 5,
    paceSeconds: 60,
    models: officeModels,
    key: "person",
  };
}

const cursor: ToolHabit = {
  tool: "cursor",
  mode: "completion",
  adoption: 0.7,
  sessionsPerDay: 1.6,
  turnsPerSession: 6,
  paceSeconds: 15,
  models: smallModels,
  key: "person",
};
const codex: ToolHabit = {
  ...codingAgent(1, 0.25),
  tool: "codex-cli",
  models: [{ model: "gpt", weight: 1 }],
};
/** An evaluation that somebody starts by hand under the own name: rare, long, fast. */
const evaluation: ToolHabit = {
  tool: "notebook",
  mode: "document",
  adoption: 0.6,
  sessionsPerDay: 0.12,
  turnsPerSession: 70,
  paceSeconds: 2.5,
  models: officeModels,
  key: "person",
};
/** An agent that reads for somebody: papers, tenders, ledgers. */
function readingAgent(tool: string, sessionsPerDay: number, adoption: number): ToolHabit {
  return {
    tool,
    mode: "agent",
    agent: "reader",
    adoption,
    sessionsPerDay,
    turnsPerSession: 20,
    paceSeconds: 25,
    models: officeModels,
    key: "person",
  };
}

/** What kinds of people there are. Sessions a day are for an average person: people differ by a factor of several. */
export const KINDS = {
  backend: { habits: [codingAgent(2.4), cursor, codex, chat(0.6, 0.7)], weekend: 0.06 },
  mobile: { habits: [codingAgent(2.3), cursor, chat(0.7, 0.7)], weekend: 0.05 },
  platform: { habits: [codingAgent(2.3), codex, chat(0.5, 0.7)], weekend: 0.08 },
  security: {
    habits: [codingAgent(2.1), documents("log-triage", 1.4, 0.7), chat(0.6, 0.7)],
    weekend: 0.08,
  },
  dataScience: {
    habits: [codingAgent(2.1), evaluation, documents("notebook", 1, 0.8), chat(0.6, 0.7)],
    weekend: 0.06,
  },
  research: {
    habits: [
      readingAgent("research-agent", 1.9, 0.8),
      codingAgent(1.8, 0.8),
      evaluation,
      chat(0.8, 0.8),
    ],
    weekend: 0.12,
  },
  support: {
    habits: [
      documents("ticket-copilot", 2.4, 1),
      readingAgent("desk-agent", 0.8, 0.5),
      chat(0.6, 0.9),
    ],
    weekend: 0.3,
  },
  marketing: {
    habits: [
      documents("copy-studio", 1.6, 1),
      readingAgent("desk-agent", 1.3, 0.7),
      chat(1.2, 0.9),
    ],
    weekend: 0.02,
  },
  sales: {
    habits: [
      chat(1.4, 1),
      documents("crm-assistant", 1.6, 0.8),
      readingAgent("desk-agent", 1.1, 0.6),
    ],
    weekend: 0.02,
  },
  finance: {
    habits: [
      documents("sheet-assistant", 1.6, 1),
      readingAgent("desk-agent", 1.3, 0.7),
      chat(0.8, 0.8),
    ],
    weekend: 0.02,
  },
  legal: {
    habits: [
      documents("contract-review", 2, 1),
      readingAgent("desk-agent", 1.6, 0.8),
      chat(0.8, 0.8),
    ],
    weekend: 0.03,
  },
  product: {
    habits: [chat(1.5, 1), codingAgent(1, 0.6), documents("spec-writer", 1, 0.7)],
    weekend: 0.04,
  },
} as const satisfies Record<string, Kind>;

export type KindName = keyof typeof KINDS;

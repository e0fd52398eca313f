import type { EventLog } from "./event-log.ts";
import { type ModelId, MODELS } from "./models.ts";
import type { Random } from "./random.ts";
import type { Stream } from "./staff.ts";
import { MINUTE_MS, midnightOf, randomFor, type Story, weekdayOf } from "./story.ts";
import { Conversation, type Mode } from "./turns.ts";

interface Account {
  readonly team: string;
  readonly user: string;
  readonly tool: string;
  readonly agent?: string;
  readonly model: ModelId;
  readonly mode: Exclude<Mode, "agent">;
}

/** A program that answers all day: its arrivals follow one client of the ServeGen trace. */
interface Bot extends Account {
  readonly callsPerDay: number;
}

/** A program that runs at a fixed time under a service account. */
interface BatchJob extends Account {
  readonly calls: number;
  readonly startMinute: number;
  readonly lastsMinutes: number;
  readonly runsOn: (story: Story, day: number) => boolean;
  readonly serviceTier: Stream["serviceTier"];
}

const gateway = { team: "support-automation", tool: "gateway" };
/** In the order of the trace's clients. */
const BOTS: readonly Bot[] = [
  {
    ...gateway,
    user: "svc-refund-bot",
    agent: "refunds",
    model: "haiku",
    mode: "chat",
    callsPerDay: 310,
  },
  {
    ...gateway,
    user: "svc-order-bot",
    agent: "orders",
    model: "gptMini",
    mode: "chat",
    callsPerDay: 370,
  },
  {
    ...gateway,
    user: "svc-triage-bot",
    agent: "triage",
    model: "gpt",
    mode: "document",
    callsPerDay: 220,
  },
  {
    team: "platform",
    user: "svc-review-bot",
    tool: "ci-bot",
    agent: "reviewer",
    model: "sonnet",
    mode: "document",
    callsPerDay: 170,
  },
  {
    team: "search",
    user: "svc-query-rewriter",
    tool: "gateway",
    model: "geminiFlash",
    mode: "completion",
    callsPerDay: 290,
  },
  {
    ...gateway,
    user: "svc-faq-bot",
    agent: "faq",
    model: "geminiFlash",
    mode: "chat",
    callsPerDay: 260,
  },
];

const everyNight = (): boolean => true;
const onSunday = (story: Story, day: number): boolean => weekdayOf(story, day) === 0;
/** The books close once in the story, not on the live day. */
const CLOSING_DAYS_BEFORE_LIVE = 16;
const atMonthEnd = (story: Story, day: number): boolean =>
  day === story.liveDay - CLOSING_DAYS_BEFORE_LIVE;

const batch = { tool: "batch-runner", mode: "document", serviceTier: "batch" } as const;
const BATCH_JOBS: readonly BatchJob[] = [
  {
    ...batch,
    team: "platform",
    user: "svc-nightly-eval",
    model: "sonnet",
    calls: 190,
    startMinute: 75,
    lastsMinutes: 45,
    runsOn: everyNight,
  },
  {
    ...batch,
    team: "data-platform",
    user: "svc-catalog-refresh",
    model: "geminiFlash",
    calls: 280,
    startMinute: 130,
    lastsMinutes: 40,
    runsOn: everyNight,
  },
  {
    ...batch,
    team: "research",
    user: "svc-weekly-benchmark",
    model: "opus",
    calls: 450,
    startMinute: 240,
    lastsMinutes: 100,
    runsOn: onSunday,
  },
  {
    ...batch,
    team: "finance",
    user: "svc-month-close",
    model: "gpt",
    calls: 700,
    startMinute: 780,
    lastsMinutes: 150,
    runsOn: atMonthEnd,
    serviceTier: "standard",
  },
];

const BINS_A_DAY = 144;
const BIN_MS = 10 * MINUTE_MS;

/** Adds one day of everything that runs under a service account. */
export function runJobs(story: Story, day: number, log: EventLog): void {
  for (const [index, bot] of BOTS.entries()) answerAllDay(story, day, { bot, index, log });
  for (const [index, job] of BATCH_JOBS.entries()) {
    if (!job.runsOn(story, day)) continue;
    const random = randomFor(story, "batch", day, index);
    const startMs = midnightOf(story, day) + (job.startMinute + random.between(-4, 4)) * MINUTE_MS;
    const count = Math.round(job.calls * random.swing(0.06));
    const calls = new Calls(story, job, job.serviceTier, `${day.toString(36)}-j${index}`);
    calls.spread({ count, startMs, lastsMs: job.lastsMinutes * MINUTE_MS }, random, log);
  }
}

function answerAllDay(
  story: Story,
  day: number,
  { bot, index, log }: { bot: Bot; index: number; log: EventLog },
): void {
  const random = randomFor(story, "bot", day, index);
  const calls = new Calls(story, bot, "standard", `${day.toString(36)}-b${index}`);
  const client = story.traces.clients[index % story.traces.clients.length];
  for (let bin = 0; bin < BINS_A_DAY; bin++) {
    const count = random.poisson((bot.callsPerDay / BINS_A_DAY) * (client?.at(day, bin) ?? 1));
    const startMs = midnightOf(story, day) + bin * BIN_MS;
    calls.spread({ count, startMs, lastsMs: BIN_MS }, random, log);
  }
}

/** Calls of one account on one day. */
class Calls {
  readonly #story: Story;
  readonly #account: Account;
  readonly #stream: Stream;
  readonly #name: string;
  #made = 0;

  constructor(story: Story, account: Account, serviceTier: Stream["serviceTier"], name: string) {
    const team = story.teams.find((one) => one.name === account.team);
    this.#story = story;
    this.#account = account;
    this.#name = `${story.seed.toString(36)}-${name}`;
    this.#stream = {
      department: team?.department ?? "unknown",
      team: account.team,
      user: account.user,
      key: account.user,
      agent: account.agent,
      tool: account.tool,
      model: MODELS[account.model],
      serviceTier,
    };
  }

  /** Puts `count` calls into a span, in the rhythm of a stretch of the conversation trace. */
  spread(
    span: { readonly count: number; readonly startMs: number; readonly lastsMs: number },
    random: Random,
    log: EventLog,
  ): void {
    const { traces } = this.#story;
    const { mode } = this.#account;
    const talk = new Conversation({ mode, provider: this.#stream.model.provider, traces, random });
    const rhythm = traces.conversation.rhythm(random, () => 1);
    const pauses = Array.from({ length: span.count + 1 }, () => rhythm.next().value);
    const scale = span.lastsMs / pauses.reduce((sum, pause) => sum + pause, 0);
    let timeMs = span.startMs;
    for (let index = 0; index < span.count; index++) {
      timeMs += (pauses[index] ?? 0) * scale;
      talk.turn();
      const id = `${this.#name}-${this.#made++}`;
      log.add(
        this.#stream,
        { timeMs: Math.floor(timeMs), id, session: this.#name },
        talk.usage,
        random,
      );
    }
  }
}

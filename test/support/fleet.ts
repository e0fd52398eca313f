import { writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { SystemClock } from "../../src/runtime/clock.ts";
import { startTestEngine, temporaryDirectory, type TestEngine } from "./clickhouse/engine.ts";
import type { TestKafka } from "./kafka/test-kafka.ts";
import { FakeSlack, type SlackPost } from "./slack/fake-slack.ts";
import { SpikewatchProcess } from "./spikewatch-process.ts";
import { until } from "./until.ts";

const PARTITIONS = 4;
const HISTORY_DAYS = 6;
const MINUTE_MS = 60_000;
const clock = new SystemClock();

/** Teams of a small company. In each it is the first one whose agent may run away. */
export const TEAMS = ["payments", "search", "infra", "data", "mobile"] as const;
export type Team = (typeof TEAMS)[number];

/** One process of the program, and what it says of itself. */
export interface Member {
  readonly process: SpikewatchProcess;
  readonly page: string;
}

/**
 * Several processes of one pipeline that share a Kafka topic and a ClickHouse engine of its own as server, and page one Slack. The topic holds six days
 * in which everybody spends the same at any hour, so that it is normal at whatever hour the test runs.
 */
export class Fleet {
  readonly slack: FakeSlack;
  readonly topic: string;
  readonly #kafka: TestKafka;
  readonly #engine: TestEngine;
  readonly #folder = temporaryDirectory();
  #requests = 0;

  private constructor(parts: {
    kafka: TestKafka;
    slack: FakeSlack;
    engine: TestEngine;
    topic: string;
  }) {
    this.slack = parts.slack;
    this.topic = parts.topic;
    this.#kafka = parts.kafka;
    this.#engine = parts.engine;
    writeFileSync(
      join(this.#folder, "pipeline.yaml"),
      `name: fleet\nformat: canonical-json\ncost_source: reported\nflush: { every: 500ms }\nlateness: 5s\nidle_after: 5s\n` +
        `source: { kafka: { topics: [${this.topic}], group: ${this.topic}, session_timeout: 6s } }\ndetection: { minimum_usd: 10 }\n`,
    );
  }

  static async open(kafka: TestKafka): Promise<Fleet> {
    const topic = await kafka.createTopic("fleet", { partitions: PARTITIONS });
    const [slack, engine] = await Promise.all([FakeSlack.start(), startTestEngine()]);
    const fleet = new Fleet({ kafka, slack, engine, topic });
    await fleet.#writeHistory();
    return fleet;
  }

  /** How many requests the topic tells of. */
  get requests(): number {
    return this.#requests;
  }

  /** Settings of every member. */
  get settings(): Record<string, string> {
    const url = new URL(this.#engine.engine.url);
    url.username = "writer";
    url.password = this.#engine.engine.writerPassword;
    url.pathname = "/spikewatch";
    return {
      KAFKA_BROKERS: this.#kafka.brokers.join(","),
      CLICKHOUSE_URL: url.href,
      SLACK_TOKEN: this.slack.token,
      SLACK_CHANNEL: this.slack.channelId,
      SLACK_API_URL: this.slack.apiUrl,
      HTTP_PORT: "0",
    };
  }

  get pipeline(): string {
    return join(this.#folder, "pipeline.yaml");
  }

  /** Starts a process; resolves when it is ready. */
  start(roles?: string): Promise<Member> {
    return this.#start(roles === undefined ? [] : ["--roles", roles], this.settings);
  }

  /** Starts a process that has an embedded engine in `data` instead of the server. */
  startAlone(data: string): Promise<Member> {
    const settings = Object.entries({ ...this.settings, CLICKHOUSE_PORT: "0" });
    const own = settings.filter(([name]) => name !== "CLICKHOUSE_URL");
    return this.#start(["--data", data], Object.fromEntries(own));
  }

  async #start(flags: readonly string[], settings: Record<string, string>): Promise<Member> {
    const argv = ["run", "--pipeline", this.pipeline, ...flags];
    const process = await SpikewatchProcess.start(argv, { settings });
    return { process, page: (await process.ready()).page };
  }

  /** A person's agent in a loop from now on: six dollars a request, four requests a second, until `stop`. */
  runaway(team: Team): { readonly startedMs: number; stop(): Promise<void> } {
    const stopping = new AbortController();
    const running = this.#spend(team, stopping.signal);
    const stop = async (): Promise<void> => {
      stopping.abort();
      await running;
    };
    return { startedMs: clock.now(), stop };
  }

  /** Waits for the page about a team's first person; gives when it was posted at the latest. */
  async paged(team: Team, timeoutMs: number): Promise<number> {
    const pages = (): true | null => (this.pagesAbout(team).length > 0 ? true : null);
    await until(`the page about ${team}`, pages, { timeoutMs, everyMs: 20 });
    return clock.now();
  }

  pagesAbout(team: Team): SlackPost[] {
    return this.slack.pages.filter(({ text }) => text.includes(team));
  }

  /** Rows of a question, as text. */
  async ask(sql: string): Promise<Record<string, string>[]> {
    return this.#engine.connect().rows<Record<string, string>>(sql);
  }

  /** Waits until ClickHouse holds all that the topic tells of. */
  async counted(timeoutMs = 30_000): Promise<void> {
    const connection = this.#engine.connect();
    await until(
      "everything to be counted",
      async () => {
        const [row] = await connection.rows<{ n: string }>(
          "SELECT sum(requests) AS n FROM usage_by_minute",
        );
        return Number(row?.n) >= this.#requests ? true : null;
      },
      { timeoutMs },
    );
  }

  async close(): Promise<void> {
    await SpikewatchProcess.killAll();
    await this.slack.stop();
    await this.#engine.stop();
    await rm(this.#folder, { recursive: true, force: true });
    await this.#kafka.admin((admin) => admin.deleteTopics({ topics: [this.topic] }));
  }

  async #writeHistory(): Promise<void> {
    const lines: string[] = [];
    const endMs = Math.floor(clock.now() / MINUTE_MS - 1) * MINUTE_MS;
    for (let timeMs = endMs - HISTORY_DAYS * 86_400_000; timeMs < endMs; timeMs += 5 * MINUTE_MS) {
      for (const team of TEAMS) {
        for (const person of [1, 2]) lines.push(use(team, person, { timeMs, usd: 0.2 }));
      }
    }
    await this.#kafka.produceLines(this.topic, lines, { perRequest: 5_000 });
    this.#requests += lines.length;
  }

  async #spend(team: Team, signal: AbortSignal): Promise<void> {
    const producer = this.#kafka.client.producer();
    await producer.connect();
    while (!signal.aborted) {
      const value = use(team, 1, { timeMs: clock.now(), usd: 6 });
      await producer.send({ topic: this.topic, messages: [{ value }] });
      this.#requests++;
      await clock.sleep(250, signal);
    }
    await producer.disconnect();
  }
}

function use(team: Team, person: number, at: { timeMs: number; usd: number }): string {
  return JSON.stringify({
    time: at.timeMs,
    team,
    user: `${team}-${person}`,
    key: `key-${team}-${person}`,
    provider: "acme",
    model: "large",
    tool: "cli",
    output_tokens: Math.round(at.usd * 10_000),
    cost_usd: String(at.usd),
  });
}

/** What `/metrics` tells of one series; null: it does not tell. */
export async function metricOf({ page }: Member, name: string): Promise<number | null> {
  const text = await (await fetch(new URL("/metrics", page))).text();
  const line = text.split("\n").find((one) => one.startsWith(`${name} `));
  return line === undefined ? null : Number(line.slice(name.length + 1));
}

/** A part's line in `/readyz`. */
export async function partOf({ page }: Member, name: string): Promise<string | null> {
  const answer = await fetch(new URL("/readyz", page));
  const { parts } = (await answer.json()) as { parts: { name: string; detail: string }[] };
  return parts.find((one) => one.name === name)?.detail ?? null;
}

/** The one that watches, once it is the only one that says so. */
export async function watcherOf(members: readonly Member[], timeoutMs = 20_000): Promise<Member> {
  return until(
    "one process to watch",
    async () => {
      const leads = await Promise.all(
        members.map((one) => metricOf(one, "spikewatch_detect_leader")),
      );
      const watching = members.filter((_, index) => leads[index] === 1);
      return watching.length === 1 ? (watching[0] ?? null) : null;
    },
    { timeoutMs, everyMs: 20 },
  );
}

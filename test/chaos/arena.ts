import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SystemClock } from "../../src/runtime/clock.ts";
import { priceBookYaml } from "../million/prices.mjs";
import {
  startTestEngine,
  temporaryDirectory,
  type TestEngine,
} from "../support/clickhouse/engine.ts";
import { FaultProxy } from "../support/clickhouse/fault-proxy.ts";
import type { TestKafka } from "../support/kafka/test-kafka.ts";
import { SpikewatchProcess, spikewatch } from "../support/spikewatch-process.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import { until } from "../support/until.ts";
import { judgeExactness, type Verdict } from "./exactness.ts";
import { SteadyStream, STREAM_START_MS, type SteadyStreamOptions } from "./steady-stream.ts";
import { Progress, claimCount, storedEnds, type Ends } from "./stored.ts";
import { tidied } from "./aftermath.ts";
import { pipelineText } from "./pipeline-text.ts";
import { signalProcess } from "./signal.ts";
import { stopped } from "./stopped.ts";
import { dumpTopic, type DumpedRecord } from "./topic-dump.ts";
import { objectionsOf } from "./verify-opinion.ts";

const clock = new SystemClock();

export interface ArenaOptions {
  readonly kafka: TestKafka;
  readonly name: string;
  readonly seed: number;
  readonly rate: number;
  readonly sessionMs: number;
  readonly patienceMs: number;
  readonly partitions?: number;
  readonly topicConfig?: Readonly<Record<string, string>>;
  /** Another program than the built one. */
  readonly program?: string;
  /** Where the engine keeps its data; default: a temporary folder. */
  readonly directory?: string;
  /** What the stream is like. */
  readonly stream?: Pick<SteadyStreamOptions, "keep" | "users" | "once" | "keyed">;
}

export interface WorkerOptions {
  /** Its consumer group; default: the topic's name. */
  readonly group?: string;
  /** As it reaches ClickHouse; default: through both proxies. */
  readonly url?: string;
  readonly brokers?: string;
  /** What its command line begins with. */
  readonly through?: readonly string[];
}

/**
 * One topic with a steady stream, one engine as a server of its own, and the workers of the built program between them. They reach the engine
 * through `wire` (which can be cut) and `proxy` (which can break single statements).
 */
export class Arena {
  readonly kafka: TestKafka;
  readonly topic: string;
  readonly stream: SteadyStream;
  readonly proxy: FaultProxy;
  readonly wire: TcpProxy;
  readonly workers = new Set<SpikewatchProcess>();
  readonly #options: ArenaOptions;
  readonly #folder = temporaryDirectory();
  #engine: TestEngine;
  /** Workers that ended without being killed or asked to. */
  readonly #failed: string[] = [];

  private constructor(
    options: ArenaOptions,
    parts: Pick<Arena, "topic" | "stream" | "engine" | "proxy" | "wire">,
  ) {
    this.#options = options;
    this.kafka = options.kafka;
    this.topic = parts.topic;
    this.stream = parts.stream;
    this.#engine = parts.engine;
    this.proxy = parts.proxy;
    this.wire = parts.wire;
    writeFileSync(join(this.#folder, "prices.yaml"), priceBookYaml(STREAM_START_MS));
  }

  /** Runs `work` in an arena whose stream flows, and takes all of it down again however it ends. */
  static async with<T>(options: ArenaOptions, work: (arena: Arena) => Promise<T>): Promise<T> {
    const arena = await Arena.#open(options);
    return tidied(
      () => arena.#close(),
      async () => {
        const CLICKHOUSE_URL = arena.urlAt(arena.engine.engine.url);
        await spikewatch(["migrate"], arena.#process({ CLICKHOUSE_URL }));
        await arena.stream.start();
        return work(arena);
      },
    );
  }

  static async #open(options: ArenaOptions): Promise<Arena> {
    const { kafka, name, partitions = 6, rate, seed } = options;
    const topic = await kafka.createTopic(`chaos-${name}`, {
      partitions,
      config: options.topicConfig ?? {},
    });
    const stream = new SteadyStream({ kafka, topic, partitions, rate, seed, ...options.stream });
    const { directory } = options;
    const engine = await startTestEngine({
      schema: false,
      ...(directory === undefined ? {} : { directory }),
    });
    const proxy = new FaultProxy(engine.engine.url);
    const wire = await TcpProxy.start();
    wire.connectTo(new URL(await proxy.start()).host);
    return new Arena(options, { topic, stream, engine, proxy, wire });
  }

  get engine(): TestEngine {
    return this.#engine;
  }

  /**
   * Stops engine and workers at one instant, ends them for good, and starts the engine again. `atTheInstant` finds everything stopped, `whileDown`
   * nothing there.
   */
  async replaceEngine(steps: {
    readonly atTheInstant: () => void;
    readonly whileDown: () => void;
  }): Promise<void> {
    const { engine, directory } = this.#engine;
    for (const worker of this.workers) worker.freeze();
    signalProcess(engine.pid, "SIGSTOP");
    steps.atTheInstant();
    await Promise.all([...this.workers].map((one) => one.kill()));
    await engine.stop();
    steps.whileDown();
    this.#engine = await startTestEngine({ schema: false, directory });
    this.proxy.retarget(this.#engine.engine.url);
  }

  /** The engine's address for analysts. */
  get reader(): string {
    return `${this.engine.engine.url}/?user=reader`;
  }

  /** ClickHouse as a worker is told to reach it, at that address. */
  urlAt(address: string): string {
    const url = new URL(address);
    url.username = "writer";
    url.password = this.engine.engine.writerPassword;
    url.pathname = "/spikewatch";
    return url.href;
  }

  /** Starts a worker; does not wait for it. */
  async startWorker(options: WorkerOptions = {}): Promise<SpikewatchProcess> {
    const { url = this.urlAt(`http://${this.wire.address}`), brokers, through } = options;
    const worker = await SpikewatchProcess.start(
      ["run", "--pipeline", this.pipeline(options.group)],
      {
        ...this.#process({
          KAFKA_BROKERS: brokers ?? this.kafka.brokers.join(","),
          CLICKHOUSE_URL: url,
          HTTP_PORT: "0",
        }),
        ...(through === undefined ? {} : { through }),
      },
    );
    this.workers.add(worker);
    void worker.exited.then(({ code, signal }) => {
      this.workers.delete(worker);
      if (signal === "SIGKILL" || code === 0) return;
      this.#failed.push(
        `a worker ended with ${code ?? signal ?? "?"}: ${worker.stderr.slice(-800)}`,
      );
    });
    return worker;
  }

  /** A pipeline file that reads the topic as that group. */
  pipeline(group = this.topic): string {
    const path = join(this.#folder, `${group}.yaml`);
    const { sessionMs } = this.#options;
    writeFileSync(path, pipelineText({ topic: this.topic, group, sessionMs }));
    return path;
  }

  ends(): Promise<Ends | null> {
    return storedEnds(this.reader, this.topic);
  }

  claims(): Promise<number | null> {
    return claimCount(this.reader);
  }

  /** Ends of the log: what `recovered` must get beyond. */
  async logEnds(): Promise<Ends> {
    const offsets = await this.kafka.admin((admin) => admin.fetchTopicOffsets(this.topic));
    return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
  }

  /** Waits until every partition has stored something beyond what the log held when this was called; gives the milliseconds since `sinceMs`. */
  async recovered(sinceMs = clock.now()): Promise<number> {
    const ends = await until("the log's ends", () => this.logEnds().catch(() => null));
    await this.#reach(new Map([...ends].map(([part, end]) => [part, end + 1])));
    return clock.now() - sinceMs;
  }

  /** Throws where the workers kept up although they cannot have for `ms`: then the fault did not happen. */
  async requireBehind(ms: number): Promise<void> {
    const [log, stored] = [await this.logEnds(), await this.ends()];
    const behind = [...log].reduce((sum, [part, end]) => sum + end - (stored?.get(part) ?? 0), 0);
    const least = (this.#options.rate * ms) / 2000;
    if (behind < least) throw new Error(`only ${behind} records behind, not ${least}: no fault`);
  }

  /** Waits until all that the log holds is stored. The stream has stopped. */
  async drained(): Promise<void> {
    await this.#reach(await this.logEnds());
  }

  /** Waits until as much is stored. Throws when a partition stands still before for longer than the patience, or nobody is left to work. */
  async #reach(targets: Ends): Promise<void> {
    const { patienceMs } = this.#options;
    const progress = new Progress(targets, patienceMs);
    try {
      await until(
        "all partitions are stored as far as they must be",
        async () => {
          if (this.workers.size === 0 && this.#failed.length > 0) throw new Error("nobody works");
          return progress.isThere(await this.ends(), clock.now()) ? true : null;
        },
        { timeoutMs: 10 * patienceMs },
      );
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.#lastWords()}`, { cause: error });
    }
  }

  /** Stops the stream, waits until all is stored, ends the workers in good order, and judges. */
  async finish(records?: AsyncIterable<DumpedRecord>): Promise<Verdict> {
    await this.stream.stop();
    await this.drained();
    const unruly = await Promise.all([...this.workers].map(stopped));
    return this.expectExact(unruly.flat(), records ?? dumpTopic(this.kafka.brokers, this.topic));
  }

  /** Judges what is stored although not all of it is, and says why that is so. */
  async giveUp(why: string): Promise<Verdict> {
    await this.stream.stop();
    await Promise.all([...this.workers].map((one) => one.kill()));
    return this.#judge([why], dumpTopic(this.kafka.brokers, this.topic));
  }

  /** The judgement: an independent recount of the topic must equal ClickHouse, cell by cell, and so must the program's own `verify` say. */
  async expectExact(
    remarks: readonly string[],
    records: AsyncIterable<DumpedRecord>,
  ): Promise<Verdict> {
    const argv = ["verify", "--pipeline", this.pipeline()];
    const KAFKA_BROKERS = this.kafka.brokers.join(",");
    const CLICKHOUSE_URL = this.urlAt(this.engine.engine.url);
    const opinion = await objectionsOf(argv, this.#process({ KAFKA_BROKERS, CLICKHOUSE_URL }));
    const verdict = await this.#judge(remarks, records);
    return { ...verdict, differences: [...verdict.differences, ...opinion] };
  }

  async #judge(remarks: readonly string[], records: AsyncIterable<DumpedRecord>): Promise<Verdict> {
    const verdict = await judgeExactness(this.reader, priceBookYaml(STREAM_START_MS), records);
    return { ...verdict, differences: [...remarks, ...verdict.differences] };
  }

  #process(settings: Readonly<Record<string, string>>) {
    const { program } = this.#options;
    return { settings, ...(program === undefined ? {} : { program }) };
  }

  #lastWords(): string {
    const running = [...this.workers].map(
      (one) => `worker ${one.pid} said: …${one.stderr.slice(-1_500)}`,
    );
    return [...this.#failed, ...running].join("\n");
  }

  async #close(): Promise<void> {
    await Promise.all([...this.workers].map((one) => one.kill()));
    await this.stream.stop().catch(() => undefined);
    await this.kafka
      .admin((admin) => admin.deleteTopics({ topics: [this.topic] }))
      .catch(() => undefined);
    await this.wire.stop();
    await this.proxy.stop();
    await this.engine.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

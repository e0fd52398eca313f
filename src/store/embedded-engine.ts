import { randomUUID } from "node:crypto";
import { createServer } from "node:net";
import type { Clock } from "../runtime/clock.ts";
import { AppError } from "../runtime/errors.ts";
import type { Service } from "../runtime/service.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { DataDir } from "./data-dir.ts";
import { engineArguments } from "./engine-config.ts";
import { engineLibrary } from "./engine-library.ts";
import { SESSION } from "./queries.ts";
import { EngineProcess, askReader, engineFailed } from "./engine-process.ts";

const START_TIMEOUT_MS = 20_000;
const STOP_GRACE_MS = 1_500;
/** How long a predecessor's engine, which ends when its parent is gone, may take to let go of the directory. */
const LOCK_WAIT_MS = 5_000;
const PORTS_TRIED = 100;
/** Below the range from which the system gives out ports of its own. */
const LOWEST_FREE_PORT = 20_000;
const RESTART_BASE_MS = 100;
const RESTART_MAX_MS = 5_000;

export interface EmbeddedEngineOptions {
  readonly directory: DataDir;
  /** First port tried; 0: any. */
  readonly port: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: Metrics;
  /** Path of the shared library; found by itself when omitted. */
  readonly library?: string;
}

/**
 * The real ClickHouse engine as a child process on loopback, for as long as we live. It is started again on the same port when it dies; clients
 * just retry. `start` holds the data directory until `stop`.
 */
export class EmbeddedEngine implements Service {
  readonly name = "embedded engine";
  readonly #options: EmbeddedEngineOptions;
  readonly #instance = randomUUID();
  readonly #stopping = new AbortController();
  #port = 0;
  #writerPassword = "";
  #process: EngineProcess | null = null;
  #watcher: Promise<void> = Promise.resolve();

  constructor(options: EmbeddedEngineOptions) {
    this.#options = options;
  }

  /** `http://127.0.0.1:PORT`, once started. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get writerPassword(): string {
    return this.#writerPassword;
  }

  /** Process id of the child that runs now. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Throws `engine_missing`, `engine_failed` or `data_dir`. */
  async start(): Promise<void> {
    const { directory } = this.#options;
    const library = this.#options.library ?? engineLibrary();
    directory.hold();
    try {
      this.#writerPassword = directory.configure(this.#instance).writerPassword;
      const started = await this.#startOnFreePort(library);
      this.#process = started;
      directory.publish({ pid: process.pid, port: this.#port, url: this.url });
      this.#watcher = this.#watch(library, started);
    } catch (error) {
      directory.release();
      throw error;
    }
  }

  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    await this.#process?.stop(STOP_GRACE_MS);
    await this.#watcher;
    this.#options.directory.release();
  }

  async #startOnFreePort(library: string): Promise<EngineProcess> {
    const { port, clock, directory } = this.#options;
    const first = port === 0 ? LOWEST_FREE_PORT + Math.floor(Math.random() * 10_000) : port;
    const deadline = clock.now() + LOCK_WAIT_MS;
    for (let candidate = first; candidate < Math.min(first + PORTS_TRIED, 65_536);) {
      if (!(await isFree(candidate))) {
        candidate++;
        continue;
      }
      const { engine, outcome } = await this.#launch(library, candidate);
      if (outcome === "ready") {
        this.#port = candidate;
        return engine;
      }
      if (outcome === "failed") throw engineFailed(engine.lastWords);
      if (outcome === "unsafe") throw engineFailed("its reader could read files of this machine");
      if (outcome === "port_taken") candidate++;
      else if (clock.now() < deadline) await clock.sleep(RESTART_BASE_MS);
      else throw lockedByAnother(directory.path);
    }
    throw engineFailed(
      `no port from ${first} on is free; set SPIKEWATCH_CLICKHOUSE_PORT to another`,
    );
  }

  async #launch(
    library: string,
    port: number,
  ): Promise<{ engine: EngineProcess; outcome: Awaited<ReturnType<EngineProcess["ready"]>> }> {
    const { directory, clock } = this.#options;
    const { dataPath, configPath } = directory;
    const engine = new EngineProcess(library, engineArguments({ dataPath, configPath, port }));
    let outcome = await engine.ready(port, this.#instance, clock, START_TIMEOUT_MS);
    if (outcome === "ready" && !(await this.#isSafe(port))) outcome = "unsafe";
    if (outcome !== "ready") await engine.stop(0);
    return { engine, outcome };
  }

  /** Proves at each start that the hidden function `file` (engine-config.ts) stays hidden. */
  async #isSafe(port: number): Promise<boolean> {
    const { configPath } = this.#options.directory;
    return (await askReader(port, SESSION.readFile(configPath))) === null;
  }

  /** Starts the engine again each time it dies, with growing pauses, until we stop. */
  async #watch(library: string, first: EngineProcess): Promise<void> {
    const { logger, metrics, clock } = this.#options;
    const { signal } = this.#stopping;
    const stopping = (): boolean => signal.aborted;
    let engine = first;
    for (let pauseMs = RESTART_BASE_MS; ;) {
      await engine.exited;
      if (stopping()) return;
      logger.warn({ said: engine.lastWords }, "the embedded engine died; starting it again");
      metrics?.engineRestarts.inc();
      await clock.sleep(pauseMs, signal);
      if (stopping()) return;
      const launched = await this.#launch(library, this.#port);
      engine = launched.engine;
      this.#process = engine;
      if (stopping()) await engine.stop(STOP_GRACE_MS);
      pauseMs =
        launched.outcome === "ready" ? RESTART_BASE_MS : Math.min(pauseMs * 2, RESTART_MAX_MS);
    }
  }
}

function lockedByAnother(path: string): AppError {
  return new AppError(
    `data directory ${path} is in use by an engine of another process: stop that process, or name another directory with --data or SPIKEWATCH_DATA_DIR`,
    { code: "data_dir" },
  );
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}

import { spawn, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { get } from "node:http";
import { fileURLToPath } from "node:url";
import type { Clock } from "../runtime/clock.ts";
import { AppError } from "../runtime/errors.ts";
import { READER } from "./engine-config.ts";
import { SESSION } from "./queries.ts";

const READY_POLL_MS = 20;
const PROBE_TIMEOUT_MS = 2_000;
const KEPT_OUTPUT = 4_096;

/** Why an engine did not come up. */
export type StartFailure = "port_taken" | "directory_locked" | "unsafe" | "failed";

/** One run of the child process, from spawn to exit. */
export class EngineProcess {
  readonly exited: Promise<void>;
  readonly #child: ChildProcess;
  #alive = true;
  #output = "";

  constructor(library: string, argv: readonly string[]) {
    const script = fileURLToPath(import.meta.url).replace(
      /engine-process\.(js|ts)$/,
      "engine-child.$1",
    );
    // From source the child is TypeScript as we are. Its environment is empty: it needs none of our secrets.
    const loader = script.endsWith(".ts")
      ? ["--import", createRequire(import.meta.url).resolve("tsx")]
      : [];
    // A process group of its own: Ctrl-C on the terminal is for us; the engine must outlive our last commit.
    this.#child = spawn(process.execPath, [...loader, script, library, JSON.stringify(argv)], {
      stdio: ["pipe", "pipe", "pipe"],
      env: {},
      detached: true,
    });
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString("utf8")).slice(-KEPT_OUTPUT);
    };
    this.#child.stdout?.on("data", keep);
    this.#child.stderr?.on("data", keep);
    this.#child.stdin?.on("error", () => undefined);
    this.exited = new Promise((resolve) => {
      const end = (error?: unknown): void => {
        if (error instanceof Error) this.#output += error.message;
        this.#alive = false;
        resolve();
      };
      this.#child.once("error", end).once("close", () => end());
    });
  }

  get alive(): boolean {
    return this.#alive;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The last line the engine said. */
  get lastWords(): string {
    return (
      this.#output
        .trim()
        .split("\n")
        .findLast((line) => line.trim() !== "") ?? "it said nothing"
    );
  }

  /** Waits until our engine, and nobody else, answers on `port`. */
  async ready(
    port: number,
    instance: string,
    clock: Clock,
    timeoutMs: number,
  ): Promise<"ready" | StartFailure> {
    const deadline = clock.now() + timeoutMs;
    while (this.#alive && clock.now() < deadline) {
      if ((await askReader(port, SESSION.instance)) === instance) return "ready";
      await Promise.race([clock.sleep(READY_POLL_MS), this.exited]);
    }
    if (/Code: 210\b/.test(this.#output)) return "port_taken";
    // 76: the engine's own lock on its directory, still held by a predecessor that is about to end.
    return /Code: 76\b/.test(this.#output) ? "directory_locked" : "failed";
  }

  /** Ends it within `graceMs`, then by force. Commits are on disk before they are answered, so force loses nothing. */
  async stop(graceMs: number): Promise<void> {
    if (!this.#alive) return;
    this.#child.kill("SIGINT");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), graceMs);
    await this.exited;
    clearTimeout(timer);
  }
}

/** One line of the engine's answer to `sql` as the password-less reader; null where it is refused or nobody answers. */
export function askReader(port: number, sql: string): Promise<string | null> {
  return new Promise((resolve) => {
    const path = `/?user=${READER}&query=${encodeURIComponent(sql)}`;
    const request = get(
      { host: "127.0.0.1", port, path, agent: false, timeout: PROBE_TIMEOUT_MS },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text = (text + chunk).slice(0, KEPT_OUTPUT)));
        response.on("end", () => resolve(response.statusCode === 200 ? text.trimEnd() : null));
        response.on("error", () => resolve(null));
      },
    );
    request.on("timeout", () => request.destroy()).on("error", () => resolve(null));
  });
}

/** Trouble of the engine itself, in one sentence. */
export function engineFailed(what: string): AppError {
  return new AppError(`the embedded ClickHouse engine did not start: ${what}`, {
    code: "engine_failed",
  });
}

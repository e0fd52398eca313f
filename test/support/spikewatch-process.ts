import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Writable } from "node:stream";
import { builtProgram } from "./built-program.ts";
import { until } from "./until.ts";

const SAMPLE_MS = 100;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Most memory a process and its engine ever held, in MB of resident pages, as the kernel counted it. 0: never seen. */
export interface PeakMemory {
  readonly worker: number;
  readonly engine: number;
}

export interface StartOptions {
  /** Settings without their prefix; nothing else of SPIKEWATCH_… is passed on. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Keeps standard input open, to write to. */
  readonly input?: boolean;
  /** Another program than the built one: its `cli.js`. */
  readonly program?: string;
  /** What its command line begins with. */
  readonly through?: readonly string[];
}

/** The built program as a user starts it: `node dist/cli.js …`. Its data directories and ports are the caller's choice. */
export class SpikewatchProcess {
  static readonly #running = new Set<SpikewatchProcess>();
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #output: Buffer[] = [];
  readonly #errors: Buffer[] = [];
  #exit: Exit | null = null;
  #peak: PeakMemory = { worker: 0, engine: 0 };

  private constructor(cli: string, argv: readonly string[], options: StartOptions) {
    const given = Object.entries(options.settings ?? {});
    const [command, ...args] = [...(options.through ?? []), process.execPath, cli, ...argv];
    this.#child = spawn(command!, args, {
      stdio: [options.input === true ? "pipe" : "ignore", "pipe", "pipe"],
      env: {
        ...inherited(),
        ...Object.fromEntries(given.map(([name, value]) => [`SPIKEWATCH_${name}`, value])),
      },
    });
    this.#child.stdin?.on("error", () => undefined);
    this.#child.stdout?.on("data", (chunk: Buffer) => this.#output.push(chunk));
    this.#child.stderr?.on("data", (chunk: Buffer) => this.#errors.push(chunk));
    const sampler = setInterval(() => this.#sample(), SAMPLE_MS);
    this.exited = new Promise((resolve) => {
      this.#child.once("exit", () => clearInterval(sampler));
      this.#child.once("close", (code, signal) => {
        this.#exit = { code, signal };
        SpikewatchProcess.#running.delete(this);
        resolve(this.#exit);
      });
    });
    SpikewatchProcess.#running.add(this);
  }

  static async start(
    argv: readonly string[],
    options: StartOptions = {},
  ): Promise<SpikewatchProcess> {
    return new SpikewatchProcess(options.program ?? (await builtProgram()), argv, options);
  }

  /** Ends all that a failed test may have left running. */
  static async killAll(): Promise<void> {
    await Promise.all([...this.#running].map((one) => one.kill()));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get stdin(): Writable {
    if (this.#child.stdin === null) throw new Error("started without input");
    return this.#child.stdin;
  }

  /** What it has written so far. */
  get stdout(): string {
    return Buffer.concat(this.#output).toString("utf8");
  }

  get stderr(): string {
    return Buffer.concat(this.#errors).toString("utf8");
  }

  /** Sampled every 100 ms; the kernel keeps the maximum between two samples. */
  get peak(): PeakMemory {
    return this.#peak;
  }

  /** null while it runs. */
  get exit(): Exit | null {
    return this.#exit;
  }

  /** Waits until a `run` serves: where its page is and where analysts read. Throws with its last words where it ends before. */
  async ready(): Promise<{ readonly page: string; readonly reader: string }> {
    return until("spikewatch run is ready", async () => {
      if (this.#exit !== null) throw new Error(`it ended with ${this.#exit.code}: ${this.stderr}`);
      const page = /(?:page and metrics|metrics and health) +(\S+)/.exec(this.stderr)?.[1];
      const reader = /analysts +(\S+)/.exec(this.stderr)?.[1];
      if (page === undefined || reader === undefined) return null;
      const { ok } = await fetch(new URL("/readyz", page));
      return ok ? { page, reader } : null;
    });
  }

  /** Asks it to end, and waits. */
  async terminate(): Promise<Exit> {
    this.#child.kill("SIGTERM");
    return this.exited;
  }

  /** Ends it at this very instant, as a crash of the machine would. */
  async kill(): Promise<Exit> {
    this.#sample();
    this.#child.kill("SIGKILL");
    return this.exited;
  }

  /** Stops all of its threads where they are, as a paused machine would, until `thaw`. */
  freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child.kill("SIGCONT");
  }

  #sample(): void {
    const engines = childrenOf(this.pid).map(peakOf);
    this.#peak = {
      worker: Math.max(this.#peak.worker, peakOf(this.pid)),
      engine: Math.max(this.#peak.engine, ...engines),
    };
  }
}

/** Runs a command to its end. Throws with what it said where it fails. */
export async function spikewatch(
  argv: readonly string[],
  options: StartOptions = {},
): Promise<SpikewatchProcess> {
  const process = await SpikewatchProcess.start(argv, options);
  const { code, signal } = await process.exited;
  if (code === 0) return process;
  throw new Error(
    `spikewatch ${argv[0] ?? ""} ended with ${code ?? signal ?? ""}: ${process.stderr}`,
  );
}

/** Without settings of ours, and without what jest needs of Node. */
function inherited(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith("SPIKEWATCH_") && name !== "NODE_OPTIONS",
  );
  return Object.fromEntries(kept);
}

function childrenOf(pid: number): number[] {
  return read(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
}

function peakOf(pid: number): number {
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`))?.[1] ?? "0";
  return Number(kilobytes) / 1024;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

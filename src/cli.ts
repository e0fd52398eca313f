#!/usr/bin/env node
import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { commands } from "./commands/all.ts";
import type { Command, CommandContext } from "./commands/command.ts";
import { nearestName } from "./config/config-problem.ts";
import { loadSettings } from "./config/load.ts";
import { SystemClock } from "./runtime/clock.ts";
import { AppError, exitCodeOf, messageOf } from "./runtime/errors.ts";
import { createLogger } from "./telemetry/logger.ts";
import { version } from "./version.ts";

/** argv → command → exit code. The only place that ends the process or listens to signals. */
export async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv.filter((one) => one !== "--verbose");
  const verbose = argv.includes("--verbose");
  try {
    const text = textFor(name, rest);
    if (text !== null) {
      process.stdout.write(`${text.trimEnd()}\n`);
      return name === undefined ? 2 : 0;
    }
    return await find(name).run(rest, context(name, verbose));
  } catch (error) {
    report(error, name, verbose);
    return exitCodeOf(error);
  }
}

/** What is answered without running anything, else null. */
function textFor(name: string | undefined, rest: readonly string[]): string | null {
  const [word] = rest;
  if (name === "help" && word !== undefined) return find(word).help;
  if (name === undefined || ["help", "--help", "-h"].includes(name)) return overview();
  if (name === "--version" || name === "-v") return version();
  return rest.includes("--help") || rest.includes("-h") ? find(name).help : null;
}

function report(error: unknown, name: string | undefined, verbose: boolean): void {
  const about = commands.some((one) => one.name === name) ? `${name ?? ""} ` : "";
  const hint = exitCodeOf(error) === 2 ? `; see \`spikewatch ${about}--help\`` : "";
  process.stderr.write(`spikewatch: ${messageOf(error)}${hint}\n`);
  if (verbose && error instanceof Error) process.stderr.write(`${error.stack ?? ""}\n`);
}

function find(name: string | undefined): Command {
  const command = commands.find((one) => one.name === name);
  if (command !== undefined) return command;
  const known = commands.map((one) => one.name);
  const near = nearestName(name ?? "", known);
  const hint = near === null ? `there are ${known.join(", ")}` : `perhaps you mean ${near}`;
  throw new AppError(`there is no command "${name ?? ""}": ${hint}`, { code: "usage" });
}

function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    "spikewatch: AI token spend per team in real time, exact to the nano-dollar, with spike alerts",
    "",
    "Usage: spikewatch <command> [options]",
    "",
    ...lines,
    "",
    "Every command has --help with an example. --verbose adds the stack to an error.",
    "Exit code: 0 done · 1 failed · 2 used wrongly, also where a file that is named cannot be read.",
    "",
  ].join("\n");
}

/** After the first signal, whatever a command waits for, a store that does not answer its start say: supervisors kill after ten seconds. */
const STOP_MS = 9_500;

function context(command: string | undefined, verbose: boolean): CommandContext {
  const settings = loadSettings();
  const usual = command === "run" ? "info" : "warn";
  const abort = new AbortController();
  let signals = 0;
  const onSignal = (): void => {
    signals++;
    // The second signal means now: ClickHouse is the checkpoint, so nothing is lost.
    if (signals > 1) process.exit(130);
    abort.abort();
    setTimeout(() => {
      process.stderr.write(
        "spikewatch: stopped without waiting any longer; nothing counts twice\n",
      );
      process.exit(1);
    }, STOP_MS).unref();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    settings,
    clock: new SystemClock(),
    logger: createLogger(verbose ? "debug" : (settings.LOG_LEVEL ?? usual)),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    colour: process.stdout.isTTY && (process.env["NO_COLOR"] ?? "") === "",
    signal: abort.signal,
  };
}

/** True where this file is the program, also through npm's link to it. */
function isProgram(): boolean {
  const script = process.argv[1];
  return script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url);
}

/**
 * How much the heap may grow between two full collections, percent. V8 itself lets it double and more: a third more memory for a few percent of CPU,
 * on a stream whose records all die young.
 */
const HEAP_GROWING_PERCENT = 20;

if (isProgram()) {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
  // A reader that goes away (`| head`) is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? 0 : 1);
  });
  const code = await main(process.argv.slice(2));
  // Output may still be in the pipe: let it drain, but let nothing else keep the process.
  process.exitCode = code;
  process.stdout.write("", () => process.exit(code));
}

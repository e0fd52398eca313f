import type { Settings } from "../config/settings.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../telemetry/logger.ts";

/** What a command gets from the world. `stdout` is for the answer, `stderr` for progress and log. */
export interface CommandContext {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** ANSI colours on stdout: a terminal, and NO_COLOR is not set. */
  readonly colour: boolean;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Aborts on the first SIGINT or SIGTERM: finish what is in hand and return. */
  readonly signal: AbortSignal;
}

/** One sub-command. Throws AppError for trouble; returns the exit code. */
export interface Command {
  readonly name: string;
  /** One line for `spikewatch --help`. */
  readonly summary: string;
  /** The whole `--help` text, with an example. */
  readonly help: string;
  run(argv: readonly string[], context: CommandContext): Promise<number>;
}

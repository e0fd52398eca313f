import { Readable, Writable } from "node:stream";
import type { Command } from "../../../src/commands/command.ts";
import { SETTINGS_SCHEMA, type Settings } from "../../../src/config/settings.ts";
import { SystemClock } from "../../../src/runtime/clock.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";

/** Runs a command as the program would and gives what it wrote to stdout. */
export async function runCommand(
  command: Command,
  argv: readonly string[],
  settings: Partial<Settings> = {},
): Promise<{ readonly code: number; readonly stdout: string }> {
  const chunks: Buffer[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  const code = await command.run(argv, {
    settings: { ...SETTINGS_SCHEMA.parse({}), ...settings },
    clock: new SystemClock(),
    logger: silentLogger,
    stdin: Readable.from([]),
    stdout: sink,
    stderr: sink,
    colour: false,
    signal: new AbortController().signal,
  });
  return { code, stdout: Buffer.concat(chunks).toString("utf8") };
}

import { pino, type DestinationStream, type Logger } from "pino";

export type { Logger } from "pino";

export type LogLevel = "error" | "warn" | "info" | "debug" | "silent";

/**
 * Structured log on stderr: stdout belongs to the command's answer. Levels say what the operator must do: error, data is lost
 * or a person is needed; warn, trouble that mended itself; info, lifecycle; debug, never once per event.
 */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: ["*.token", "*.password", "*.secret", "token", "password"], censor: "***" },
    },
    destination ?? pino.destination({ dest: 2, sync: true }),
  );
}

/** For tests and for commands whose stderr is progress. */
export const silentLogger: Logger = createLogger("silent");

import { types } from "node:util";

/** Every kind of trouble a user can meet, as a closed set: logs, metrics and the runbook use the same words. */
export type ErrorCode =
  | "usage" // the command line is wrong, or names a file that cannot be read
  | "config" // a setting, a pipeline or a price book is wrong
  | "input" // a file or stdin cannot be read
  | "engine_missing" // the optional embedded engine is not installed
  | "engine_failed" // the embedded engine did not start or died for good
  | "data_dir" // the data directory cannot be used
  | "store_unavailable" // ClickHouse does not answer
  | "store_refused" // ClickHouse answered: no
  | "store_inconsistent" // what is stored contradicts itself: gaps, overlaps
  | "kafka_unavailable"
  | "kafka_refused"
  | "checkpoint_conflict" // another writer owns a partition
  | "notify_failed"
  | "internal";

export interface AppErrorOptions {
  readonly code: ErrorCode;
  /** True where the same call may succeed later. Decided by the adapter that made the error. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** Trouble that is nobody's bug. The message says, in lower case: what failed, which one, what to do. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;

  constructor(message: string, options: AppErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AppError";
    this.code = options.code;
    this.retryable = options.retryable ?? false;
  }
}

/** 0 done · 1 failed · 2 used wrongly. */
export function exitCodeOf(error: unknown): 1 | 2 {
  return error instanceof AppError && error.code === "usage" ? 2 : 1;
}

/** The text of anything that can be thrown, on one line; also of an error of another realm. */
export function messageOf(error: unknown): string {
  const text =
    types.isNativeError(error) || error instanceof Error
      ? error.message || error.name
      : String(error);
  return text.replaceAll(/\s+/g, " ").trim();
}

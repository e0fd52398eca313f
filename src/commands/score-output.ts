import { createWriteStream, statSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { once } from "node:events";
import { messageOf } from "../runtime/errors.ts";
import { misuse } from "./flags.ts";

/** Where rows go. */
export interface Output {
  readonly stream: NodeJS.WritableStream;
  /** Whether it is to be ended with the last row. */
  readonly isOwned: boolean;
  /** All is written: puts it in its place. */
  keep(): Promise<void>;
  /** It failed: leaves what was there before. */
  discard(): Promise<void>;
}

/**
 * stdout, or a file, which is written beside its place and moved there when it is whole: what was there stays until then, and may be the input.
 * A pipe or a device is written as it is. Throws AppError `usage` where it cannot be written.
 */
export async function openOutput(
  path: string | undefined,
  stdout: NodeJS.WritableStream,
): Promise<Output> {
  const nothing = (): Promise<void> => Promise.resolve();
  if (path === undefined || path === "-") {
    return { stream: stdout, isOwned: false, keep: nothing, discard: nothing };
  }
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) throw cannotWrite(path, "it is a folder");
  const isPlain = found?.isFile() !== false;
  const beside = isPlain ? `${path}.partial` : path;
  const stream = createWriteStream(beside);
  try {
    await once(stream, "open");
  } catch (error) {
    throw cannotWrite(path, messageOf(error), error);
  }
  return {
    stream,
    isOwned: true,
    keep: isPlain ? () => rename(beside, path) : nothing,
    discard: isPlain ? () => rm(beside, { force: true }) : nothing,
  };
}

function cannotWrite(path: string, why: string, cause?: unknown): Error {
  return misuse(`cannot write ${path}: ${why}; name another file with --out`, cause);
}

import { existsSync } from "node:fs";
import { open, rm, type FileHandle } from "node:fs/promises";
import { AppError, messageOf } from "../runtime/errors.ts";
import type { CommandContext } from "./command.ts";
import { misuse } from "./flags.ts";

/** Writes the whole output at once; what was there before stays until then. Throws AppError `input`. */
export type WriteOutput = (text: string) => Promise<void>;

/**
 * Opens what a flag names (`-`: stdout) before the work and not after: a long run must not end with nowhere to write to. Where the work fails, a file that
 * was there keeps what it held, and none is left that was not. Throws AppError `usage` where it cannot be written.
 */
export async function withOutput<T>(
  { path, flag }: { readonly path: string; readonly flag: string },
  { stdout }: Pick<CommandContext, "stdout">,
  work: (write: WriteOutput) => Promise<T>,
): Promise<T> {
  if (path === "-") {
    return work((text) => {
      stdout.write(text);
      return Promise.resolve();
    });
  }
  const isNew = !existsSync(path);
  const file = await openForWriting(path, flag);
  try {
    return await work(async (text) => {
      // What was there stays until now; a pipe or a device cannot be cut and need not be.
      if ((await file.stat()).isFile()) await file.truncate();
      await file.writeFile(text).catch((cause: unknown) => {
        throw new AppError(`cannot write ${path}: ${messageOf(cause)}`, { code: "input", cause });
      });
    });
  } catch (error) {
    if (isNew) await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

async function openForWriting(path: string, flag: string): Promise<FileHandle> {
  try {
    return await open(path, "a");
  } catch (error) {
    throw misuse(
      `cannot write ${path}: ${messageOf(error)}; name another file with ${flag}`,
      error,
    );
  }
}

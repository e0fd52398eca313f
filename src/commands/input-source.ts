import type { Pipeline } from "../config/pipeline.ts";
import { FileSource, StdinSource } from "../source/file-source.ts";
import { requireReadable, type StoredInput } from "../source/file-identity.ts";
import type { Source } from "../source/source.ts";
import { messageOf } from "../runtime/errors.ts";
import type { PaneStore } from "../store/store.ts";
import { misuse } from "./flags.ts";

/** What an input turned out to be, for the summary. */
export interface Input {
  readonly source: Source;
  readonly name: string;
  readonly topic: string;
  readonly state: "new" | "resumed" | "unchanged";
  /** Bytes that were stored before. */
  readonly resumeOffset: number;
  /** null: nobody knows how long stdin is. */
  readonly size: number | null;
}

/** A source, and what it turned out to be as far as is known: while another process reads the same file, that may still change. */
export interface OpenedInput {
  readonly source: Source;
  readonly name: string;
  found(): Promise<Input>;
}

export interface InputOptions {
  /** A path, or `-` for stdin. */
  readonly input: string;
  readonly stdin: NodeJS.ReadableStream;
  readonly pipeline: Pipeline;
  readonly again?: boolean;
  readonly sourceName?: string;
}

/** Throws AppError `usage` where `--input` or what goes with it is wrong: before an engine is started for it, not after. */
export async function requireInput(
  input: string,
  { again = false, sourceName }: { again?: boolean; sourceName?: string | undefined } = {},
): Promise<void> {
  if (input !== "-" && sourceName !== undefined) {
    throw misuse("--source-name names stdin: leave it out, a file is known by its content");
  }
  if (input === "-" && again) {
    throw misuse(
      "--again is for files: stdin counts anew under another --source-name, or without one",
    );
  }
  if (input === "-") return;
  await requireReadable(input).catch((error: unknown) => {
    throw misuse(messageOf(error), error);
  });
}

/** Opens a file or stdin and finds out, by its content, what of it is stored already. */
export async function openInput(options: InputOptions, store: PaneStore): Promise<OpenedInput> {
  const limits = { maxRecordBytes: options.pipeline.limits.maxRecordBytes };
  if (options.input === "-") {
    const known: StoredInput[] = await store.knownSources("stdin:");
    const stream = options.stdin as AsyncIterable<Buffer | string>;
    const { sourceName } = options;
    const source = new StdinSource({
      stream,
      known,
      limits,
      ...(sourceName === undefined ? {} : { sourceName }),
    });
    const { topic, resumeOffset } = source;
    const state = resumeOffset > 0 ? "resumed" : "new";
    const found: Input = { source, name: "stdin", topic, state, resumeOffset, size: null };
    return { source, name: found.name, found: () => Promise.resolve(found) };
  }
  const source = new FileSource({
    path: options.input,
    known: (signal) => store.knownSources("file:", signal),
    limits,
    again: options.again ?? false,
  });
  await source.resolveIdentity();
  const found = async (): Promise<Input> => ({
    source,
    name: options.input,
    ...(await source.resolveIdentity()),
  });
  return { source, name: options.input, found };
}

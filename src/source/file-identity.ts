import { createHash } from "node:crypto";
import { open, stat, type FileHandle } from "node:fs/promises";
import { AppError, messageOf } from "../runtime/errors.ts";
import { PrefixHash } from "./prefix-hash.ts";

/** A checkpoint of a file or of stdin, as it is stored. */
export interface StoredInput {
  readonly topic: string;
  readonly endOffset: number;
  /** sha256 in hex of all bytes before `endOffset`. */
  readonly fingerprint: string;
  readonly storedAtMs: number;
}

/** Which stored input a file is, by its content: its name and place do not matter. */
export interface FileIdentity {
  readonly topic: string;
  /** Bytes that are stored already. */
  readonly resumeOffset: number;
  /** sha256 of those bytes, empty where there are none. */
  readonly fingerprint: string;
  readonly size: number;
  readonly state: "new" | "resumed" | "unchanged";
  /** False where the first line has no end yet: until it has one, no byte past `size` may be read under this topic. */
  readonly isNameFinal: boolean;
}

const CHUNK_BYTES = 1024 * 1024;
/** Of a longer first line this much names the file. */
const NAMING_BYTES = CHUNK_BYTES;
const NEWLINE = 10;
/** Space, tab, line feed, carriage return. */
const BLANKS: ReadonlySet<number> = new Set([32, 9, NEWLINE, 13]);

/**
 * A file that begins with all the bytes of a stored input is that input, grown or the same; of several the one stored last.
 * Reads the file once. Throws AppError `input` where it cannot be read.
 */
export async function identifyFile(
  path: string,
  known: readonly StoredInput[],
  again = false,
): Promise<FileIdentity> {
  const { size } = await statFile(path);
  const candidates = known
    .filter((one) => one.topic.startsWith("file:") && one.endOffset > 0 && one.endOffset <= size)
    .sort((a, b) => a.endOffset - b.endOffset);
  const match = again ? null : await lastStoredMatch(path, candidates);
  if (match !== null) return resumed({ size, isNameFinal: true }, match);
  const { topic, isNameFinal } = await newTopic(path, size, known);
  return { topic, resumeOffset: 0, fingerprint: "", size, state: "new", isNameFinal };
}

/** The identity of a file that begins with what is stored. */
export function resumed(
  { size, isNameFinal }: Pick<FileIdentity, "size" | "isNameFinal">,
  { topic, endOffset, fingerprint }: StoredInput,
): FileIdentity {
  const state = endOffset === size ? "unchanged" : "resumed";
  return { topic, resumeOffset: endOffset, fingerprint, size, state, isNameFinal };
}

/** Whether the file begins with all bytes of a stored input. */
export async function beginsWith(path: string, stored: StoredInput): Promise<boolean> {
  const hash = new PrefixHash();
  for await (const chunk of readChunks(path, stored.endOffset)) hash.update(chunk);
  return hash.length === stored.endOffset && hash.digest() === stored.fingerprint;
}

async function lastStoredMatch(
  path: string,
  candidates: readonly StoredInput[],
): Promise<StoredInput | null> {
  const hash = new PrefixHash();
  let best: StoredInput | null = null;
  let index = 0;
  for await (const chunk of readChunks(path, candidates.at(-1)?.endOffset ?? 0)) {
    let from = 0;
    for (let one = candidates[index]; one; one = candidates[++index]) {
      const to = from + one.endOffset - hash.length;
      if (to > chunk.length) break;
      hash.update(chunk.subarray(from, to));
      from = to;
      if (hash.digest() !== one.fingerprint) continue;
      if (best === null || one.storedAtMs >= best.storedAtMs) best = one;
    }
    hash.update(chunk.subarray(from));
  }
  return best;
}

/**
 * Made from the first line that is not empty: what copies of a file have in common, and what stays while it grows. So of two who read the same file at the same
 * time one notices the other, under whatever names and however much of it each has seen. Where a file that merely begins alike is stored, a number is added.
 */
async function newTopic(
  path: string,
  size: number,
  known: readonly StoredInput[],
): Promise<Pick<FileIdentity, "topic" | "isNameFinal">> {
  const { line, isWhole } = await firstLine(path, size);
  const topic = `file:${createHash("sha256").update(line).digest("hex").slice(0, 16)}`;
  const taken = new Set(known.map((one) => one.topic));
  let free = topic;
  for (let time = 2; taken.has(free); time++) free = `${topic}~${time}`;
  return { topic: free, isNameFinal: isWhole };
}

/** The first line that is not empty, without the blanks around it, cut to the bytes that name a file; not whole where the file as it is now ends in it. */
async function firstLine(
  path: string,
  size: number,
): Promise<{ readonly line: Buffer; readonly isWhole: boolean }> {
  let line = Buffer.alloc(0);
  for await (const chunk of readChunks(path, size)) {
    const begin = line.length > 0 ? 0 : chunk.findIndex((byte) => !BLANKS.has(byte));
    if (begin < 0) continue;
    line = Buffer.concat([line, chunk.subarray(begin)]).subarray(0, NAMING_BYTES);
    const end = line.indexOf(NEWLINE);
    if (end >= 0) return { line: withoutBlanksAtEnd(line.subarray(0, end)), isWhole: true };
    if (line.length === NAMING_BYTES) break;
  }
  return { line: withoutBlanksAtEnd(line), isWhole: line.length === NAMING_BYTES };
}

function withoutBlanksAtEnd(line: Buffer): Buffer {
  return line.subarray(0, line.findLastIndex((byte) => !BLANKS.has(byte)) + 1);
}

/** The file's bytes, at most `limit` of them. A chunk is valid until the next is asked for. */
export async function* readChunks(path: string, limit = Infinity): AsyncGenerator<Buffer> {
  const file = await openFile(path);
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let position = 0; position < limit;) {
      const length = Math.min(CHUNK_BYTES, limit - position);
      const { bytesRead } = await file.read(buffer, 0, length, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (error) {
    throw error instanceof AppError ? error : unreadable(path, error);
  } finally {
    await file.close();
  }
}

/** Throws AppError `input` where the file cannot be read. */
export async function requireReadable(path: string): Promise<void> {
  await statFile(path);
  await (await openFile(path)).close();
}

async function statFile(path: string): Promise<{ size: number }> {
  try {
    const found = await stat(path);
    if (found.isFile()) return found;
  } catch (error) {
    throw unreadable(path, error);
  }
  throw new AppError(
    `cannot read "${path}": it is no regular file; name a file of one JSON object a line, or - for standard input`,
    { code: "input" },
  );
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): AppError {
  return new AppError(
    `cannot read "${path}": ${messageOf(cause)}; check the path and that this user may read it`,
    { code: "input", cause },
  );
}

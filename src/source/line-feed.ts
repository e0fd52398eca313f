import { AppError } from "../runtime/errors.ts";
import { LineSplitter, type LineLimits, type Lines } from "./line-splitter.ts";
import { PrefixHash } from "./prefix-hash.ts";
import type { Partition, RecordBatch, SourceHandler } from "./source.ts";

export const LINE_LIMITS: LineLimits = {
  maxRecordBytes: 4 * 1024 * 1024,
  maxLines: 1000,
  maxBytes: 1024 * 1024,
};

/** One reading of a byte stream, from its begin. */
export interface LineFeed {
  readonly partition: Partition;
  readonly chunks: AsyncIterable<Buffer>;
  /** Byte to hand over from: the first of a line. */
  readonly start: number;
  /** What must have been read before when byte `endOffset` is reached. A line ends there even without a newline, as it did then. */
  readonly before: { readonly endOffset: number; readonly fingerprint: string } | null;
  readonly limits: LineLimits;
  readonly handler: SourceHandler;
  /** Asked between batches. */
  readonly isOver: () => boolean;
  /** Told how many bytes at the end have no line end and are no JSON yet: a writer is in the midst of them, and they are not handed over. Absent: the end is final, and what stands there is a record. */
  readonly unfinished?: (bytes: number) => void;
  /** The message where the bytes before `before.endOffset` are others, or fewer. */
  readonly changed: (endOffset: number) => string;
}

/** Hands over all lines from `start` on. Every byte from 0 on goes through the hash, also those before `start`. */
export async function feedLines(feed: LineFeed): Promise<void> {
  const { before } = feed;
  const hash = new PrefixHash();
  const splitter = new LineSplitter(feed.start, feed.limits);
  for await (const chunk of feed.chunks) {
    const border = before === null ? -1 : before.endOffset - hash.length;
    if (border <= 0 || border > chunk.length) await feedChunk(feed, hash, splitter, chunk);
    else {
      await feedChunk(feed, hash, splitter, chunk.subarray(0, border));
      if (hash.digest() !== before?.fingerprint) throw changed(feed);
      await finishLine(feed, hash, splitter);
      await feedChunk(feed, hash, splitter, chunk.subarray(border));
    }
    if (feed.isOver()) return;
  }
  if (before !== null && hash.length < before.endOffset) throw changed(feed);
  await finishInput(feed, hash, splitter);
}

async function feedChunk(
  feed: LineFeed,
  hash: PrefixHash,
  splitter: LineSplitter,
  chunk: Buffer,
): Promise<void> {
  const base = hash.length;
  const skipped = Math.min(chunk.length, Math.max(0, feed.start - base));
  for (const lines of splitter.push(chunk.subarray(skipped))) {
    if (feed.isOver()) return;
    hash.update(chunk.subarray(hash.length - base, lines.endOffset - base));
    await feed.handler.batch(toRecordBatch(feed, lines, hash.digest()));
  }
  hash.update(chunk.subarray(hash.length - base));
}

async function finishLine(feed: LineFeed, hash: PrefixHash, splitter: LineSplitter): Promise<void> {
  const last = splitter.finish();
  if (last === null || feed.isOver()) return;
  await feed.handler.batch(toRecordBatch(feed, last, hash.digest()));
}

/** At the end of the bytes: a line without its end is a record where it is whole, or where nothing can follow. */
async function finishInput(
  feed: LineFeed,
  hash: PrefixHash,
  splitter: LineSplitter,
): Promise<void> {
  const last = splitter.finish();
  if (last === null || feed.isOver()) return;
  if (feed.unfinished !== undefined && !last.values.every(isJson)) {
    feed.unfinished(last.endOffset - (last.offsets[0] ?? last.endOffset));
    return;
  }
  await feed.handler.batch(toRecordBatch(feed, last, hash.digest()));
}

/** An object or list that is cut anywhere is none. */
function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder().decode(bytes));
    return true;
  } catch {
    return false;
  }
}

function toRecordBatch(feed: LineFeed, lines: Lines, fingerprint: string): RecordBatch {
  const { values, offsets, sizes, endOffset } = lines;
  const isCut = values.some((value, index) => value.length !== sizes[index]);
  return {
    ...feed.partition,
    values,
    offsets: Float64Array.from(offsets),
    appendTimesMs: new Float64Array(values.length).fill(NaN),
    headers: null,
    endOffset,
    fingerprint,
    highWatermark: -1,
    ...(isCut ? { sizes: Float64Array.from(sizes) } : {}),
  };
}

function changed(feed: LineFeed): AppError {
  return new AppError(feed.changed(feed.before?.endOffset ?? 0), { code: "input" });
}

import type { DedupeWindow } from "../reduce/dedupe-window.ts";
import type { IngestCounts, CheckpointStep } from "../reduce/pane.ts";
import type { Watermark } from "../reduce/watermark.ts";
import type { Partition, RecordBatch, StoredEnd } from "../source/source.ts";
import type { Checkpoint } from "../store/store.ts";

/** What the worker knows of one partition between two commits. */
export interface PartitionState {
  readonly partition: Partition;
  /** The worker's small number for it. */
  readonly index: number;
  /** False after a revoke: batches that still arrive are stale. */
  assigned: boolean;
  incarnation: number;
  /** What ClickHouse holds; null: nothing yet. */
  committedEnd: number | null;
  /** First offset ever delivered, where ClickHouse holds nothing yet; null before the first batch. */
  startedAt: number | null;
  /** End of a gap that follows `committedEnd` and is not stored yet; null: there is none. */
  gapEnd: number | null;
  /** Offset after the last record handled. */
  next: number;
  /** Records below are in ClickHouse already: they only rebuild the dedupe window. */
  resumeAt: number;
  /** The dedupe window covers this partition's tail, and a commit has confirmed it. */
  windowIntact: boolean;
  maxEventMs: number;
  fingerprint: string;
  highWatermark: number;
  counts: IngestCounts;
}

export function newCounts(): IngestCounts {
  return { records: 0, accepted: 0, rejected: 0, duplicates: 0, ignored: 0 };
}

/** The state on assignment; a known partition keeps its number. */
export function assignedState(
  partition: Partition,
  index: number,
  known: { readonly checkpoint: Checkpoint | null; readonly highWatermark: number },
): PartitionState {
  const { checkpoint, highWatermark } = known;
  const fresh = {
    partition,
    index,
    assigned: true,
    startedAt: null,
    gapEnd: null,
    windowIntact: false,
    highWatermark,
    counts: newCounts(),
  };
  if (checkpoint === null) {
    return {
      ...fresh,
      incarnation: 0,
      committedEnd: null,
      next: 0,
      resumeAt: 0,
      maxEventMs: -1,
      fingerprint: "",
    };
  }
  const { incarnation, endOffset, tailOffset, maxEventMs, fingerprint } = checkpoint;
  return {
    ...fresh,
    incarnation,
    committedEnd: endOffset,
    next: tailOffset,
    resumeAt: endOffset,
    maxEventMs,
    fingerprint,
  };
}

/** True where the window of seen ids that belongs to `known` is that of `assigned` too: nobody else counted in between. */
export function isWindowIntact(known: PartitionState, assigned: PartitionState): boolean {
  const { incarnation, committedEnd } = assigned;
  return (
    known.windowIntact && known.committedEnd === committedEnd && known.incarnation === incarnation
  );
}

/** What is stored of the partition, null where nothing is or it is not ours. */
export function storedEnd(state: PartitionState | undefined): StoredEnd | null {
  if (state?.assigned !== true || state.committedEnd === null) return null;
  return { endOffset: state.committedEnd, fingerprint: state.fingerprint };
}

/** True where a commit has something to say about the partition. */
export function hasProgress(state: PartitionState): boolean {
  const from = state.committedEnd ?? state.startedAt;
  return state.assigned && from !== null && state.next > from && state.next >= state.resumeAt;
}

/** Records between what is handled and the end of the log, null where the source does not know it. Those before the checkpoint are only read again: no lag. */
export function lagRecords({ highWatermark, next, resumeAt }: PartitionState): number | null {
  return highWatermark < 0 ? null : Math.max(0, highWatermark - Math.max(next, resumeAt));
}

/** Numbers of the partitions whose log holds more than was read. */
export function waiting(states: ReadonlyMap<string, PartitionState>): Set<number> {
  const behind = [...states.values()].filter((one) => one.assigned && (lagRecords(one) ?? 0) > 0);
  return new Set(behind.map(({ index }) => index));
}

/** How many partitions are ours, and how many records they are behind; null where no source knows its end. */
export function lagOf(states: readonly PartitionState[]): {
  readonly partitions: number;
  readonly lagRecords: number | null;
} {
  const ours = states.filter(({ assigned }) => assigned);
  const known = ours.map(lagRecords).filter((lag) => lag !== null);
  const lag = known.reduce((sum, one) => sum + one, 0);
  return { partitions: ours.length, lagRecords: known.length === 0 ? null : lag };
}

/** A commit holds all that was handled: the next one starts from there. */
export function markStored(state: PartitionState): void {
  state.committedEnd = state.next;
  state.gapEnd = null;
  state.windowIntact = true;
  state.counts = newCounts();
}

/** The partition's step in the next commit. */
export function stepOf(
  state: PartitionState,
  dedupe: DedupeWindow,
  watermark: Watermark,
): CheckpointStep {
  const { index } = state;
  const tail = dedupe.tail(index) ?? { offset: state.next, progressMs: dedupe.progressMs(index) };
  return {
    ...state.partition,
    incarnation: state.incarnation,
    expectedEnd: state.committedEnd,
    firstOffset: state.gapEnd ?? state.committedEnd ?? state.startedAt ?? state.next,
    endOffset: state.next,
    watermarkMs: watermark.ofPartition(index),
    maxEventMs: state.maxEventMs,
    tailOffset: tail.offset,
    tailProgressMs: tail.progressMs,
    fingerprint: state.fingerprint,
    counts: state.counts,
  };
}

/**
 * Goes on at `to`, because the log lost what was before; all that was read is stored. Gives how many of [from, to) were never counted: from what is
 * stored on, since reading may begin before that, and none where nothing is stored, since the log's begin is the first offset then.
 */
export function passGap(state: PartitionState, from: number, to: number): number {
  const lost = state.committedEnd === null ? 0 : Math.max(0, to - Math.max(from, state.resumeAt));
  if (lost > 0) state.gapEnd = to;
  state.next = Math.max(state.next, to);
  return lost;
}

/** Goes on behind a batch of which `count` records were new. One without records leaves the fingerprint: that names the last record it stands for. */
export function passBatch(state: PartitionState, records: RecordBatch, count: number): void {
  state.startedAt ??= records.offsets[0] ?? records.endOffset;
  state.counts.records += count;
  if (records.fingerprint !== "") state.fingerprint = records.fingerprint;
  state.next = Math.max(state.next, records.endOffset);
  state.highWatermark = records.highWatermark;
}

/** Index of the first record at or after `offset`. */
export function firstRecordFrom(records: RecordBatch, offset: number): number {
  let index = 0;
  while (index < records.offsets.length && (records.offsets[index] as number) < offset) index++;
  return index;
}

import { DIM, DIMENSIONS } from "../decode/usage-event.ts";
import type { DedupeWindow } from "../reduce/dedupe-window.ts";
import {
  COUNTER,
  COUNTERS,
  PANE_KEY_LENGTH,
  type PaneBatch,
  type PaneTable,
} from "../reduce/pane.ts";
import type { Partition, RecordBatch } from "../source/source.ts";
import type { RejectedRow } from "../store/store.ts";
import { LabelCap, type Metrics } from "../telemetry/metrics.ts";
import { IngestTotals } from "./ingest-totals.ts";
import { lagRecords, type PartitionState } from "./partition-state.ts";

const TEAM_LABELS = 200;
const MODEL_LABELS = 100;

/** Counts what ingest did, for the metrics and for the summary: once a batch or a flush, never once an event. */
export class IngestMeter {
  readonly totals = new IngestTotals();
  #storingSinceMs: number | null = null;
  readonly #metrics: Metrics;
  readonly #teams = new LabelCap(TEAM_LABELS);
  readonly #models = new LabelCap(MODEL_LABELS);

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  read({ topic }: RecordBatch, records: number, nowMs: number): void {
    this.#metrics.recordsIn.inc({ topic: sourceLabel(topic) }, records);
    this.#metrics.lastFetchSeconds.set(nowMs / 1000);
  }

  /** When the commit under way began; null: none is. */
  get storingSinceMs(): number | null {
    return this.#storingSinceMs;
  }

  /** A commit begins, or (null) the one under way has ended. */
  storing(sinceMs: number | null): void {
    this.#storingSinceMs = sinceMs;
    this.#metrics.commitStartedSeconds.set((sinceMs ?? 0) / 1000);
  }

  /** A commit was read back as ours. */
  flushed(
    batch: PaneBatch,
    flush: {
      readonly rejected: readonly RejectedRow[];
      readonly states: readonly PartitionState[];
      readonly startedMs: number;
      readonly nowMs: number;
      readonly watermarkMs: number;
      readonly dedupe: DedupeWindow;
    },
  ): void {
    const metrics = this.#metrics;
    metrics.flushSeconds.observe((flush.nowMs - flush.startedMs) / 1000);
    metrics.flushRows.observe(batch.panes.rows);
    metrics.lastFlushSeconds.set(flush.nowMs / 1000);
    if (flush.watermarkMs >= 0) metrics.watermarkSeconds.set(flush.watermarkMs / 1000);
    metrics.dedupeIds.set(flush.dedupe.size);
    metrics.dedupeForgotten.inc(flush.dedupe.takeForgotten());
    metrics.dedupeWindowSeconds.set(flush.dedupe.coveredMs / 1000);
    metrics.overflowEvents.inc(batch.panes.dictionaries.takeOverflow());
    for (const { reason } of flush.rejected) {
      metrics.eventsRejected.inc({ reason });
      this.totals.addRejected(reason);
    }
    for (const state of flush.states) this.#countPartition(state);
    this.totals.addPanes(batch.panes);
    this.#spend(batch.panes);
  }

  #countPartition(state: PartitionState): void {
    const { partition, counts } = state;
    const topic = sourceLabel(partition.topic);
    this.totals.records += counts.records;
    this.totals.accepted += counts.accepted;
    this.totals.duplicates += counts.duplicates;
    this.totals.ignored += counts.ignored;
    this.#metrics.eventsAccepted.inc({ topic }, counts.accepted);
    this.#metrics.eventsDuplicate.inc({ topic }, counts.duplicates);
    this.#metrics.eventsIgnored.inc({ topic }, counts.ignored);
    this.lag(state);
  }

  lag(state: PartitionState): void {
    const { topic, partition } = state.partition;
    const lag = lagRecords(state);
    if (lag === null) return;
    this.#metrics.lagRecords.set({ topic: sourceLabel(topic), partition: String(partition) }, lag);
  }

  /** The partition is another worker's now. */
  gone({ topic, partition }: Partition): void {
    this.#metrics.lagRecords.remove({ topic: sourceLabel(topic), partition: String(partition) });
  }

  #spend(panes: PaneTable): void {
    const teams = sumBy(panes, DIM.team, COUNTER.cost_nanos);
    for (const [id, nanos] of teams) {
      const team = this.#teams.label(nameOf(panes, DIM.team, id));
      this.#metrics.spendUsd.inc({ team }, nanos / 1e9);
    }
    for (const [id, tokens] of sumBy(panes, DIM.team, ...TOKEN_COUNTERS)) {
      const team = this.#teams.label(nameOf(panes, DIM.team, id));
      this.#metrics.teamTokens.inc({ team }, tokens);
    }
    for (const [id, tokens] of sumBy(panes, DIM.model, COUNTER.unpriced_tokens)) {
      if (tokens === 0) continue;
      const model = nameOf(panes, DIM.model, id);
      const known = this.totals.unpricedByModel.get(model) ?? 0;
      this.totals.unpricedByModel.set(model, known + tokens);
      this.#metrics.unpricedTokens.inc({ model: this.#models.label(model) }, tokens);
    }
  }
}

const TOKEN_COUNTERS = [
  COUNTER.uncached_input_tokens,
  COUNTER.cache_read_input_tokens,
  COUNTER.cache_write_5m_input_tokens,
  COUNTER.cache_write_1h_input_tokens,
  COUNTER.output_tokens,
];

/** A file's identity and a replay's are a new topic each: in a label it is just "file", else labels would grow for ever. */
export function sourceLabel(topic: string): string {
  if (topic.startsWith("file:")) return "file";
  if (topic.startsWith("dead-letter:")) return "dead-letter";
  return topic.startsWith("stdin:") ? "stdin" : topic;
}

/** Sum of counters per id of one dimension. */
function sumBy(panes: PaneTable, dimension: number, ...counters: number[]): Map<number, number> {
  const sums = new Map<number, number>();
  for (let row = 0; row < panes.rows; row++) {
    const id = panes.keys[row * PANE_KEY_LENGTH + 1 + dimension] as number;
    let sum = sums.get(id) ?? 0;
    for (const counter of counters)
      sum += panes.counters[row * COUNTERS.length + counter] as number;
    sums.set(id, sum);
  }
  return sums;
}

function nameOf(panes: PaneTable, dimension: number, id: number): string {
  const name = panes.dictionaries.dimensions[dimension]?.value(id);
  if (name === undefined)
    throw new RangeError(`no dimension ${DIMENSIONS[dimension] ?? dimension}`);
  return name;
}

import { randomUUID } from "node:crypto";
import type { Clock } from "../../../src/runtime/clock.ts";
import { SystemClock } from "../../../src/runtime/clock.ts";
import { ClickHouseStore } from "../../../src/store/clickhouse-store.ts";
import type { Connection } from "../../../src/store/connect.ts";
import type { RejectedRow } from "../../../src/store/store.ts";
import type { CheckpointStep } from "../../../src/reduce/pane.ts";
import type { Partition } from "../../../src/source/source.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";
import { createRandom } from "../../million/random.mjs";
import { aPaneTable, aStep, type PaneSpec } from "./pane-builders.ts";

const SYSTEM = new SystemClock();
const DAY_MS = 86_400_000;

/** The real clock, moved: what is stored says it arrived when a test wants it to. */
export class MovedClock implements Clock {
  #aheadMs = 0;

  moveTo(ms: number): void {
    this.#aheadMs = ms - SYSTEM.now();
  }

  now(): number {
    return SYSTEM.now() + this.#aheadMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return SYSTEM.sleep(ms, signal);
  }
}

/** Two pipelines into one database: one of two topics, whose commits hold any of its partitions, and one file. */
const PIPELINES = [
  [
    { topic: "orders", partition: 0 },
    { topic: "orders", partition: 1 },
    { topic: "returns", partition: 0 },
  ],
  [{ topic: "file:ledger", partition: 0 }],
] as const;
export const PARTITIONS = PIPELINES.flat();
export const SHARED_TOPICS = ["orders", "returns"];
export const LABELS = ["region", "project"];

interface Place {
  incarnation: number;
  end: number | null;
}

/** Random commits by real workers' stores, with all that a chain can hold: gaps, new incarnations, checkpoints that stand, rejected events. */
export class CommitHistory {
  readonly #random;
  readonly #recreated: boolean;
  readonly #clock = new MovedClock();
  readonly #stores: readonly ClickHouseStore[];
  readonly #places = new Map<string, Place>();
  /** What was stored, added up by hand. */
  readonly total = { requests: 0, nanos: 0, commits: 0 };

  /** `recreated`: topics that are now and then created again, so that their partitions begin a new incarnation. */
  constructor(options: {
    readonly connection: Connection;
    readonly seed: number;
    readonly recreated?: boolean;
  }) {
    this.#random = createRandom(options.seed);
    this.#recreated = options.recreated ?? true;
    this.#stores = PIPELINES.map(
      () =>
        new ClickHouseStore({
          connection: options.connection,
          writer: randomUUID(),
          clock: this.#clock,
          logger: silentLogger,
        }),
    );
  }

  /** Claims all partitions. */
  async begin(): Promise<void> {
    for (const [index, store] of this.#stores.entries()) await store.claim(PIPELINES[index]!);
  }

  /** One commit that arrives at `atMs`. */
  async commit(atMs: number): Promise<void> {
    const random = this.#random;
    const pipeline = random.chance(0.7) ? 0 : 1;
    const partitions = random
      .shuffled<Partition>(PIPELINES[pipeline])
      .slice(0, 1 + random.below(3));
    this.#clock.moveTo(atMs);
    const steps = partitions.map((partition) => this.#step(partition, atMs));
    const moves = steps.some((step) => step.endOffset !== (step.expectedEnd ?? step.firstOffset));
    const specs = moves
      ? Array.from({ length: random.below(8) }, () => this.#pane(pipeline, atMs))
      : [];
    const panes = aPaneTable(specs, pipeline === 0 ? { labelNames: LABELS } : {});
    const rejected = moves ? steps.filter(() => random.chance(0.2)).map(rejectedOf) : [];
    const outcome = await this.#stores[pipeline]!.append({ steps, panes, rejected });
    if (outcome.kind !== "stored") throw new Error(`a commit was ${outcome.kind}`);
    for (const spec of specs) {
      this.total.requests += spec.requests ?? 0;
      this.total.nanos += spec.cost_nanos ?? 0;
    }
    this.total.commits++;
  }

  #step(partition: Partition, atMs: number): CheckpointStep {
    const random = this.#random;
    const key = `${partition.topic}/${partition.partition}`;
    const place = this.#places.get(key) ?? { incarnation: 0, end: null };
    if (this.#recreated && place.end !== null && random.chance(0.02)) {
      place.incarnation++;
      place.end = null;
    }
    const gap = place.end !== null && random.chance(0.05) ? 1 + random.below(50) : 0;
    const firstOffset = (place.end ?? random.below(100)) + gap;
    const endOffset = firstOffset + (random.chance(0.1) ? 0 : 1 + random.below(200));
    const step: CheckpointStep = aStep({
      ...partition,
      incarnation: place.incarnation,
      expectedEnd: place.end,
      firstOffset,
      endOffset,
      watermarkMs: atMs - random.below(60_000),
      maxEventMs: atMs - random.below(1000),
      tailOffset: Math.max(0, firstOffset - random.below(500)),
      fingerprint: `crc-${random.below(1_000_000)}`,
      counts: {
        records: endOffset - firstOffset,
        accepted: random.below(100),
        rejected: random.below(3),
        duplicates: random.below(3),
        ignored: random.below(3),
      },
    });
    this.#places.set(key, { incarnation: place.incarnation, end: endOffset });
    return step;
  }

  /** Few names and minutes, so that many commits meet in a pane; some are late by days. */
  #pane(pipeline: number, atMs: number): PaneSpec {
    const random = this.#random;
    const lateMs = random.chance(0.05) ? random.below(20) * DAY_MS : 0;
    const minuteMs = Math.floor((atMs - lateMs) / DAY_MS) * DAY_MS;
    const nanos = random.below(3_000_000_000);
    return {
      minuteMs,
      team: `team-${random.below(2)}`,
      user: random.pick(["ann", "__proto__"]),
      model: `model-${random.below(2)}`,
      ...(pipeline === 0 ? { label1: random.chance(0.8) ? "eu" : "us", label2: "x'\\" } : {}),
      price: random.chance(0.9) ? "2026-11" : "2026-12",
      requests: 1 + random.below(5),
      errors: random.below(2),
      uncached_input_tokens: random.below(2 ** 40),
      cache_read_input_tokens: random.below(1000),
      cache_write_5m_input_tokens: random.below(1000),
      cache_write_1h_input_tokens: random.below(1000),
      output_tokens: random.below(5000),
      reasoning_output_tokens: random.below(500),
      cost_nanos: nanos,
      unpriced_tokens: random.below(2) * 77,
      // A double: quarters add up exactly in any order.
      cost_usd_squared: random.below(100) / 4,
      max_event_cost_nanos: Math.floor(nanos / (1 + random.below(3))),
      max_event_tokens: random.below(9000),
    };
  }
}

function rejectedOf({ topic, partition, incarnation, firstOffset }: CheckpointStep): RejectedRow {
  const raw = Buffer.from(`{"broken": ${firstOffset}`);
  return {
    topic,
    partition,
    incarnation,
    offset: firstOffset,
    event: 0,
    reason: "invalid_json",
    detail: "it ends too early",
    raw,
    rawBytes: raw.length,
  };
}

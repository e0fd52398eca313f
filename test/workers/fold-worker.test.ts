import { describe, expect, it } from "@jest/globals";
import { AppError } from "../../src/runtime/errors.ts";
import type { FoldOutcome } from "../../src/store/week-fold.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { FoldWorker, type FoldWorkerOptions } from "../../src/workers/fold-worker.ts";
import { ManualClock } from "../support/manual-clock.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A folder of which the test decides what is due and what becomes of it. */
class ScriptedFolder {
  weeks: string[] = [];
  readonly asked: number[] = [];
  readonly folded: string[] = [];
  outcome: () => Promise<FoldOutcome> = () =>
    Promise.resolve({ kind: "folded", rowsBefore: 1000, rowsAfter: 10 });

  due(endedMs: number): Promise<string[]> {
    this.asked.push(endedMs);
    return Promise.resolve(this.weeks);
  }

  fold(week: string, signal?: AbortSignal): Promise<FoldOutcome> {
    this.folded.push(week);
    if (signal === undefined) return this.outcome();
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(new Error("broken off")), { once: true });
    });
    return Promise.race([this.outcome(), aborted]);
  }

  size(): Promise<{ parts: number; rows: number; bytes: number }> {
    return Promise.resolve({ parts: 7, rows: 70, bytes: 700 });
  }
}

function aWorker(options: Partial<FoldWorkerOptions> = {}) {
  const clock = new ManualClock();
  const folder = new ScriptedFolder();
  const metrics = new Metrics();
  const worker = new FoldWorker({
    folder,
    afterMs: 2 * DAY_MS,
    clock,
    logger: silentLogger,
    metrics,
    random: () => 0.5,
    ...options,
  });
  const value = async (name: string): Promise<number | undefined> =>
    (await metrics.registry.getSingleMetric(name)!.get()).values[0]?.value;
  return { clock, folder, worker, value };
}

describe("FoldWorker", () => {
  it("looks every hour for weeks that have been over for long enough, and folds them in turn", async () => {
    const { clock, folder, worker, value } = aWorker();
    const startMs = clock.now();
    folder.weeks = ["20260907", "20260914"];

    await worker.start();
    await clock.advance(HOUR_MS * 0.05);
    folder.weeks = [];
    await clock.advance(HOUR_MS);
    await worker.stop();

    expect(folder.folded).toEqual(["20260907", "20260914"]);
    expect(folder.asked).toEqual(
      [0.05, 1.05].map((hours) => startMs + hours * HOUR_MS - 2 * DAY_MS),
    );
    expect(await value("spikewatch_fold_rows_before_total")).toBe(2000);
    expect(await value("spikewatch_fold_rows_after_total")).toBe(20);
    expect(await value("spikewatch_store_usage_parts")).toBe(7);
    expect(await value("spikewatch_store_usage_rows")).toBe(70);
    expect(await value("spikewatch_store_usage_bytes")).toBe(700);
    expect(await value("spikewatch_fold_last_run_timestamp_seconds")).toBe(clock.now() / 1000);
  });

  it("goes on after trouble, and counts it", async () => {
    const { clock, folder, worker, value } = aWorker();
    folder.weeks = ["20260907"];
    const full = new AppError("no space", { code: "store_unavailable", retryable: true });
    folder.outcome = () => Promise.reject(full);

    await worker.start();
    await clock.advance(HOUR_MS * 0.05);
    const lastRun = await value("spikewatch_fold_last_run_timestamp_seconds");
    folder.outcome = () => Promise.resolve({ kind: "overtaken" });
    await clock.advance(HOUR_MS);
    await worker.stop();

    expect(folder.folded).toEqual(["20260907", "20260907"]);
    expect(lastRun).toBe(0);
    expect(await value("spikewatch_fold_failures_total")).toBe(1);
    expect(await value("spikewatch_fold_rows_before_total")).toBe(0);
    expect(await value("spikewatch_fold_last_run_timestamp_seconds")).toBe(clock.now() / 1000);
  });

  it("breaks a fold off when it is stopped, which is no failure", async () => {
    const { clock, folder, worker, value } = aWorker();
    folder.weeks = ["20260907", "20260914"];
    folder.outcome = () => new Promise(() => undefined);

    await worker.start();
    await clock.advance(HOUR_MS * 0.05);
    await worker.stop();
    await worker.stop();

    expect(folder.folded).toEqual(["20260907"]);
    expect(await value("spikewatch_fold_failures_total")).toBe(0);
    expect(clock.sleeping).toBe(0);
  });

  it("does not look before its first turn when it is stopped at once", async () => {
    const { folder, worker } = aWorker();

    await worker.start();
    await worker.stop();

    expect(folder.asked).toEqual([]);
  });
});

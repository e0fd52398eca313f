import type { Incident } from "../detect/incident.ts";
import { incidentOfRow } from "../detect/incident-rows.ts";
import type { SpendDetector } from "../detect/spend-detector.ts";
import type { Clock } from "../runtime/clock.ts";
import { messageOf } from "../runtime/errors.ts";
import type { CommittedUses, IncidentStore, Tail } from "../store/rows.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { learnHistory, loadIncidents, tracked } from "./detect-history.ts";
import { TailWatermark } from "./tail-watermark.ts";

/** How often what was stored is looked for. */
export const POLL_MS = 1_000;
/** How often incidents are read that another process has changed. */
const REFRESH_MS = 5_000;
/**
 * What is stored is learnt this much later: by then the process that watches has stored the incidents that it opened on it, so that they are masked here too. And
 * what it has not is judged by who takes over.
 */
const HOLD_BACK_MS = 15_000;
/** Clocks of processes differ. */
const CLOCKS_MS = 120_000;

export interface DetectFollowerOptions {
  readonly detector: SpendDetector;
  readonly tail: Tail;
  readonly store: IncidentStore;
  readonly latenessMs: number;
  readonly idleAfterMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

interface HeldBack {
  readonly seen: CommittedUses;
  readonly atMs: number;
}

/**
 * A detector that follows what is stored and what another process detects, and says nothing: ready to take over at once, and good for the page. From
 * `takeOver` on its `poll` feeds the watch. Calls must not overlap.
 */
export class DetectFollower {
  readonly detector: SpendDetector;
  readonly watermark: TailWatermark;
  readonly #options: DetectFollowerOptions;
  #held: HeldBack[] = [];
  #refreshedMs: number;
  #trouble = "";

  constructor(options: DetectFollowerOptions) {
    const nowMs = options.clock.now();
    this.#options = options;
    this.detector = options.detector;
    this.watermark = new TailWatermark({ ...options, nowMs });
    this.#refreshedMs = nowMs;
  }

  /** Learns what is stored now. Throws what the store throws; nothing but a new follower is of use then. */
  async begin(): Promise<void> {
    const { detector, tail, store, logger, clock } = this.#options;
    this.#refreshedMs = clock.now();
    await tail.begin();
    const upTo = tail.positions;
    const newestMs = upTo.reduce((newest, { maxEventMs }) => Math.max(newest, maxEventMs), -1);
    await learnHistory({ detector, store, newestMs, upTo, logger });
    this.watermark.saw(upTo, clock.now());
  }

  /** Follows until `signal` aborts, whatever happens to the store. */
  async follow(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      await this.attempt(() => this.#step());
      await clock.sleep(POLL_MS, signal);
    }
  }

  /** What has been stored since the last call. Throws what the store throws, and may be called again. */
  async *poll(): AsyncIterable<CommittedUses> {
    const { tail, clock, metrics } = this.#options;
    yield* tail.poll();
    const nowMs = clock.now();
    this.watermark.saw(tail.positions, nowMs);
    metrics.detectTailSeconds.set(nowMs / 1000);
  }

  /**
   * Brings incidents up to what the last leader stored; gives all of them, and what it may not have judged any more. Throws what the store throws, and
   * may be called again.
   */
  async takeOver(): Promise<{
    readonly incidents: readonly Incident[];
    readonly missed: readonly CommittedUses[];
  }> {
    const { detector, store } = this.#options;
    await this.#hold();
    const stored = await loadIncidents(store, detector.newestMs);
    detector.adopt(tracked(stored));
    const missed = this.#held.map(({ seen }) => seen);
    this.#held = [];
    return { incidents: stored.map(({ incident }) => incident), missed };
  }

  /** Does something that the store may fail; says so once, not at each attempt. */
  async attempt(work: () => Promise<void>): Promise<void> {
    const { logger } = this.#options;
    try {
      await work();
      if (this.#trouble !== "") logger.info("detection follows ClickHouse again");
      this.#trouble = "";
    } catch (error) {
      const trouble = messageOf(error);
      if (trouble !== this.#trouble)
        logger.warn({ error: trouble }, "detection cannot follow ClickHouse; trying again");
      this.#trouble = trouble;
    }
  }

  async #step(): Promise<void> {
    await this.#hold();
    await this.#refresh();
    const untilMs = this.#refreshedMs - HOLD_BACK_MS;
    const fresh = this.#held.findIndex(({ atMs }) => atMs > untilMs);
    const old = this.#held.splice(0, fresh < 0 ? this.#held.length : fresh);
    for (const { seen } of old) this.detector.learn(seen.uses);
  }

  async #hold(): Promise<void> {
    const { clock } = this.#options;
    for await (const seen of this.poll()) this.#held.push({ seen, atMs: clock.now() });
  }

  async #refresh(): Promise<void> {
    const { store, clock } = this.#options;
    const nowMs = clock.now();
    if (nowMs - this.#refreshedMs < REFRESH_MS) return;
    const changed = await store.changedIncidents(this.#refreshedMs - CLOCKS_MS);
    this.detector.adopt(tracked(changed.map(incidentOfRow)));
    this.#refreshedMs = nowMs;
  }
}

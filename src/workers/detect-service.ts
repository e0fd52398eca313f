import type { SpendDetector } from "../detect/spend-detector.ts";
import type { Dispatcher } from "../notify/dispatcher.ts";
import type { Clock } from "../runtime/clock.ts";
import { messageOf } from "../runtime/errors.ts";
import { retry } from "../runtime/retry.ts";
import { untilAborted } from "../runtime/until-aborted.ts";
import type { Service } from "../runtime/service.ts";
import type { Leadership, LeaderTerm } from "../source/leadership.ts";
import type { IncidentStore, Tail } from "../store/rows.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { Backlog } from "./backlog.ts";
import { DetectFollower, POLL_MS } from "./detect-follower.ts";
import { DetectWorker } from "./detect-worker.ts";
import type { LogEnds } from "./tail-watermark.ts";

/** How often the broker is asked how far the logs go. */
const ENDS_MS = 5_000;
const RETRY = { baseMs: 200, maxMs: 5_000 };
/** How long `stop` waits for a term to end: its messages are given most of that. */
const STOP_MS = 8_000;

export interface DetectServiceOptions {
  /** Decides which process watches; null: this one never does, it only shows what others detect. */
  readonly leadership: Leadership | null;
  readonly newDetector: () => SpendDetector;
  readonly newTail: () => Tail;
  /** One for each term; nothing may leave it while `mayTell` is false. */
  readonly newDispatcher: (mayTell: () => boolean) => Dispatcher;
  readonly logEnds: () => Promise<LogEnds>;
  readonly store: IncidentStore;
  readonly latenessMs: number;
  readonly idleAfterMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** What this process does about detection. */
export type DetectState = "learning" | "standby" | "watching" | "in doubt";

interface Term {
  readonly lease: LeaderTerm;
  readonly worker: DetectWorker;
  readonly dispatcher: Dispatcher;
}

/**
 * The detect loop where several processes share one ClickHouse: each follows what is stored, one of them watches and tells. A standby is warm, so taking
 * over means to read what the last leader stored and left; after its own term ends it throws its detector away and begins as a standby again.
 */
export class DetectService implements Service {
  readonly name = "detect";
  readonly #options: DetectServiceOptions;
  readonly #stopping = new AbortController();
  readonly #backlog: Backlog;
  #detector: SpendDetector;
  #warm = false;
  #term: Term | null = null;
  #loop: Promise<void> = Promise.resolve();
  #fail: (error: unknown) => void = () => undefined;
  /** Rejects when this process can neither watch nor stand by. */
  readonly done: Promise<never>;

  constructor(options: DetectServiceOptions) {
    this.#options = options;
    this.#backlog = new Backlog(options);
    this.#detector = options.newDetector();
    this.done = new Promise((_, reject) => (this.#fail = reject));
    this.done.catch(() => undefined);
  }

  /** What is known now; another one after each term. */
  get detector(): SpendDetector {
    return this.#detector;
  }

  /** Records that must be counted before this process learns the past; 0: none. */
  get backlog(): number {
    return this.#backlog.records;
  }

  get state(): DetectState {
    if (this.#term !== null) return this.#term.lease.isHeld() ? "watching" : "in doubt";
    return this.#warm ? "standby" : "learning";
  }

  /** Returns at once: learning takes its time, and so does an election. */
  start(): Promise<void> {
    const { leadership } = this.#options;
    leadership?.done.catch(this.#fail);
    leadership?.start().catch(this.#fail);
    this.#loop = this.#run().catch(this.#fail);
    return Promise.resolve();
  }

  /** Ends its term in good order and gives the leadership back, so that the next one need not wait for a session to end. Waits for no answer of the store. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const timer = new AbortController();
    await Promise.race([this.#loop, this.#options.clock.sleep(STOP_MS, timer.signal)]);
    timer.abort();
    await this.#options.leadership?.stop();
  }

  /** Resolves when nothing is due at any receiver. */
  async idle(): Promise<void> {
    await this.#term?.dispatcher.idle();
  }

  async #run(): Promise<void> {
    const { leadership } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const follower = await this.#learn();
      if (follower === null) return;
      leadership?.setReady(true);
      const lease = await this.#standBy(follower);
      if (lease === null) return;
      await this.#lead(follower, lease);
      leadership?.setReady(false);
      this.#warm = false;
    }
  }

  /** null when stopped before. */
  async #learn(): Promise<DetectFollower | null> {
    const { newDetector, newTail, clock, logger } = this.#options;
    const { signal } = this.#stopping;
    const begin = async (): Promise<DetectFollower> => {
      await this.#backlog.counted(signal);
      signal.throwIfAborted();
      const tail = newTail();
      const follower = new DetectFollower({ ...this.#options, detector: newDetector(), tail });
      await follower.begin();
      return follower;
    };
    const onRetry = (error: Error): void =>
      logger.warn({ error: error.message }, "history cannot be read; trying again");
    try {
      const begun = retry(begin, { ...RETRY, clock, signal, onRetry });
      const follower = await Promise.race([begun, untilAborted(signal)]);
      if (follower === undefined) return null;
      this.#detector = follower.detector;
      this.#warm = true;
      return follower;
    } catch (error) {
      if (signal.aborted) return null;
      throw error;
    }
  }

  /** Follows until this process is to lead; null when stopped before. */
  async #standBy(follower: DetectFollower): Promise<LeaderTerm | null> {
    const { leadership } = this.#options;
    const { signal } = this.#stopping;
    if (leadership === null) {
      await Promise.race([follower.follow(signal), untilAborted(signal)]);
      return null;
    }
    const elected = new AbortController();
    const following = follower.follow(AbortSignal.any([signal, elected.signal]));
    const lease = await leadership.acquire(signal);
    elected.abort();
    if (lease === null) return null;
    await Promise.race([following, untilAborted(AbortSignal.any([signal, lease.lost]))]);
    return signal.aborted ? null : lease;
  }

  async #lead(follower: DetectFollower, lease: LeaderTerm): Promise<void> {
    const { newDispatcher, clock } = this.#options;
    const mayTell = (): boolean => lease.isHeld();
    const dispatcher = newDispatcher(mayTell);
    const worker = new DetectWorker({
      ...this.#options,
      detector: follower.detector,
      dispatcher,
      mayTell,
      newestEventMs: () => Promise.resolve(follower.detector.newestMs),
      watermarkMs: () => follower.watermark.current(clock.now()),
    });
    const term = { lease, worker, dispatcher };
    const over = AbortSignal.any([lease.lost, this.#stopping.signal]);
    this.#term = term;
    try {
      // A store that does not answer must not hold up who is asked to stop.
      const taken = await Promise.race([
        untilAborted(over),
        this.#takeOver(follower, worker, over),
      ]);
      if (taken === true) {
        void this.#askEnds(follower, over);
        await this.#watch(follower, term, over);
      }
    } finally {
      this.#term = null;
      await this.#end(term);
    }
  }

  /** False when the term was over before. */
  async #takeOver(
    follower: DetectFollower,
    worker: DetectWorker,
    over: AbortSignal,
  ): Promise<boolean> {
    const { clock, logger } = this.#options;
    const startedMs = clock.now();
    try {
      const options = { ...RETRY, clock, signal: over };
      const { incidents, missed } = await retry(() => follower.takeOver(), options);
      await retry(() => worker.watch(incidents, missed), options);
      const tookMs = clock.now() - startedMs;
      logger.info(
        { incidents: incidents.length, missed: missed.length, tookMs },
        "takes the watch",
      );
    } catch (error) {
      if (!over.aborted) throw error;
    }
    return !over.aborted;
  }

  /** Feeds the watch with what is stored until the term is over, whatever the store still answers. In doubt it waits: what comes meanwhile is seen later, or by another. */
  async #watch(
    follower: DetectFollower,
    { worker, lease }: Term,
    over: AbortSignal,
  ): Promise<void> {
    const { clock } = this.#options;
    const feed = async (): Promise<void> => {
      for await (const { uses, maxEventMs } of follower.poll()) {
        if (over.aborted) return;
        worker.see(uses, maxEventMs);
      }
    };
    const watching = async (): Promise<void> => {
      while (!over.aborted) {
        if (lease.isHeld()) await follower.attempt(feed);
        await clock.sleep(POLL_MS, over);
      }
    };
    await Promise.race([watching(), untilAborted(over)]);
  }

  async #askEnds(follower: DetectFollower, over: AbortSignal): Promise<void> {
    const { clock, logger, logEnds } = this.#options;
    while (!over.aborted) {
      try {
        follower.watermark.heard(await logEnds(), clock.now());
      } catch (error) {
        logger.debug({ reason: messageOf(error) }, "the broker does not tell how far the logs go");
      }
      await clock.sleep(ENDS_MS, over);
    }
  }

  /** A leader that is asked to stop stores and tells what it has; one that is leader no more does nothing at all. */
  async #end({ lease, worker, dispatcher }: Term): Promise<void> {
    if (lease.lost.aborted) {
      worker.abandon();
      await dispatcher.abandon();
    } else {
      await worker.stop();
      await dispatcher.stop();
    }
  }
}

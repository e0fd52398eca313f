import { rowOfIncident } from "../detect/incident-rows.ts";
import { GOES_ON_DAYS, type Incident } from "../detect/incident.ts";
import { usesOfPanes } from "../detect/pane-uses.ts";
import type { PaneUse } from "../detect/series-tree.ts";
import type { IncidentChange } from "../detect/episode-book.ts";
import type { SpendDetector } from "../detect/spend-detector.ts";
import type { Dispatcher } from "../notify/dispatcher.ts";
import type { NotificationReason } from "../notify/notifier.ts";
import type { PaneTable } from "../reduce/pane.ts";
import type { Clock } from "../runtime/clock.ts";
import { AppError, messageOf } from "../runtime/errors.ts";
import { retry } from "../runtime/retry.ts";
import { Serial } from "../runtime/serial.ts";
import type { Service } from "../runtime/service.ts";
import type { CommittedUses, IncidentActionRow, IncidentStore } from "../store/rows.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { learnHistory } from "./detect-history.ts";
import { DetectMeter } from "./detect-meter.ts";

const TICK_MS = 5_000;
/** How long `stop` waits for the store. */
const DRAIN_MS = 1_500;
const DAY_MS = 86_400_000;
/** Of what has ended longer ago nothing more will be told. */
const MAY_GO_ON_MS = (GOES_ON_DAYS + 1) * DAY_MS;
/** What people did longer ago is not looked at any more. */
const ACTIONS_MS = 7 * DAY_MS;

/** How a change of an incident is told. */
const REASONS: Readonly<Record<IncidentChange["reason"], NotificationReason>> = {
  opened: "opened",
  updated: "updated",
  resolved: "resolved",
  reopened: "reopened",
};

export interface DetectWorkerOptions {
  readonly detector: SpendDetector;
  readonly store: IncidentStore;
  readonly dispatcher: Dispatcher;
  /** Event time of the newest stored event, ms; -1 where nothing is stored. */
  readonly newestEventMs: () => Promise<number>;
  /** Event-time progress of ingest, ms; -1 before the first event. */
  readonly watermarkMs: () => number;
  /** False while another process may be the one that watches: nothing is stored or told then, but kept. Default: always true. */
  readonly mayTell?: () => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * The detect loop: stored panes → detect → incident → notify. What it decides is stored before it is told, so that a restart pages
 * nothing twice and forgets nothing; what it learnt is read back from ClickHouse.
 */
export class DetectWorker implements Service {
  readonly name = "detect";
  readonly #options: DetectWorkerOptions;
  readonly #meter: DetectMeter;
  readonly #serial = new Serial();
  readonly #stopping = new AbortController();
  /** Updates wait for the next tick: the newest one of an incident is enough. */
  readonly #updates = new Map<string, Incident>();
  /** Incidents that the store knows: of others nothing may be told yet. */
  readonly #stored = new Set<string>();
  /** Of the actions that the store still gives. */
  #actionsDone = new Set<string>();
  #loop: Promise<void> = Promise.resolve();

  constructor(options: DetectWorkerOptions) {
    this.#options = options;
    this.#meter = new DetectMeter(options.metrics);
  }

  /** Reads history and open incidents back, then takes up the watch. */
  async start(): Promise<void> {
    const { detector, store, newestEventMs, logger } = this.#options;
    const newestMs = await newestEventMs();
    await this.watch(await learnHistory({ detector, store, newestMs, logger }), []);
  }

  /**
   * Takes up the watch with a detector that has learnt: tells what was not told of the stored incidents, judges what was stored while nobody watched
   * (`missed`, and the last hour), and goes on from there. Throws what the store throws, before it has begun.
   */
  async watch(stored: readonly Incident[], missed: readonly CommittedUses[]): Promise<void> {
    const { detector, store, dispatcher, clock, metrics } = this.#options;
    const actions = await store.loadActions(clock.now() - ACTIONS_MS);
    const { newestMs } = detector;
    const mayGoOn = stored.filter((one) => isWithin(one, newestMs, MAY_GO_ON_MS));
    await dispatcher.recover(mayGoOn, (one) => isWithin(one, newestMs, DAY_MS));
    if (this.#stopping.signal.aborted) return;
    for (const { id } of stored) this.#stored.add(id);
    metrics.detectLeader.set(1);
    for (const { uses, maxEventMs } of missed) this.see(uses, maxEventMs);
    this.#report(detector.catchUp());
    this.#recall(actions);
    this.#loop = this.#tickRegularly();
  }

  /** Takes what a commit stored. Synchronous: the views die when it returns. */
  observe(panes: PaneTable, progress: { readonly maxEventMs: number }): void {
    this.see(usesOfPanes(panes), progress.maxEventMs);
  }

  /** Takes what one or more commits stored, up to event time `maxEventMs`. */
  see(uses: readonly PaneUse[], maxEventMs: number): void {
    this.#report(this.#meter.time(() => this.#options.detector.observe(uses, maxEventMs)));
  }

  /** Stores what has changed; gives up on a store that does not answer within the drain time. */
  async stop(): Promise<void> {
    this.#end();
    const saved = this.#loop.then(() => this.#serial.run(() => this.#saveUpdates()));
    const timer = new AbortController();
    const { clock, logger } = this.#options;
    const late = clock.sleep(DRAIN_MS, timer.signal).then(() => timer.signal.aborted);
    const ended = await Promise.race([saved.then(() => true), late]);
    timer.abort();
    if (!ended) logger.warn("stopped before the store took the last updates of incidents");
  }

  /** Another process watches from now on: stores and tells nothing more. */
  abandon(): void {
    this.#end();
  }

  #end(): void {
    this.#stopping.abort();
    this.#options.metrics.detectLeader.set(0);
    this.#meter.forget();
  }

  #mayTell(): boolean {
    return this.#options.mayTell?.() ?? true;
  }

  async #tickRegularly(): Promise<void> {
    const { clock, logger } = this.#options;
    while (!this.#stopping.signal.aborted) {
      await clock.sleep(TICK_MS, this.#stopping.signal);
      try {
        await this.#tick();
      } catch (error) {
        logger.warn({ error: messageOf(error) }, "detector tick failed; trying again at the next");
      }
    }
  }

  async #tick(): Promise<void> {
    const { detector, store, clock, watermarkMs } = this.#options;
    if (!this.#mayTell()) return;
    this.#report(detector.passTime(watermarkMs()));
    const actions = await store.loadActions(clock.now() - ACTIONS_MS);
    for (const action of actions) this.#act(action);
    this.#actionsDone = new Set(actions.map((one) => one.action_id));
    await this.#serial.run(() => this.#saveUpdates());
    if (!this.#stopping.signal.aborted) this.#meter.show(detector);
  }

  /** What was applied before the restart is not applied again: an acknowledgement must not silence an incident that has come back since. */
  #recall(actions: readonly IncidentActionRow[]): void {
    for (const action of actions) {
      const actedAtMs = this.#options.detector.trackOf(action.incident_id)?.actedAtMs ?? -1;
      if (action.at_ms <= actedAtMs) this.#actionsDone.add(action.action_id);
    }
  }

  /** Applies what a person did, once. */
  #act(action: IncidentActionRow): void {
    if (this.#actionsDone.has(action.action_id)) return;
    const { detector } = this.#options;
    const known = detector.incidents.find(({ id }) => id === action.incident_id);
    if (known === undefined || known.state === "resolved") return;
    if (action.action === "acknowledge") {
      const change = detector.acknowledge(known.id, action.actor, action.at_ms);
      if (change !== null) this.#enqueue(change.incident, "acknowledged");
      return;
    }
    const untilMs = action.action === "mute" ? action.until_ms : null;
    const change =
      known.mutedUntilMs === untilMs ? null : detector.mute(known.id, untilMs, action.at_ms);
    if (change !== null) this.#enqueue(change.incident, "updated");
  }

  #report(changes: readonly IncidentChange[]): void {
    for (const { reason, incident } of changes) {
      if (reason === "updated") {
        this.#updates.set(incident.id, incident);
        if (this.#stored.has(incident.id)) this.#options.dispatcher.notify(incident, "updated");
      } else {
        this.#enqueue(incident, REASONS[reason]);
      }
    }
  }

  /** Stored first, told after. What the store refuses for good is told all the same: a page must not hang on a table. */
  #enqueue(incident: Incident, reason: NotificationReason): void {
    this.#updates.delete(incident.id);
    const { logger, dispatcher } = this.#options;
    const { id, kind, severity, scope, excessUsd } = incident;
    logger.info({ incident: id, kind, severity, scope, excessUsd, reason }, `incident ${reason}`);
    void this.#serial.run(async () => {
      try {
        await this.#save([incident]);
      } catch (error) {
        if (!this.#mayTell()) return;
        logger.error({ incident: id, error: messageOf(error) }, "incident could not be stored");
        if (this.#stopping.signal.aborted) return;
      }
      this.#stored.add(id);
      dispatcher.notify(incident, reason);
    });
  }

  /** What cannot be stored now is stored with the next tick, unless there is something newer by then. */
  async #saveUpdates(): Promise<void> {
    const incidents = [...this.#updates.values()];
    this.#updates.clear();
    if (incidents.length === 0) return;
    try {
      await this.#save(incidents);
    } catch (error) {
      for (const one of incidents) {
        if (!this.#updates.has(one.id)) this.#updates.set(one.id, one);
      }
      throw error;
    }
  }

  #save(incidents: readonly Incident[]): Promise<void> {
    const { store, detector, clock } = this.#options;
    const rows = incidents.map((one) => rowOfIncident(one, detector.trackOf(one.id)));
    const save = (): Promise<void> => {
      if (this.#mayTell()) return store.saveIncidents(rows);
      return Promise.reject(
        new AppError("another process may be the one that watches", {
          code: "internal",
          retryable: true,
        }),
      );
    };
    return retry(save, {
      clock,
      baseMs: 200,
      maxMs: 5_000,
      signal: this.#stopping.signal,
    });
  }
}

function isWithin(incident: Incident, nowMs: number, ms: number): boolean {
  return incident.state !== "resolved" || nowMs - (incident.resolvedAtMs ?? 0) < ms;
}

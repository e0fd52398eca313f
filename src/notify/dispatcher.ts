import type { Incident } from "../detect/incident.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Service } from "../runtime/service.ts";
import type { DeliveryRow, IncidentStore } from "../store/rows.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { DeliveryLog } from "./delivery-log.ts";
import type { NotificationReason } from "./notifier.ts";
import type { Job } from "./job-queue.ts";
import { ReceiverLane, type Receiver } from "./receiver-lane.ts";
import { Sender } from "./sender.ts";

export interface DispatcherOptions {
  /** In the order in which they stand in for one another; the last should be one that cannot fail. */
  readonly receivers: readonly Receiver[];
  readonly store: IncidentStore;
  /** The wall clock: delivery happens in real time, whatever time the events tell of. */
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Most incidents that may wait for one receiver. */
  readonly queueLimit?: number;
  /** How long `stop` lets deliveries in flight end. */
  readonly drainMs?: number;
  readonly random?: () => number;
  /** False while another process may be the one that tells: nothing leaves then. Default: always true. */
  readonly mayTell?: () => boolean;
}

const LOG_MS = 2_000;

/**
 * Tells receivers about incidents, at least once and hardly ever twice. Each receiver has its own lane. `sending` is stored before a message leaves and
 * its end after; after a restart `recover` looks up what has no end. Only a receiver that cannot be asked (mail, or Slack without the history
 * scope) can get a message twice, and only after a crash or a lost answer; mails then carry the same Message-ID.
 */
export class Dispatcher implements Service {
  readonly name = "dispatcher";
  readonly #options: DispatcherOptions;
  readonly #log: DeliveryLog;
  readonly #lanes: readonly ReceiverLane[];
  /** Receivers that could not deliver lately, with the error. */
  readonly #failing = new Map<string, string>();
  readonly #abort = new AbortController();
  #stopping = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#log = new DeliveryLog(options);
    this.#lanes = options.receivers.map((receiver, index) => this.#lane(receiver, index));
  }

  /** Nothing to do: connections are made when the first message leaves. */
  start(): Promise<void> {
    return Promise.resolve();
  }

  /** Puts it into every receiver's queue and returns at once; each decides for itself whether there is anything to say. */
  notify(incident: Incident, reason: NotificationReason): void {
    if (this.#stopping) return;
    for (const lane of this.#lanes) this.#offer(lane, { incident, reason, standsIn: false });
  }

  /**
   * Takes up where the last process ended: tells what was not told, and finds out about what may have been. Give it every incident that may still go on
   * before the first `notify`; `isDue`: open, or ended not long ago. Of the others it only recalls what was told. Throws what the store throws.
   */
  async recover(
    incidents: readonly Incident[],
    isDue: (incident: Incident) => boolean = () => true,
  ): Promise<void> {
    if (incidents.length === 0) return;
    const rows = await this.#options.store.loadDeliveries(incidents.map((one) => one.id));
    const rowsOf = new Map<string, DeliveryRow[]>();
    for (const row of rows) {
      const known = rowsOf.get(row.incident_id);
      if (known === undefined) rowsOf.set(row.incident_id, [row]);
      else known.push(row);
    }
    for (const incident of incidents) {
      const about = rowsOf.get(incident.id) ?? [];
      for (const lane of this.#lanes) {
        const told = about.filter((row) => row.receiver === lane.name);
        lane.know(incident.id, told, isDue(incident));
        if (isDue(incident)) this.#recoverOne(lane, incident, told);
      }
    }
  }

  /** Resolves when nothing is due at any receiver. */
  async idle(): Promise<void> {
    do await Promise.all(this.#lanes.map((lane) => lane.idle()));
    while (this.#lanes.some((lane) => lane.isBusy));
  }

  /** Takes nothing new, lets what is in flight end within the drain time, then stops retrying. What is left is stored as not sent. */
  async stop(): Promise<void> {
    await this.#end(this.#options.drainMs ?? 7_000);
  }

  /** Another process tells from now on: starts nothing more, and only stores how that ended which has left already. */
  async abandon(): Promise<void> {
    await this.#end(0);
  }

  async #end(drainMs: number): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    if (drainMs > 0) await this.#within(drainMs, this.idle());
    this.#abort.abort();
    await this.#within(LOG_MS, this.#log.flush());
    const { receivers } = this.#options;
    await Promise.all(receivers.map((one) => one.notifier.close?.() ?? Promise.resolve()));
  }

  async #within(ms: number, work: Promise<void>): Promise<void> {
    const timer = new AbortController();
    await Promise.race([work, this.#options.clock.sleep(ms, timer.signal)]);
    timer.abort();
  }

  #lane(receiver: Receiver, index: number): ReceiverLane {
    const { clock, logger, metrics, random, mayTell, queueLimit = 1_000 } = this.#options;
    const { signal } = this.#abort;
    const { notifier, minIntervalMs } = receiver;
    const sender = new Sender({
      notifier,
      minIntervalMs,
      log: this.#log,
      clock,
      logger,
      metrics,
      signal,
      ...(random === undefined ? {} : { random }),
      ...(mayTell === undefined ? {} : { mayTell }),
    });
    return new ReceiverLane({
      receiver,
      sender,
      clock,
      limit: queueLimit,
      signal,
      neighbours: {
        handOn: (job, error) => this.#handOn(index, job, error),
        works: () => this.#failing.delete(notifier.receiver),
        trouble: () => this.#trouble(notifier.receiver),
      },
    });
  }

  #offer(lane: ReceiverLane, job: Job): void {
    if (lane.offer(job)) return;
    const [channel = ""] = lane.name.split(":");
    this.#options.metrics.deliveries.inc({ channel, status: "overflow" });
    this.#options.logger.error(
      { incident: job.incident.id, receiver: lane.name },
      "too many incidents wait for this receiver: told with its next change",
    );
  }

  /** The next receiver that has use for it carries it, and says for whom it stands in. */
  #handOn(from: number, job: Job, error: string): void {
    const failed = this.#lanes[from]?.name ?? "";
    this.#failing.set(failed, error);
    const notice = `${failed} did not take this message (${error}), so it comes here.`;
    const passed: Job = { incident: job.incident, reason: job.reason, standsIn: true, notice };
    const next = this.#lanes.slice(from + 1).find((lane) => lane.wouldTell(passed));
    if (next !== undefined) this.#offer(next, passed);
    else {
      this.#options.logger.error(
        { incident: job.incident.id, receiver: failed, error },
        "nobody else is left to tell: look at the receiver's settings",
      );
    }
  }

  /** Who hears of an incident anyway must still learn that another receiver does not. */
  #trouble(except: string): string | null {
    const failing = [...this.#failing].filter(([name]) => name !== except);
    if (failing.length === 0) return null;
    const names = failing.map(([name, error]) => `${name} (${error})`);
    return `Messages do not reach ${names.join(", ")}.`;
  }

  #recoverOne(lane: ReceiverLane, incident: Incident, rows: readonly DeliveryRow[]): void {
    const unfinished = rows.filter((row) => row.status === "sending");
    const tried = rows.some((row) => row.attempt > 0);
    const rang = unfinished.some((row) => row.reason === "reopened");
    const untried = incident.state === "resolved" && !tried ? "resolved" : "opened";
    const reason = rang ? "reopened" : untried;
    this.#offer(lane, {
      incident,
      reason,
      standsIn: tried,
      ...(unfinished.length === 0 ? {} : { unfinished }),
    });
  }
}

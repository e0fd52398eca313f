import type { Incident } from "../detect/incident.ts";
import type { Clock } from "../runtime/clock.ts";
import { AppError, messageOf } from "../runtime/errors.ts";
import { retry } from "../runtime/retry.ts";
import type { DeliveryRow } from "../store/rows.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { DIGEST_MARK, deliveryIdOf, toldFrom, type Told } from "./delivery-decision.ts";
import type { DeliveryLog } from "./delivery-log.ts";
import type { Delivery, Notification, NotificationReason, Notifier } from "./notifier.ts";
import { NOTIFICATION_REASONS } from "./notifier.ts";
import type { Send, SendEnd } from "./send.ts";

export interface SenderOptions {
  readonly notifier: Notifier;
  readonly minIntervalMs: number;
  readonly log: DeliveryLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly signal: AbortSignal;
  readonly random?: () => number;
  /** False while another process may be the one that tells; asked before a message leaves. Default: always true. */
  readonly mayTell?: () => boolean;
}

/** How long a page may fail before the next receiver gets it too. */
export const STALL_MS = 60_000;
const RETRY = { baseMs: 1_000, maxMs: 60_000 };
const RING_DEADLINE_MS = 24 * 3_600_000;
/** An edit is soon overtaken by the next. */
const EDIT_DEADLINE_MS = 2 * 60_000;
const FIND_TRIES = 5;

interface Attempts {
  readonly send: Send;
  readonly notification: Notification;
  readonly startedMs: number;
  made: number;
  mayHaveArrived: boolean;
  findTries: number;
  stalled: boolean;
  lastError: string;
}

/** Gets one message to one receiver: paces, retries, looks before it sends twice, and records every step. Calls must not overlap. */
export class Sender {
  readonly #options: SenderOptions;
  /** Attempts so far of deliveries that have not arrived: the store orders a delivery's rows by them, also over restarts. */
  readonly #attempts = new Map<string, number>();
  #notBeforeMs = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** What earlier processes tried. */
  know(rows: readonly DeliveryRow[]): void {
    for (const { delivery_id, attempt } of rows) this.#attempts.set(delivery_id, attempt);
  }

  async send(send: Send): Promise<SendEnd> {
    const { clock, signal, random, notifier, logger } = this.#options;
    const [incident, ...others] = send.incidents;
    const notification: Notification = {
      reason: send.as,
      incident,
      reference: send.reference,
      ...(send.after === undefined ? {} : { after: send.after }),
      ...(send.notice === undefined ? {} : { notice: send.notice }),
      ...(others.length === 0 ? {} : { others }),
    };
    const attempts: Attempts = {
      send,
      notification,
      startedMs: clock.now(),
      made: Math.max(...this.#idsOf(send).map((id) => this.#attempts.get(id) ?? 0)),
      mayHaveArrived: false,
      findTries: 0,
      stalled: false,
      lastError: "",
    };
    try {
      const reference = await retry(() => this.#attempt(attempts), {
        ...RETRY,
        deadlineMs: isEdit(send.as) ? EDIT_DEADLINE_MS : RING_DEADLINE_MS,
        clock,
        signal,
        ...(random === undefined ? {} : { random }),
        onRetry: (error) => this.#failing(attempts, error.message),
      });
      return { kind: "delivered", reference };
    } catch (error) {
      if (signal.aborted || !this.#mayTell()) return { kind: "stopped" };
      const why = messageOf(error);
      await this.#record(send, "dead", { attempt: attempts.made, error: why });
      logger.error(
        { incident: incident.id, receiver: notifier.receiver, reason: send.as, error: why },
        "message not delivered: given up",
      );
      return { kind: "dead", error: why };
    }
  }

  /** After a restart: whether sends without a known end did arrive. What cannot be found out counts as not arrived and is sent again. */
  async settle(
    incident: Incident,
    unfinished: readonly DeliveryRow[],
    told: Pick<Told, "reference" | "revision"> | null,
  ): Promise<Told | null> {
    const reference = told?.reference ?? "";
    const after = told === null ? {} : { after: told.revision };
    const settled: DeliveryRow[] = [];
    for (const row of unfinished) {
      const reason = NOTIFICATION_REASONS.find((one) => one === row.reason) ?? "opened";
      const found = await this.#findAfterRestart({ incident, reason, reference, ...after });
      const mark = row.reference.startsWith(DIGEST_MARK) ? DIGEST_MARK : "";
      settled.push({
        ...row,
        at_ms: this.#options.clock.now(),
        ...(found === null
          ? {
              status: "failed",
              error: "the process ended while sending; not found at the receiver",
            }
          : { status: "delivered", reference: mark + found, error: "" }),
      });
    }
    for (const row of settled) {
      this.#count(row.status === "delivered" ? "found" : "failed");
      await this.#options.log.record(row);
    }
    return toldFrom(settled);
  }

  /** Nothing is sent; the trail shows why. */
  async recordMuted(incident: Incident, reason: NotificationReason): Promise<void> {
    const until = new Date(incident.mutedUntilMs ?? 0).toISOString();
    this.#count("muted");
    await this.#options.log.record({
      ...this.#row(incident, reason, "failed"),
      error: `muted until ${until}`,
    });
  }

  async #findAfterRestart(notification: Notification): Promise<string | null> {
    const { notifier, clock, signal } = this.#options;
    try {
      const find = (): Promise<string | null> =>
        notifier.find?.(notification) ?? Promise.resolve(null);
      return await retry(find, { ...RETRY, deadlineMs: STALL_MS, clock, signal });
    } catch {
      return null;
    }
  }

  /** One try; gives the reference, or throws what `retry` understands. */
  async #attempt(attempts: Attempts): Promise<string> {
    await this.#pace();
    const { send, notification } = attempts;
    if (attempts.mayHaveArrived) {
      const found = await this.#find(attempts);
      if (found !== null) return this.#delivered(send, attempts.made, found, "found");
    }
    this.#requireTurn();
    const attempt = ++attempts.made;
    for (const id of this.#idsOf(send)) this.#attempts.set(id, attempt);
    await this.#record(send, "sending", { attempt });
    this.#requireTurn();
    const delivery = await this.#trySend(notification);
    if (delivery.kind === "delivered") {
      return this.#delivered(send, attempt, delivery.reference, "delivered");
    }
    if (delivery.kind === "permanent") throw failure(delivery.error, false);
    attempts.mayHaveArrived ||= delivery.kind === "ambiguous";
    this.#notBeforeMs = this.#options.clock.now() + retryAfterOf(delivery);
    this.#count("failed");
    // An unclear end stays `sending`: a restart must look before it sends again.
    if (!attempts.mayHaveArrived) {
      await this.#record(send, "failed", { attempt, error: delivery.error });
    }
    throw failure(delivery.error, true);
  }

  /** Waits until the receiver may be asked again: its own pace, or what it said in Retry-After. */
  async #pace(): Promise<void> {
    const { clock, signal, minIntervalMs } = this.#options;
    const waitMs = this.#notBeforeMs - clock.now();
    if (waitMs > 0) await clock.sleep(waitMs, signal);
    if (signal.aborted) throw failure("stopping", false);
    this.#notBeforeMs = clock.now() + minIntervalMs;
  }

  #mayTell(): boolean {
    return this.#options.mayTell?.() ?? true;
  }

  /** What is stored as being sent and then is not, the next leader looks for and sends. */
  #requireTurn(): void {
    if (!this.#mayTell()) throw failure("another process may be the one that tells", true);
  }

  async #trySend(notification: Notification): Promise<Delivery> {
    try {
      return await this.#options.notifier.send(notification);
    } catch (error) {
      return { kind: "ambiguous", error: messageOf(error) };
    }
  }

  /** A receiver that will not say in five tries is sent to again: a page twice is better than none. */
  async #find(attempts: Attempts): Promise<string | null> {
    try {
      return (await this.#options.notifier.find?.(attempts.notification)) ?? null;
    } catch (error) {
      attempts.findTries++;
      if (attempts.findTries < FIND_TRIES) throw failure(messageOf(error), true);
      return null;
    }
  }

  async #delivered(
    send: Send,
    attempt: number,
    reference: string,
    how: "delivered" | "found",
  ): Promise<string> {
    this.#count(how);
    for (const id of this.#idsOf(send)) this.#attempts.delete(id);
    await this.#record(send, "delivered", { attempt, reference });
    return reference;
  }

  #failing(attempts: Attempts, error: string): void {
    const { clock, logger, notifier } = this.#options;
    if (error !== attempts.lastError) {
      attempts.lastError = error;
      const incident = attempts.notification.incident.id;
      logger.warn({ incident, receiver: notifier.receiver, error }, "message not delivered yet");
    }
    if (attempts.stalled || clock.now() - attempts.startedMs < STALL_MS) return;
    attempts.stalled = true;
    attempts.send.onStall(error);
  }

  async #record(
    send: Send,
    status: DeliveryRow["status"],
    more: Partial<Pick<DeliveryRow, "attempt" | "reference" | "error">>,
  ): Promise<void> {
    if (status === "dead") this.#count("dead");
    const mark = send.incidents.length > 1 ? DIGEST_MARK : "";
    const reference = mark + (more.reference ?? send.reference);
    const rows = send.incidents.map((incident) => ({
      ...this.#row(incident, send.as, status),
      ...more,
      reference,
    }));
    await Promise.all(rows.map((row) => this.#options.log.record(row)));
  }

  #idsOf({ incidents, as }: Send): string[] {
    const { receiver } = this.#options.notifier;
    return incidents.map((incident) => deliveryIdOf(incident, receiver, as));
  }

  #row(incident: Incident, reason: NotificationReason, status: DeliveryRow["status"]): DeliveryRow {
    const { receiver } = this.#options.notifier;
    return {
      delivery_id: deliveryIdOf(incident, receiver, reason),
      incident_id: incident.id,
      receiver,
      reason,
      status,
      attempt: 0,
      at_ms: this.#options.clock.now(),
      reference: "",
      error: "",
    };
  }

  #count(status: "delivered" | "found" | "failed" | "dead" | "muted"): void {
    const [channel = ""] = this.#options.notifier.receiver.split(":");
    this.#options.metrics.deliveries.inc({ channel, status });
  }
}

function isEdit(reason: NotificationReason): boolean {
  return reason === "updated" || reason === "acknowledged";
}

function retryAfterOf(delivery: Delivery): number {
  return delivery.kind === "retryable" ? (delivery.retryAfterMs ?? 0) : 0;
}

function failure(message: string, retryable: boolean): AppError {
  return new AppError(message, { code: "notify_failed", retryable });
}

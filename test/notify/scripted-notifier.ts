import type { Delivery, Notification, Notifier } from "../../src/notify/notifier.ts";

/** A receiver that does as the test says and remembers what reached it. */
export class ScriptedNotifier implements Notifier {
  readonly receiver: string;
  /** All that was tried. */
  readonly tried: Notification[] = [];
  /** What arrived, also where the answer was lost. */
  readonly arrived: Notification[] = [];
  closed = false;
  /** What becomes of the next sends, one each; then `otherwise`. */
  readonly #script: (Delivery | "lost" | "hang")[] = [];
  #otherwise: Delivery | null = null;

  constructor(receiver: string) {
    this.receiver = receiver;
  }

  next(...ends: readonly (Delivery | "lost" | "hang")[]): this {
    this.#script.push(...ends);
    return this;
  }

  /** From now on, every time; null: works again. */
  always(end: Delivery | null): this {
    this.#otherwise = end;
    return this;
  }

  get reasons(): string[] {
    return this.arrived.map((one) => one.reason);
  }

  send(notification: Notification): Promise<Delivery> {
    this.tried.push(notification);
    const end = this.#script.shift() ?? this.#otherwise ?? "deliver";
    if (end === "hang") return new Promise(() => undefined);
    if (typeof end === "object") return Promise.resolve(end);
    this.arrived.push(notification);
    if (end === "lost") return Promise.resolve({ kind: "ambiguous", error: "no answer" });
    const reference = notification.reference || `ref-${this.arrived.length}`;
    return Promise.resolve({ kind: "delivered", reference });
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

/** One that can also be asked what arrived, as Slack can. */
export class SearchableNotifier extends ScriptedNotifier {
  readonly finds: Notification[] = [];

  find(notification: Notification): Promise<string | null> {
    this.finds.push(notification);
    const index = this.arrived.findIndex(
      (one) => one.incident.id === notification.incident.id && one.reason === notification.reason,
    );
    return Promise.resolve(index < 0 ? null : `ref-${index + 1}`);
  }
}

import type { Incident } from "../detect/incident.ts";

/** Why something is sent. `updated` edits what was sent before instead of paging again; `reopened` rings for what had ended and burns again. */
export const NOTIFICATION_REASONS = [
  "opened",
  "updated",
  "escalated",
  "acknowledged",
  "resolved",
  "reopened",
] as const;
export type NotificationReason = (typeof NOTIFICATION_REASONS)[number];

/** One thing to tell one receiver about one incident. */
export interface Notification {
  readonly reason: NotificationReason;
  readonly incident: Incident;
  /** What the receiver gave back for the first message of this incident; "" before there is one. */
  readonly reference: string;
  /** The revision that the receiver was told of last; absent: none. Tells a second end, or the next night, from the first. */
  readonly after?: number;
  /** Something wrong with the delivery itself that the reader must know: another receiver failed. */
  readonly notice?: string;
  /** A storm: these are told of in the same message. Only with `opened`. */
  readonly others?: readonly Incident[];
}

/** How one attempt ended. Adapters map every foreign error to one of these; they never throw for a refused message. */
export type Delivery =
  | { readonly kind: "delivered"; readonly reference: string }
  /** Try again, not before `retryAfterMs` where the receiver said so. */
  | { readonly kind: "retryable"; readonly error: string; readonly retryAfterMs?: number }
  /** The request may have arrived: look before sending again. */
  | { readonly kind: "ambiguous"; readonly error: string }
  | { readonly kind: "permanent"; readonly error: string };

/** A channel to people. One per receiver: one Slack channel, one mail address, one terminal. */
export interface Notifier {
  /** `slack:#channel`, `email:address`, `console`: a stable name, stored with each delivery. */
  readonly receiver: string;
  send(notification: Notification): Promise<Delivery>;
  /** After an ambiguous send: the reference of the message if it did arrive, else null. */
  find?(notification: Notification): Promise<string | null>;
  close?(): Promise<void>;
}

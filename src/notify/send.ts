import type { Incident } from "../detect/incident.ts";
import type { NotificationReason } from "./notifier.ts";

/** One message to one receiver. */
export interface Send {
  /** More than one: a storm's common message. */
  readonly incidents: readonly [Incident, ...Incident[]];
  readonly as: NotificationReason;
  readonly reference: string;
  readonly after?: number;
  readonly notice?: string;
  /** Told once when it has failed for `STALL_MS`: someone else should carry it meanwhile. */
  readonly onStall: (error: string) => void;
}

export type SendEnd =
  | { readonly kind: "delivered"; readonly reference: string }
  | { readonly kind: "dead"; readonly error: string }
  /** The process ends; a restart goes on. */
  | { readonly kind: "stopped" };

import { QUIET_KINDS, type Incident, type Severity } from "../detect/incident.ts";
import type { DeliveryRow } from "../store/rows.ts";
import type { NotificationReason } from "./notifier.ts";

/** What a receiver wants to hear. */
export interface ReceiverRules {
  /** primary: told of everything that its rules let pass. fallback: only of what another receiver could not deliver. */
  readonly role: "primary" | "fallback";
  /** Also told of tickets, not only of pages. */
  readonly tickets: boolean;
  /** What was sent can be edited without ringing again, so it may follow the numbers. */
  readonly edits: boolean;
}

/** What one receiver knows of one incident. */
export interface Told {
  readonly reference: string;
  readonly revision: number;
  readonly severity: Severity;
  readonly resolved: boolean;
  readonly atMs: number;
  /** As last told; null after a restart and after its end. */
  readonly incident: Incident | null;
  /** Told of in a storm's common message, which is not edited. */
  readonly inDigest: boolean;
}

export type SkipReason =
  | "muted"
  | "already_told"
  | "never_told"
  | "tickets_go_elsewhere"
  | "only_a_fallback"
  | "cannot_edit"
  | "in_a_digest"
  | "nothing_new"
  | "failed_lately";

export type Decision =
  | { readonly kind: "send"; readonly as: NotificationReason }
  | { readonly kind: "wait"; readonly untilMs: number }
  | { readonly kind: "skip"; readonly why: SkipReason };

export interface Question {
  readonly told: Told | null;
  readonly incident: Incident;
  readonly reason: NotificationReason;
  readonly nowMs: number;
  readonly rules: ReceiverRules;
  /** Another receiver failed and this one stands in. */
  readonly standsIn: boolean;
  /** When the page was last given up for good; null: never. */
  readonly gaveUpAtMs: number | null;
}

/** What somebody must hear of at once. */
export const RINGS: ReadonlySet<NotificationReason> = new Set(["opened", "escalated", "reopened"]);
export const EDIT_INTERVAL_MS = 30_000;
/** A page that was refused for good is tried again after this long, not at every change of the incident. */
export const GIVE_UP_REST_MS = 10 * 60_000;
const MEANINGFUL_STEP = 0.1;

/**
 * Whether and as what to tell a receiver. Judged from what it knows, not from the order of calls: a page that was lost on the way is sent when the
 * incident next comes by, whatever the reason then, and one that was told is never sent twice. Pure.
 */
export function decide(question: Question): Decision {
  const { told, incident, nowMs } = question;
  const isMuted = incident.mutedUntilMs !== null && incident.mutedUntilMs > nowMs;
  if (isMuted) return decideMuted(question);
  return told === null ? decideFirst(question) : decideNext(question, told);
}

/** Silence means no bell. But a message that can be edited quietly does not go on claiming that money burns. */
function decideMuted({ told, incident, rules }: Question): Decision {
  if (incident.state !== "resolved" || !rules.edits) return skip("muted");
  const looksOpen = told?.inDigest === false && told.revision < incident.revision;
  return looksOpen ? send("updated") : skip("muted");
}

function decideFirst(question: Question): Decision {
  const { incident, reason, rules, standsIn } = question;
  if (incident.state === "resolved" && !RINGS.has(reason)) return skip("never_told");
  if (rules.role === "fallback" && !standsIn) return skip("only_a_fallback");
  if (incident.severity === "ticket" && !rules.tickets) return skip("tickets_go_elsewhere");
  return gaveUpLately(question) ? skip("failed_lately") : send("opened");
}

function decideNext(question: Question, told: Told): Decision {
  const { incident, rules } = question;
  if (told.revision >= incident.revision) return skip("already_told");
  if (told.resolved || question.reason === "reopened") return decideEnded(question);
  if (incident.state === "resolved") return told.inDigest ? skip("in_a_digest") : send("resolved");
  if (told.severity === "ticket" && incident.severity === "page") return send("escalated");
  if (told.inDigest) return skip("in_a_digest");
  return rules.edits ? decideEdit(question, told) : skip("cannot_edit");
}

/** Whether an incident that was over and burns again rings. */
export function ringsAgain({ severity, kind }: Incident): boolean {
  return severity === "page" && !QUIET_KINDS.includes(kind);
}

/** Where it was over, told or not: what burns again rings in its thread, and an end after that which was never told is told. A ticket waits for whoever looks. */
function decideEnded(question: Question): Decision {
  const { incident, reason, rules } = question;
  if (incident.state === "resolved") {
    return reason === "reopened" ? send("resolved") : skip("already_told");
  }
  if (gaveUpLately(question)) return skip("failed_lately");
  if (ringsAgain(incident)) return send("reopened");
  return rules.edits ? send("updated") : skip("cannot_edit");
}

function decideEdit(question: Question, told: Told): Decision {
  const { incident, reason, nowMs } = question;
  if (gaveUpLately(question)) return skip("failed_lately");
  if (reason === "acknowledged") return send("acknowledged");
  if (!isMeaningful(told.incident, incident)) return skip("nothing_new");
  const dueMs = told.atMs + EDIT_INTERVAL_MS;
  return nowMs < dueMs ? { kind: "wait", untilMs: dueMs } : send("updated");
}

function gaveUpLately({ gaveUpAtMs, nowMs }: Question): boolean {
  return gaveUpAtMs !== null && nowMs - gaveUpAtMs < GIVE_UP_REST_MS;
}

function send(as: NotificationReason): Decision {
  return { kind: "send", as };
}

function skip(why: SkipReason): Decision {
  return { kind: "skip", why };
}

/** Money moved by a tenth, or somebody else carries it now, or its state changed. */
function isMeaningful(before: Incident | null, now: Incident): boolean {
  if (before?.state !== now.state) return true;
  const moved =
    stepped(before.excessUsd, now.excessUsd) ||
    stepped(before.actualUsdPerHour, now.actualUsdPerHour);
  return moved || carriersOf(before) !== carriersOf(now);
}

function stepped(before: number, now: number): boolean {
  return Math.abs(now - before) >= MEANINGFUL_STEP * Math.max(Math.abs(before), 0.01);
}

function carriersOf({ contributors }: Incident): string {
  // Sessions come and go while somebody burns on: another one is no news.
  const lasting = contributors.filter((one) => one.dimension !== "session");
  const carriers = lasting.filter((one) => one.share >= 0.25);
  return JSON.stringify(carriers.map((one) => [one.dimension, one.value]).toSorted());
}

/** Stands before the stored reference of a storm's common message, so that nobody edits it into one incident's. */
export const DIGEST_MARK = "digest ";

/** Stable: the same incident, receiver, reason and revision always give the same id. It ends in what a restart must know. */
export function deliveryIdOf(
  incident: Pick<Incident, "id" | "revision" | "severity">,
  receiver: string,
  reason: NotificationReason,
): string {
  return [incident.id, receiver, reason, incident.severity, incident.revision].join("/");
}

/** What a row's message said, read back from its id. */
export function versionOf(deliveryId: string): { revision: number; severity: Severity } {
  const [severity, revision] = deliveryId.split("/").slice(-2);
  const number = Number(revision);
  return {
    revision: Number.isSafeInteger(number) ? number : 0,
    severity: severity === "ticket" ? "ticket" : "page",
  };
}

/** What a receiver knew before the restart: the newest of its delivered rows, with the reference of the newest message. */
export function toldFrom(rows: readonly DeliveryRow[]): Told | null {
  const delivered = rows
    .filter((row) => row.status === "delivered")
    .toSorted((a, b) => versionOf(a.delivery_id).revision - versionOf(b.delivery_id).revision);
  const newest = delivered.at(-1);
  if (newest === undefined) return null;
  const inDigest = newest.reference.startsWith(DIGEST_MARK);
  return {
    ...versionOf(newest.delivery_id),
    reference: inDigest ? newest.reference.slice(DIGEST_MARK.length) : newest.reference,
    resolved: newest.reason === "resolved",
    atMs: newest.at_ms,
    incident: null,
    inDigest,
  };
}

import { describe, expect, it } from "@jest/globals";

import {
  decide,
  deliveryIdOf,
  toldFrom,
  versionOf,
  type Decision,
  type Question,
  type ReceiverRules,
  type Told,
} from "../../src/notify/delivery-decision.ts";
import type { NotificationReason } from "../../src/notify/notifier.ts";
import type { DeliveryRow } from "../../src/store/rows.ts";
import { anIncident } from "../support/incident-builders.ts";

const NOW = Date.UTC(2026, 2, 4, 3);
const SLACK: ReceiverRules = { role: "primary", tickets: true, edits: true };
const MAIL: ReceiverRules = { role: "primary", tickets: false, edits: false };
const LAST_RESORT: ReceiverRules = { role: "fallback", tickets: true, edits: true };

const ticket = anIncident({ severity: "ticket", pagedAtMs: null });
const grown = anIncident({ revision: 2, excessUsd: 300, actualUsdPerHour: 1_500 });
const hardlyGrown = anIncident({ revision: 2, excessUsd: 215, actualUsdPerHour: 1_250 });
const resolved = anIncident({ revision: 5, state: "resolved", resolvedAtMs: NOW });
const again = anIncident({ revision: 6 });
const muted = { mutedUntilMs: NOW + 1 };

const ENDED = told({ resolved: true, revision: 5, incident: null });

describe("decide", () => {
  it.each<[promise: string, question: Partial<Question>, decision: Decision]>([
    ["pages who was never told", {}, sent("opened")],
    ["pages late rather than never, whatever the reason", { reason: "updated" }, sent("opened")],
    [
      "pages an end that overtook its beginning",
      { incident: resolved, reason: "opened" },
      sent("opened"),
    ],
    [
      "tells nobody of an end who was not told of the beginning",
      { incident: resolved, reason: "resolved" },
      skipped("never_told"),
    ],
    ["never pages twice", { told: told() }, skipped("already_told")],
    [
      "keeps tickets out of mail",
      { incident: ticket, rules: MAIL },
      skipped("tickets_go_elsewhere"),
    ],
    ["shows tickets in Slack", { incident: ticket }, sent("opened")],
    ["leaves a last resort alone", { rules: LAST_RESORT }, skipped("only_a_fallback")],
    ["uses a last resort when asked", { rules: LAST_RESORT, standsIn: true }, sent("opened")],
    [
      "escalates a ticket that became a page",
      { told: told({ severity: "ticket" }), incident: grown },
      sent("escalated"),
    ],
    [
      "pages by mail what was a ticket",
      { incident: grown, reason: "escalated", rules: MAIL },
      sent("opened"),
    ],
    [
      "follows the numbers after 30 s",
      { told: told({ atMs: NOW - 30_000 }), incident: grown },
      sent("updated"),
    ],
    [
      "waits until 30 s are over",
      { told: told({ atMs: NOW - 29_999 }), incident: grown },
      { kind: "wait", untilMs: NOW + 1 },
    ],
    [
      "does not follow what hardly moves",
      { told: told({ atMs: 0 }), incident: hardlyGrown },
      skipped("nothing_new"),
    ],
    [
      "follows a change of who carries it",
      { told: told({ atMs: 0 }), incident: { ...hardlyGrown, contributors: [] } },
      sent("updated"),
    ],
    [
      "edits once after a restart, for it cannot know",
      { told: told({ atMs: 0, incident: null }), incident: hardlyGrown },
      sent("updated"),
    ],
    [
      "edits nothing that cannot be edited",
      { told: told({ atMs: 0 }), incident: grown, rules: MAIL },
      skipped("cannot_edit"),
    ],
    [
      "shows at once that somebody took it",
      { told: told({ atMs: NOW }), incident: grown, reason: "acknowledged" },
      sent("acknowledged"),
    ],
    ["tells the end to who was told", { told: told(), incident: resolved }, sent("resolved")],
    [
      "tells the end by mail too",
      { told: told(), incident: resolved, rules: MAIL },
      sent("resolved"),
    ],
    [
      "tells the end once",
      { told: told({ resolved: true, revision: 4 }), incident: resolved },
      skipped("already_told"),
    ],
    [
      "rings where it burns again, whatever the reason",
      { told: ENDED, incident: again, reason: "updated" },
      sent("reopened"),
    ],
    [
      "mails that it burns again",
      { told: ENDED, incident: again, reason: "reopened", rules: MAIL },
      sent("reopened"),
    ],
    [
      "rings for no ticket that is open again, and shows it",
      { told: ENDED, incident: { ...again, severity: "ticket" }, reason: "reopened" },
      sent("updated"),
    ],
    [
      "rings where the end before it was never told",
      { told: told({ revision: 1 }), incident: again, reason: "reopened" },
      sent("reopened"),
    ],
    [
      "rests after a ring that was refused",
      { told: ENDED, incident: again, reason: "updated", gaveUpAtMs: NOW - 1 },
      skipped("failed_lately"),
    ],
    ...(["shift", "ramp", "price", "new"] as const).map(
      (kind): [string, Partial<Question>, Decision] => [
        `rings for no ${kind} that goes on in the morning`,
        { told: ENDED, incident: { ...again, kind }, reason: "reopened" },
        sent("updated"),
      ],
    ),
    [
      "tells the end of what burnt again while nobody could be told",
      {
        told: ENDED,
        incident: { ...again, state: "resolved", resolvedAtMs: NOW },
        reason: "reopened",
      },
      sent("resolved"),
    ],
    [
      "edits no storm's message",
      { told: told({ inDigest: true, atMs: 0 }), incident: grown },
      skipped("in_a_digest"),
    ],
    ["is silent while muted", { incident: anIncident(muted) }, skipped("muted")],
    [
      "pages when the mute is over",
      { incident: anIncident({ mutedUntilMs: NOW }) },
      sent("opened"),
    ],
    [
      "lets a muted message quietly say that it is over",
      { told: told(), incident: { ...resolved, ...muted } },
      sent("updated"),
    ],
    [
      "mails nothing while muted, not even the end",
      { told: told(), incident: { ...resolved, ...muted }, rules: MAIL },
      skipped("muted"),
    ],
    ["rests after giving up", { gaveUpAtMs: NOW - 599_999 }, skipped("failed_lately")],
    ["tries again after ten minutes", { gaveUpAtMs: NOW - 600_000 }, sent("opened")],
    [
      "tells the end even to who refused an edit",
      { told: told(), incident: resolved, gaveUpAtMs: NOW },
      sent("resolved"),
    ],
  ])("%s", (_promise, question, decision) => {
    expect(decide({ ...QUESTION, ...question })).toEqual(decision);
  });
});

describe("toldFrom", () => {
  it("knows nothing from sends that were not delivered", () => {
    expect(toldFrom([])).toBeNull();
    expect(toldFrom([aRow({ status: "sending" }), aRow({ status: "dead" })])).toBeNull();
  });

  it("takes the newest delivered revision, whatever the order of the rows", () => {
    const opened = aRow({});
    const later = aRow({
      delivery_id: deliveryIdOf(resolved, "slack:C1", "resolved"),
      reason: "resolved",
      reference: "C1:2",
    });

    expect(toldFrom([later, opened])).toMatchObject({
      revision: 5,
      resolved: true,
      reference: "C1:2",
    });
  });

  it("remembers that it was only a ticket", () => {
    const row = aRow({ delivery_id: deliveryIdOf(ticket, "slack:C1", "opened") });

    expect(toldFrom([row])).toMatchObject({ severity: "ticket", revision: 1 });
  });

  it("knows a storm's message", () => {
    expect(toldFrom([aRow({ reference: "digest C1:1" })])).toMatchObject({
      inDigest: true,
      reference: "C1:1",
    });
  });

  it("reads ids with any receiver, and survives ids of unknown form", () => {
    const id = deliveryIdOf({ ...ticket, id: "a/b" }, "email:x/y@example.com", "opened");

    expect(versionOf(id)).toEqual({ revision: 1, severity: "ticket" });
    expect(versionOf("")).toEqual({ revision: 0, severity: "page" });
  });
});

const QUESTION: Question = {
  told: null,
  incident: anIncident(),
  reason: "opened",
  nowMs: NOW,
  rules: SLACK,
  standsIn: false,
  gaveUpAtMs: null,
};

function told(changes: Partial<Told> = {}): Told {
  return {
    reference: "C1:1",
    revision: 1,
    severity: "page",
    resolved: false,
    atMs: NOW - 60_000,
    incident: anIncident(),
    inDigest: false,
    ...changes,
  };
}

function sent(as: NotificationReason): Decision {
  return { kind: "send", as };
}

function skipped(why: (Decision & { kind: "skip" })["why"]): Decision {
  return { kind: "skip", why };
}

function aRow(changes: Partial<DeliveryRow>): DeliveryRow {
  return {
    delivery_id: deliveryIdOf(anIncident(), "slack:C1", "opened"),
    incident_id: "inc-7f3a",
    receiver: "slack:C1",
    reason: "opened",
    status: "delivered",
    attempt: 1,
    at_ms: NOW,
    reference: "C1:1",
    error: "",
    ...changes,
  };
}

import { describe, expect, it } from "@jest/globals";

import type { Incident } from "../../src/detect/incident.ts";
import type { Dispatcher } from "../../src/notify/dispatcher.ts";
import type { NotificationReason } from "../../src/notify/notifier.ts";
import { anIncident } from "../support/incident-builders.ts";
import type { MemoryIncidentStore } from "../support/memory-incident-store.ts";
import { DOWN, MAIL, PRIMARY, aDispatcher, grown, opened, pass, resolved } from "./a-dispatcher.ts";
import { ScriptedNotifier, SearchableNotifier } from "./scripted-notifier.ts";

describe("Dispatcher, after a restart", () => {
  it("sends nothing again that was delivered", async () => {
    const slack = new ScriptedNotifier("slack:C1");
    const store = await afterProcess([[slack, PRIMARY]], "opened");

    const { dispatcher } = aDispatcher([[slack, PRIMARY]], { store });
    await dispatcher.recover([opened]);
    await dispatcher.idle();
    dispatcher.notify(opened, "opened");
    await dispatcher.idle();

    expect(slack.tried).toHaveLength(1);
  });

  it("goes on with the message of the last process", async () => {
    const slack = new ScriptedNotifier("slack:C1");
    const store = await afterProcess([[slack, PRIMARY]], "opened");

    const { dispatcher, clock } = aDispatcher([[slack, PRIMARY]], { store });
    await clock.advance(60_000);
    await dispatcher.recover([grown]);
    await dispatcher.idle();
    dispatcher.notify(resolved, "resolved");
    await dispatcher.idle();

    expect(slack.reasons).toEqual(["opened", "updated", "resolved"]);
    expect(slack.arrived.map((one) => one.reference)).toEqual(["", "ref-1", "ref-1"]);
  });

  it("pages what was never sent", async () => {
    const slack = new ScriptedNotifier("slack:C1");
    const { dispatcher } = aDispatcher([[slack, PRIMARY]]);

    await dispatcher.recover([opened]);
    await dispatcher.idle();

    expect(slack.reasons).toEqual(["opened"]);
  });

  it("tells an escalation and an end that fell into the gap", async () => {
    const slack = new ScriptedNotifier("slack:C1");
    const ticket = anIncident({ id: "was-ticket", severity: "ticket", pagedAtMs: null });
    const first = aDispatcher([[slack, PRIMARY]]);
    first.dispatcher.notify(ticket, "opened");
    first.dispatcher.notify(opened, "opened");
    await first.dispatcher.stop();

    const second = aDispatcher([[slack, PRIMARY]], { store: first.store });
    await second.dispatcher.recover([{ ...ticket, severity: "page", revision: 2 }, resolved]);
    await second.dispatcher.idle();

    expect(slack.reasons).toEqual(["opened", "opened", "escalated", "resolved"]);
  });

  it("says in the old message's thread that it burns again, though nothing was due about it", async () => {
    const slack = new ScriptedNotifier("slack:C1");
    const first = aDispatcher([[slack, PRIMARY]]);
    await beginAndEnd(first.dispatcher);
    await first.dispatcher.stop();

    const second = aDispatcher([[slack, PRIMARY]], { store: first.store });
    await second.dispatcher.recover([resolved], () => false);
    second.dispatcher.notify(anIncident({ revision: 4 }), "reopened");
    await second.dispatcher.idle();

    expect(slack.reasons).toEqual(["opened", "resolved", "reopened"]);
    expect(slack.arrived.at(-1)).toMatchObject({ reference: "ref-1", after: 3 });
  });

  it("tells the end of a second night of which it was killed while telling", async () => {
    const slack = new ScriptedNotifier("slack:C1");
    const first = aDispatcher([[slack, PRIMARY]]);
    await beginAndEnd(first.dispatcher);
    slack.next("hang");
    first.dispatcher.notify(anIncident({ revision: 4 }), "reopened");
    await first.clock.advance(0);

    const second = aDispatcher([[slack, PRIMARY]], { store: first.store });
    await second.dispatcher.recover([{ ...resolved, revision: 5 }]);
    await second.dispatcher.idle();

    expect(slack.reasons).toEqual(["opened", "resolved", "resolved"]);
  });

  it("rings for what burns again of which neither the end nor the new beginning was told", async () => {
    const slack = new ScriptedNotifier("slack:C1");
    const store = await afterProcess([[slack, PRIMARY]], "opened");

    const { dispatcher } = aDispatcher([[slack, PRIMARY]], { store });
    await dispatcher.recover([resolved], () => false);
    dispatcher.notify(anIncident({ revision: 5 }), "updated");
    await dispatcher.idle();

    expect(slack.reasons).toEqual(["opened", "reopened"]);
  });

  it("remembers what ended while it was muted", async () => {
    const mail = new ScriptedNotifier("email:a@example.com");
    const { dispatcher, clock } = aDispatcher([[mail, MAIL]]);
    const muted = { mutedUntilMs: clock.now() + 60_000 };
    await beginAndEnd(dispatcher, { ...resolved, ...muted });

    await clock.advance(60_000);
    dispatcher.notify(anIncident({ revision: 4, ...muted }), "updated");
    await dispatcher.idle();

    expect(mail.reasons).toEqual(["opened", "reopened"]);
    expect(mail.arrived.at(-1)).toMatchObject({ reference: "ref-1", after: 1 });
  });

  it("does not page for what began and ended while nobody looked", async () => {
    const slack = new ScriptedNotifier("slack:C1");
    const { dispatcher } = aDispatcher([[slack, PRIMARY]]);

    await dispatcher.recover([resolved]);
    await dispatcher.idle();

    expect(slack.tried).toEqual([]);
  });

  it("finds a page whose end it does not know, and does not send it again", async () => {
    const slack = new SearchableNotifier("slack:C1").next("lost", "hang");
    const store = await killedWhileSending(slack);

    const { dispatcher } = aDispatcher([[slack, PRIMARY]], { store });
    await dispatcher.recover([opened]);
    await dispatcher.idle();

    expect(slack.arrived).toHaveLength(1);
    expect(store.deliveries.at(-1)).toMatchObject({ status: "delivered", reference: "ref-1" });
  });

  it("sends a page again that is not to be found", async () => {
    const slack = new SearchableNotifier("slack:C1").next("hang");
    const store = await killedWhileSending(slack);

    const { dispatcher } = aDispatcher([[slack, PRIMARY]], { store });
    await dispatcher.recover([opened]);
    await dispatcher.idle();

    expect(slack.finds).toHaveLength(1);
    expect(slack.reasons).toEqual(["opened"]);
  });

  it("sends a page again where the receiver cannot be asked, and only once more", async () => {
    const mail = new ScriptedNotifier("email:a@example.com").next("hang");
    const store = await killedWhileSending(mail);

    for (const run of ["second", "third"]) {
      const { dispatcher } = aDispatcher([[mail, PRIMARY]], { store });
      await dispatcher.recover([opened]);
      await dispatcher.idle();
      expect([run, mail.arrived.length]).toEqual([run, 1]);
    }
  });

  it("leaves nothing open that it settled", async () => {
    const slack = new SearchableNotifier("slack:C1").next("hang");
    const store = await killedWhileSending(slack);
    const second = aDispatcher([[slack, PRIMARY]], { store });
    await second.dispatcher.recover([grown]);
    await second.dispatcher.idle();

    const newest = await store.loadDeliveries([opened.id]);

    expect(newest.map((row) => row.status).toSorted()).toEqual(["delivered", "failed"]);
  });

  it("takes up a page that was being retried when the process ended", async () => {
    const slack = new ScriptedNotifier("slack:C1").always(DOWN);
    const first = aDispatcher([[slack, PRIMARY]]);
    first.dispatcher.notify(opened, "opened");
    await pass(first.clock, 3_000);
    const stopping = first.dispatcher.stop();
    await pass(first.clock, 7_000);
    await stopping;
    expect(first.store.deliveries.at(-1)).toMatchObject({ status: "failed" });

    slack.always(null);
    const second = aDispatcher([[slack, PRIMARY]], { store: first.store });
    await second.dispatcher.recover([opened]);
    await second.dispatcher.idle();
    const third = aDispatcher([[slack, PRIMARY]], { store: first.store });
    await third.dispatcher.recover([opened]);
    await third.dispatcher.idle();

    expect(slack.reasons).toEqual(["opened"]);
  });

  it("sends one message for each of a storm's incidents to nobody again", async () => {
    const slack = new ScriptedNotifier("slack:C1");
    const storm = Array.from({ length: 9 }, (_, index) => anIncident({ id: `inc-${index}` }));
    const first = aDispatcher([[slack, PRIMARY]]);
    for (const one of storm) first.dispatcher.notify(one, "opened");
    await first.dispatcher.stop();

    const second = aDispatcher([[slack, PRIMARY]], { store: first.store });
    await second.dispatcher.recover(storm.map((one) => ({ ...one, revision: 2 })));
    await pass(second.clock, 60_000);

    expect(slack.reasons.filter((reason) => reason === "opened")).toHaveLength(6);
    expect(slack.reasons.filter((reason) => reason === "updated")).toHaveLength(5);
  });
});

describe("Dispatcher.stop", () => {
  it("lets what waits be sent, then closes the receivers", async () => {
    const slack = new ScriptedNotifier("slack:C1");
    const { dispatcher } = aDispatcher([[slack, PRIMARY]]);
    for (const id of ["a", "b", "c"]) dispatcher.notify(anIncident({ id }), "opened");

    await dispatcher.stop();

    expect(slack.arrived).toHaveLength(3);
    expect(slack.closed).toBe(true);
  });

  it("ends in time although a receiver hangs, and takes nothing new", async () => {
    const slack = new ScriptedNotifier("slack:C1").next("hang");
    const { dispatcher, clock } = aDispatcher([[slack, PRIMARY]]);
    dispatcher.notify(opened, "opened");
    await clock.advance(0);

    let ended = false;
    const stopping = dispatcher.stop().then(() => (ended = true));
    dispatcher.notify(anIncident({ id: "late" }), "opened");
    await pass(clock, 6_999);
    expect(ended).toBe(false);
    await clock.advance(1);
    await stopping;
    await dispatcher.stop();

    expect(slack.tried).toHaveLength(1);
    expect(clock.sleeping).toBe(0);
  });
});

/** An incident is told, and so is its end. */
async function beginAndEnd(dispatcher: Dispatcher, end: Incident = resolved): Promise<void> {
  dispatcher.notify(opened, "opened");
  await dispatcher.idle();
  dispatcher.notify(end, "resolved");
  await dispatcher.idle();
}

async function afterProcess(
  receivers: Parameters<typeof aDispatcher>[0],
  reason: NotificationReason,
): Promise<MemoryIncidentStore> {
  const { dispatcher, store } = aDispatcher(receivers);
  dispatcher.notify(opened, reason);
  await dispatcher.stop();
  return store;
}

/** A process that is gone, without a last word, while a send is under way. */
async function killedWhileSending(notifier: ScriptedNotifier): Promise<MemoryIncidentStore> {
  const { dispatcher, store, clock } = aDispatcher([[notifier, PRIMARY]]);
  dispatcher.notify(opened, "opened");
  await clock.advance(0);
  expect(store.deliveries.at(-1)).toMatchObject({ status: "sending" });
  return store;
}

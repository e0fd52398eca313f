import { describe, expect, it } from "@jest/globals";

import { anIncident } from "../support/incident-builders.ts";
import {
  DEAD,
  DOWN,
  FALLBACK,
  MAIL,
  PRIMARY,
  aDispatcher,
  deliveriesOf,
  grown,
  opened,
  pass,
  resolved,
} from "./a-dispatcher.ts";
import { ScriptedNotifier, SearchableNotifier } from "./scripted-notifier.ts";

describe("Dispatcher, when a receiver fails", () => {
  it("tries again, not before the time the receiver gave", async () => {
    const slack = new ScriptedNotifier("slack:C1").next({ ...DOWN, retryAfterMs: 20_000 });
    const { dispatcher, clock } = aDispatcher([[slack, PRIMARY]]);

    dispatcher.notify(opened, "opened");
    await pass(clock, 19_999);
    expect(slack.tried).toHaveLength(1);
    await pass(clock, 1);

    expect(slack.reasons).toEqual(["opened"]);
  });

  it("looks before it sends twice", async () => {
    const slack = new SearchableNotifier("slack:C1").next("lost");
    const { dispatcher, clock, store, metrics } = aDispatcher([[slack, PRIMARY]]);

    dispatcher.notify(opened, "opened");
    await pass(clock, 5_000);

    expect(slack.tried).toHaveLength(1);
    expect(store.deliveries.at(-1)).toMatchObject({ status: "delivered", reference: "ref-1" });
    expect(await deliveriesOf(metrics)).toEqual({ "slack failed": 1, "slack found": 1 });
  });

  it("sends again what did not arrive", async () => {
    const slack = new SearchableNotifier("slack:C1").next({ kind: "ambiguous", error: "reset" });
    const { dispatcher, clock } = aDispatcher([[slack, PRIMARY]]);

    dispatcher.notify(opened, "opened");
    await pass(clock, 5_000);

    expect(slack.finds).toHaveLength(1);
    expect(slack.tried).toHaveLength(2);
    expect(slack.arrived).toHaveLength(1);
  });

  it("sends again after five times no answer to the question", async () => {
    const slack = new ScriptedNotifier("slack:C1").next("lost");
    let asked = 0;
    const find = (): Promise<null> => {
      asked++;
      return Promise.reject(new Error("503"));
    };
    const { dispatcher, clock } = aDispatcher([[Object.assign(slack, { find }), PRIMARY]]);

    dispatcher.notify(opened, "opened");
    await pass(clock, 120_000);

    expect(asked).toBe(5);
    expect(slack.arrived).toHaveLength(2);
  });

  it("hands a page that is refused for good to the next receiver, which says so", async () => {
    const slack = new ScriptedNotifier("slack:C1").always(DEAD);
    const terminal = new ScriptedNotifier("console");
    const { dispatcher, store } = aDispatcher([
      [slack, PRIMARY],
      [terminal, FALLBACK],
    ]);

    dispatcher.notify(opened, "opened");
    await dispatcher.idle();

    expect(store.deliveries.filter((row) => row.receiver === "slack:C1").at(-1)).toMatchObject({
      status: "dead",
      error: "slack answered is_archived",
    });
    expect(terminal.arrived).toHaveLength(1);
    expect(terminal.arrived[0]!.notice).toBe(
      "slack:C1 did not take this message (slack answered is_archived), so it comes here.",
    );
  });

  it("keeps the one who stands in informed of the end", async () => {
    const slack = new ScriptedNotifier("slack:C1").always(DEAD);
    const terminal = new ScriptedNotifier("console");
    const { dispatcher } = aDispatcher([
      [slack, PRIMARY],
      [terminal, FALLBACK],
    ]);

    dispatcher.notify(opened, "opened");
    await dispatcher.idle();
    dispatcher.notify(resolved, "resolved");
    await dispatcher.idle();

    expect(terminal.reasons).toEqual(["opened", "resolved"]);
  });

  it("passes over a receiver that takes no tickets", async () => {
    const slack = new ScriptedNotifier("slack:C1").always(DEAD);
    const mail = new ScriptedNotifier("email:a@example.com");
    const terminal = new ScriptedNotifier("console");
    const { dispatcher } = aDispatcher([
      [slack, PRIMARY],
      [mail, MAIL],
      [terminal, FALLBACK],
    ]);

    dispatcher.notify(anIncident({ severity: "ticket", pagedAtMs: null }), "opened");
    await dispatcher.idle();

    expect([mail.tried.length, terminal.arrived.length]).toEqual([0, 1]);
  });

  it("pages once by mail, and not the terminal too, where mail hears of it anyway", async () => {
    const slack = new ScriptedNotifier("slack:C1").always(DEAD);
    const mail = new ScriptedNotifier("email:a@example.com");
    const terminal = new ScriptedNotifier("console");
    const { dispatcher } = aDispatcher([
      [slack, PRIMARY],
      [mail, MAIL],
      [terminal, FALLBACK],
    ]);

    dispatcher.notify(opened, "opened");
    await dispatcher.idle();
    dispatcher.notify(anIncident({ id: "second" }), "opened");
    await dispatcher.idle();

    expect(mail.reasons).toEqual(["opened", "opened"]);
    expect(mail.arrived[1]!.notice).toContain("slack:C1 (slack answered is_archived)");
    expect(terminal.tried).toEqual([]);
  });

  it("hands on after a minute of trouble what waits as well, and tells the first in the end", async () => {
    const slack = new ScriptedNotifier("slack:C1").always(DOWN);
    const terminal = new ScriptedNotifier("console");
    const { dispatcher, clock } = aDispatcher([
      [slack, PRIMARY],
      [terminal, FALLBACK],
    ]);

    dispatcher.notify(opened, "opened");
    dispatcher.notify(anIncident({ id: "waits" }), "opened");
    await pass(clock, 59_000);
    expect(terminal.arrived).toEqual([]);
    await pass(clock, 121_000);
    dispatcher.notify(anIncident({ id: "came-later" }), "opened");
    await pass(clock, 0);
    expect(terminal.arrived.map((one) => one.incident.id)).toEqual([
      "inc-7f3a",
      "waits",
      "came-later",
    ]);

    slack.always(null);
    await pass(clock, 61_000);
    expect(slack.arrived.map((one) => one.incident.id)).toEqual([
      "inc-7f3a",
      "waits",
      "came-later",
    ]);
  });

  it("does not let one channel's trouble delay another", async () => {
    const slack = new ScriptedNotifier("slack:C1").next("hang");
    const mail = new ScriptedNotifier("email:a@example.com");
    const { dispatcher, clock } = aDispatcher([
      [slack, PRIMARY],
      [mail, MAIL],
    ]);

    dispatcher.notify(opened, "opened");
    await pass(clock, 0);

    expect(mail.reasons).toEqual(["opened"]);
  });

  it("does not hammer a receiver that refused for good", async () => {
    const slack = new ScriptedNotifier("slack:C1").always(DEAD);
    const { dispatcher, clock } = aDispatcher([[slack, PRIMARY]]);

    dispatcher.notify(opened, "opened");
    await dispatcher.idle();
    dispatcher.notify(grown, "updated");
    await dispatcher.idle();
    expect(slack.tried).toHaveLength(1);

    await pass(clock, 600_000);
    slack.always(null);
    dispatcher.notify({ ...grown, revision: 9 }, "updated");
    await dispatcher.idle();
    expect(slack.reasons).toEqual(["opened"]);
  });

  it("pages although the store is down, and writes it down later", async () => {
    const slack = new ScriptedNotifier("slack:C1");
    const { dispatcher, store } = aDispatcher([[slack, PRIMARY]]);
    store.isDown = true;

    dispatcher.notify(opened, "opened");
    await dispatcher.idle();
    expect(slack.reasons).toEqual(["opened"]);
    store.isDown = false;
    await dispatcher.stop();

    expect(store.deliveries.map((row) => row.status)).toEqual(["sending", "delivered"]);
  });
});

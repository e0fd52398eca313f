import { describe, expect, it } from "@jest/globals";

import { anIncident } from "../support/incident-builders.ts";
import {
  DOWN,
  MAIL,
  PRIMARY,
  aDispatcher,
  deliveriesOf,
  grown,
  opened,
  pass,
  resolved,
} from "./a-dispatcher.ts";
import { ScriptedNotifier } from "./scripted-notifier.ts";

describe("Dispatcher", () => {
  describe("in good times", () => {
    it("pages once, edits, and tells the end, with the reference of the first message", async () => {
      const slack = new ScriptedNotifier("slack:C1");
      const { dispatcher, clock } = aDispatcher([[slack, PRIMARY]]);

      dispatcher.notify(opened, "opened");
      await dispatcher.idle();
      await pass(clock, 30_000);
      dispatcher.notify(grown, "updated");
      await dispatcher.idle();
      dispatcher.notify(resolved, "resolved");
      await dispatcher.idle();

      expect(slack.reasons).toEqual(["opened", "updated", "resolved"]);
      expect(slack.arrived.map((one) => one.reference)).toEqual(["", "ref-1", "ref-1"]);
    });

    it("writes down each send before and after", async () => {
      const slack = new ScriptedNotifier("slack:C1");
      const { dispatcher, store } = aDispatcher([[slack, PRIMARY]]);

      dispatcher.notify(opened, "opened");
      await dispatcher.idle();

      expect(store.deliveries).toMatchObject([
        { status: "sending", attempt: 1, receiver: "slack:C1", reason: "opened" },
        { status: "delivered", attempt: 1, reference: "ref-1", incident_id: "inc-7f3a" },
      ]);
      expect(new Set(store.deliveries.map((row) => row.delivery_id)).size).toBe(1);
    });

    it("holds an edit back until its time, then sends the newest numbers", async () => {
      const slack = new ScriptedNotifier("slack:C1");
      const { dispatcher, clock } = aDispatcher([[slack, PRIMARY]]);
      dispatcher.notify(opened, "opened");
      await dispatcher.idle();

      dispatcher.notify(grown, "updated");
      await dispatcher.idle();
      dispatcher.notify({ ...grown, revision: 3, actualUsdPerHour: 9_999 }, "updated");
      await pass(clock, 29_999);
      expect(slack.reasons).toEqual(["opened"]);
      await pass(clock, 1);

      expect(slack.reasons).toEqual(["opened", "updated"]);
      expect(slack.arrived[1]!.incident.actualUsdPerHour).toBe(9_999);
    });

    it("keeps the receiver's pace", async () => {
      const slack = new ScriptedNotifier("slack:C1");
      const { dispatcher, clock } = aDispatcher([[slack, PRIMARY]], { minIntervalMs: 1_100 });

      for (const id of ["a", "b", "c"]) dispatcher.notify(anIncident({ id }), "opened");
      await pass(clock, 0);
      expect(slack.arrived).toHaveLength(1);
      await pass(clock, 1_100);
      expect(slack.arrived).toHaveLength(2);
      await pass(clock, 1_100);
      expect(slack.arrived).toHaveLength(3);
    });

    it("sends nothing about a muted incident and writes that down once", async () => {
      const slack = new ScriptedNotifier("slack:C1");
      const { dispatcher, store, clock, metrics } = aDispatcher([[slack, PRIMARY]]);
      const muted = anIncident({ mutedUntilMs: clock.now() + 60_000 });

      dispatcher.notify(muted, "opened");
      await dispatcher.idle();
      dispatcher.notify({ ...muted, revision: 2 }, "updated");
      await dispatcher.idle();

      expect(slack.tried).toEqual([]);
      expect(store.deliveries).toMatchObject([
        {
          status: "failed",
          attempt: 0,
          error: expect.stringMatching(/^muted until 2026-10-30T14:01/),
        },
      ]);
      expect(await deliveriesOf(metrics)).toEqual({ "slack muted": 1 });
    });

    it("counts deliveries by channel, never by address", async () => {
      const mail = new ScriptedNotifier("email:a@example.com").next(DOWN);
      const { dispatcher, clock, metrics } = aDispatcher([[mail, MAIL]]);

      dispatcher.notify(opened, "opened");
      await pass(clock, 2_000);
      await dispatcher.idle();

      expect(await deliveriesOf(metrics)).toEqual({ "email failed": 1, "email delivered": 1 });
    });

    it("forgets what ended, four days later", async () => {
      const slack = new ScriptedNotifier("slack:C1");
      const { dispatcher, clock } = aDispatcher([[slack, PRIMARY]]);
      dispatcher.notify(opened, "opened");
      await dispatcher.idle();
      dispatcher.notify(resolved, "resolved");
      await dispatcher.idle();

      await pass(clock, 4 * 86_400_000 + 1);
      dispatcher.notify(anIncident({ id: "inc-later" }), "opened");
      await dispatcher.idle();
      dispatcher.notify(anIncident({ revision: 4 }), "reopened");
      await dispatcher.idle();

      expect(slack.reasons).toEqual(["opened", "resolved", "opened", "opened"]);
    });
  });

  describe("in a storm", () => {
    it("groups what comes beyond five pages a minute into one message", async () => {
      const slack = new ScriptedNotifier("slack:C1");
      const { dispatcher, clock } = aDispatcher([[slack, PRIMARY]]);

      for (let number = 1; number <= 12; number++) {
        dispatcher.notify(anIncident({ id: `inc-${number}` }), "opened");
      }
      await dispatcher.idle();

      expect(slack.arrived).toHaveLength(6);
      expect(slack.arrived[5]!.others).toHaveLength(6);
      dispatcher.notify(anIncident({ id: "inc-13" }), "opened");
      await pass(clock, 59_000);
      expect(slack.arrived).toHaveLength(6);
      await pass(clock, 1_000);
      expect(slack.arrived[6]!.incident.id).toBe("inc-13");
    });

    it("rings for what burns again out of the same five pages a minute", async () => {
      const slack = new ScriptedNotifier("slack:C1");
      const { dispatcher, clock } = aDispatcher([[slack, PRIMARY]]);
      dispatcher.notify(opened, "opened");
      await dispatcher.idle();
      dispatcher.notify(resolved, "resolved");
      await dispatcher.idle();
      for (let number = 1; number <= 6; number++) {
        dispatcher.notify(anIncident({ id: `inc-${number}` }), "opened");
      }
      await dispatcher.idle();
      const before = slack.arrived.length;

      dispatcher.notify(anIncident({ revision: 4 }), "reopened");
      await pass(clock, 59_000);
      expect(slack.arrived).toHaveLength(before);
      await pass(clock, 1_000);
      expect(slack.arrived.at(-1)).toMatchObject({ reason: "reopened" });
    });

    it("edits no storm's message into one incident's", async () => {
      const slack = new ScriptedNotifier("slack:C1");
      const { dispatcher, clock } = aDispatcher([[slack, PRIMARY]]);
      for (let number = 1; number <= 7; number++) {
        dispatcher.notify(anIncident({ id: `inc-${number}` }), "opened");
      }
      await dispatcher.idle();

      await pass(clock, 60_000);
      dispatcher.notify({ ...grown, id: "inc-7" }, "updated");
      dispatcher.notify({ ...resolved, id: "inc-7" }, "resolved");
      await dispatcher.idle();

      expect(slack.arrived).toHaveLength(6);
    });

    it("bounds what waits, and tells what found no room with its next change", async () => {
      const slack = new ScriptedNotifier("slack:C1").next("hang");
      const { dispatcher, clock, metrics } = aDispatcher([[slack, PRIMARY]], { queueLimit: 2 });
      dispatcher.notify(opened, "opened");
      await pass(clock, 0);

      for (const id of ["a", "b", "c"]) dispatcher.notify(anIncident({ id }), "opened");

      expect(await deliveriesOf(metrics)).toEqual({ "slack overflow": 1 });
    });
  });
});

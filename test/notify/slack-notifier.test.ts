import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";

import type { Delivery, Notification } from "../../src/notify/notifier.ts";
import { SlackNotifier } from "../../src/notify/slack-notifier.ts";
import { anIncident } from "../support/incident-builders.ts";
import { FakeSlack, type Fault } from "../support/slack/fake-slack.ts";

const OPTIONS = { publicUrl: "https://spend.example", commandOptions: "" };

describe("SlackNotifier", () => {
  let slack: FakeSlack;
  beforeEach(async () => {
    slack = await FakeSlack.start();
  });
  afterEach(() => slack.stop());

  function aNotifier(changes: { token?: string; channel?: string; timeoutMs?: number } = {}) {
    const { token, channelId: channel, apiUrl } = slack;
    return new SlackNotifier({ ...OPTIONS, token, channel, apiUrl, ...changes });
  }

  async function posted(notifier: SlackNotifier): Promise<string> {
    const delivery = await notifier.send(opened());
    if (delivery.kind !== "delivered") throw new Error(delivery.error);
    return delivery.reference;
  }

  it("gives channel and ts as reference, also where the channel is set by name", async () => {
    const reference = await posted(aNotifier({ channel: slack.channelName }));

    expect(reference).toBe(`${slack.channelId}:${slack.pages[0]!.ts}`);
  });

  it("marks the message with the incident, so that it can be found again", async () => {
    await posted(aNotifier());

    expect(slack.pages[0]!.metadata).toEqual({
      event_type: "spikewatch_incident",
      event_payload: { incident_id: "inc-7f3a", revision: 1, reason: "opened" },
    });
  });

  it("edits the one message as the incident grows", async () => {
    const notifier = aNotifier();
    const reference = await posted(notifier);

    const delivery = await notifier.send({ ...opened(), reason: "updated", reference });

    expect(delivery).toEqual({ kind: "delivered", reference });
    expect(slack.posts.map((post) => post.edits)).toEqual([1]);
  });

  it.each(["resolved", "escalated", "reopened"] as const)(
    "adds a line to the thread when %s",
    async (reason) => {
      const notifier = aNotifier();
      const reference = await posted(notifier);

      await notifier.send({ ...opened(), reason, reference });

      expect(slack.pages).toHaveLength(1);
      expect(slack.replies).toHaveLength(1);
      expect(slack.replies[0]!.threadTs).toBe(slack.pages[0]!.ts);
      expect(slack.replies[0]!.broadcast).toBe(reason !== "resolved");
    },
  );

  it("does not take the line of an earlier night for this night's, after a lost answer", async () => {
    const notifier = aNotifier();
    const reference = await posted(notifier);
    const night = (revision: number, after: number): Notification => ({
      reason: "reopened",
      incident: anIncident({ revision }),
      reference,
      after,
    });
    await notifier.send(night(4, 3));

    expect(await notifier.find(night(4, 3))).toBe(reference);
    expect(await notifier.find(night(7, 6))).toBeNull();
  });

  it("posts anew where the message to edit is gone", async () => {
    const notifier = aNotifier();
    const reference = await posted(notifier);
    slack.remove(slack.pages[0]!.ts);

    const delivery = await notifier.send({ ...opened(), reason: "updated", reference });

    expect(delivery).toEqual({
      kind: "delivered",
      reference: `${slack.channelId}:${slack.pages[0]!.ts}`,
    });
    expect(delivery).not.toMatchObject({ reference });
  });

  it("sends words alone, once, where the workspace refuses the blocks", async () => {
    slack.fail("chat.postMessage", { kind: "error", error: "invalid_blocks" });

    const delivery = await aNotifier().send(opened());

    expect(delivery.kind).toBe("delivered");
    expect(slack.pages[0]!.blocks).toEqual([]);
    expect(slack.pages[0]!.text).toContain("$25.0k over the next 24 h");
    expect(slack.pages[0]!.text).toContain("96% of the excess");
  });

  it("gives up where even the words are refused", async () => {
    const refusal: Fault = { kind: "error", error: "invalid_blocks" };
    slack.fail("chat.postMessage", refusal, refusal);

    expect(await aNotifier().send(opened())).toEqual({
      kind: "permanent",
      error: "slack answered invalid_blocks",
    });
    expect(slack.countOf("chat.postMessage")).toBe(2);
  });

  it.each<[what: string, fault: Fault, end: Partial<Delivery>]>([
    [
      "a rate limit is retryable, not before the time Slack gave",
      { kind: "rate-limited", retryAfterSeconds: 7 },
      { kind: "retryable", retryAfterMs: 7_000 },
    ],
    [
      "a refusal for now is retryable",
      { kind: "error", error: "service_unavailable" },
      { kind: "retryable" },
    ],
    ["a 500 may have come after the message", { kind: "http", status: 500 }, { kind: "ambiguous" }],
    [
      "fatal_error may have come after the message",
      { kind: "error", error: "fatal_error" },
      { kind: "ambiguous" },
    ],
    ["a cut connection is ambiguous", { kind: "drop-before" }, { kind: "ambiguous" }],
    ["a lost answer is ambiguous", { kind: "drop-after" }, { kind: "ambiguous" }],
    ["no answer in time is ambiguous", { kind: "hang" }, { kind: "ambiguous" }],
    [
      "an archived channel is final",
      { kind: "error", error: "is_archived" },
      { kind: "permanent", error: "slack answered is_archived" },
    ],
    [
      "an unknown refusal is final",
      { kind: "error", error: "brand_new_rule" },
      { kind: "permanent" },
    ],
    [
      "what is not Slack's answer is ambiguous",
      { kind: "error", error: "<html>login to the proxy" },
      { kind: "ambiguous" },
    ],
  ])("%s", async (_what, fault, end) => {
    slack.fail("chat.postMessage", fault);

    expect(await aNotifier({ timeoutMs: 300 }).send(opened())).toMatchObject(end);
    expect(slack.countOf("chat.postMessage")).toBe(1);
  });

  it("names a wrong channel and a revoked token as final", async () => {
    expect(await aNotifier({ channel: "#nowhere" }).send(opened())).toEqual({
      kind: "permanent",
      error: "slack answered channel_not_found",
    });
    slack.revokeToken();
    expect(await aNotifier().send(opened())).toEqual({
      kind: "permanent",
      error: "slack answered token_revoked",
    });
  });

  it("never says its token, whatever fails", async () => {
    const token = "xoxb-very-secret-token";
    const faults: Fault[] = [
      { kind: "http", status: 500 },
      { kind: "drop-before" },
      { kind: "error", error: "fatal_error" },
      { kind: "error", error: `<p>${token}</p>` },
    ];
    slack.fail("chat.postMessage", ...faults);
    const notifier = aNotifier({ token });

    for (const fault of [...faults, "invalid_auth"]) {
      const delivery = await notifier.send(opened());
      expect([fault, delivery.kind]).not.toEqual([fault, "delivered"]);
      expect(JSON.stringify(delivery)).not.toContain("secret");
    }
  });

  describe("find", () => {
    it("finds the message whose answer was lost", async () => {
      const notifier = aNotifier();
      await notifier.send(opened("inc-other"));
      slack.fail("chat.postMessage", { kind: "drop-after" });
      await notifier.send(opened());

      expect(await notifier.find(opened())).toBe(`${slack.channelId}:${slack.pages[1]!.ts}`);
    });

    it("finds nothing where the message never arrived", async () => {
      const notifier = aNotifier();
      slack.fail("chat.postMessage", { kind: "drop-before" });
      await notifier.send(opened());

      expect(await notifier.find(opened())).toBeNull();
    });

    it("finds every incident of a storm's message", async () => {
      const notifier = aNotifier();
      await notifier.send({ ...opened(), others: [anIncident({ id: "inc-2" })] });

      expect(await notifier.find(opened("inc-2"))).toMatch(/^C0SPEND01:/);
      expect(await notifier.find(opened("inc-3"))).toBeNull();
    });

    it("knows a thread's line from the message itself", async () => {
      const notifier = aNotifier();
      const reference = await posted(notifier);
      const resolved: Notification = { ...opened(), reason: "resolved", reference };

      expect(await notifier.find(resolved)).toBeNull();
      slack.fail("chat.postMessage", { kind: "drop-after" });
      expect((await notifier.send(resolved)).kind).toBe("ambiguous");
      expect(await notifier.find(resolved)).toBe(reference);
    });

    it("says no where it may not look, and will not say while Slack does not answer", async () => {
      const blind = await FakeSlack.start({ forbidden: ["conversations.history"] });
      const { token, channelId: channel, apiUrl } = blind;
      const notifier = new SlackNotifier({ ...OPTIONS, token, channel, apiUrl });

      expect(await notifier.find(opened())).toBeNull();
      await blind.stop();
      slack.fail("conversations.history", { kind: "http", status: 503 });
      await expect(aNotifier().find(opened())).rejects.toMatchObject({ retryable: true });
    });
  });
});

function opened(id = "inc-7f3a"): Notification {
  return { reason: "opened", incident: anIncident({ id }), reference: "" };
}

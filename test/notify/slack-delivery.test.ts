import { setImmediate as turn } from "node:timers/promises";

import { afterEach, describe, expect, it } from "@jest/globals";

import { Dispatcher } from "../../src/notify/dispatcher.ts";
import { ConsoleNotifier } from "../../src/notify/console-notifier.ts";
import { SlackNotifier } from "../../src/notify/slack-notifier.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { anIncident } from "../support/incident-builders.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MemoryIncidentStore } from "../support/memory-incident-store.ts";
import { FakeSlack, type Fault, type FakeSlackOptions } from "../support/slack/fake-slack.ts";

const OPTIONS = { publicUrl: "https://spend.example", commandOptions: "" };

/** The dispatcher and the real Slack client over real HTTP, with virtual waits. */
describe("A page on its way to Slack", () => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  });

  async function aLine(slackOptions: FakeSlackOptions = {}, minIntervalMs = 0) {
    const clock = new ManualClock();
    const slack = await FakeSlack.start({ ...slackOptions, now: () => clock.now() });
    const store = new MemoryIncidentStore();
    const terminal: string[] = [];
    const { token, channelId: channel, apiUrl } = slack;
    const dispatcher = new Dispatcher({
      receivers: [
        {
          notifier: new SlackNotifier({ ...OPTIONS, token, channel, apiUrl, timeoutMs: 250 }),
          rules: { role: "primary", tickets: true, edits: true },
          minIntervalMs,
        },
        {
          notifier: new ConsoleNotifier({
            ...OPTIONS,
            output: { write: (text) => terminal.push(text) },
            width: 200,
            colour: false,
          }),
          rules: { role: "fallback", tickets: true, edits: true },
          minIntervalMs: 0,
        },
      ],
      store,
      clock,
      logger: silentLogger,
      metrics: new Metrics(),
    });
    closing.push(
      () => slack.stop(),
      () => dispatcher.stop(),
    );
    /** Time passes only while nothing is on the wire. */
    const until = async (done: () => boolean): Promise<void> => {
      while (!done()) {
        await turn();
        if (clock.sleeping > 0) await clock.advance(50);
      }
    };
    const settled = (): boolean =>
      store.deliveries.some((row) => row.status === "delivered" || row.status === "dead");
    return { dispatcher, slack, store, terminal, clock, until, settled };
  }

  it.each<[what: string, faults: readonly Fault[]]>([
    ["is limited", [{ kind: "rate-limited", retryAfterSeconds: 3 }]],
    ["answers 500", [{ kind: "http", status: 500 }]],
    ["cuts the connection before it takes the message", [{ kind: "drop-before" }]],
    ["cuts the connection after it took the message", [{ kind: "drop-after" }]],
    ["takes the message and never answers", [{ kind: "hang" }]],
    [
      "has a very bad day",
      [
        { kind: "http", status: 503 },
        { kind: "drop-before" },
        { kind: "rate-limited", retryAfterSeconds: 1 },
        { kind: "drop-after" },
      ],
    ],
  ])("arrives once where Slack %s", async (_what, faults) => {
    const { dispatcher, slack, store, until, settled } = await aLine();
    slack.fail("chat.postMessage", ...faults);

    dispatcher.notify(anIncident(), "opened");
    await until(settled);

    expect(slack.pages).toHaveLength(1);
    expect(store.deliveries.at(-1)).toMatchObject({
      status: "delivered",
      reference: `${slack.channelId}:${slack.pages[0]!.ts}`,
    });
  });

  it("is edited, not repeated, after a lost answer", async () => {
    const { dispatcher, slack, clock, until, settled } = await aLine();
    slack.fail("chat.postMessage", { kind: "drop-after" });
    dispatcher.notify(anIncident(), "opened");
    await until(settled);
    await clock.advance(30_000);

    dispatcher.notify(anIncident({ revision: 2, actualUsdPerHour: 9_000 }), "updated");
    await until(() => slack.pages[0]!.edits === 1);

    expect(slack.pages).toHaveLength(1);
    expect(slack.pages[0]!.text).toContain("$9,000/h");
  });

  it("goes to the terminal, which says why, where the token is revoked", async () => {
    const { dispatcher, slack, terminal, until } = await aLine();
    slack.revokeToken();

    dispatcher.notify(anIncident(), "opened");
    await until(() => terminal.length > 0);

    expect(slack.posts).toEqual([]);
    expect(terminal[0]).toContain("did not take this message (slack answered token_revoked)");
    expect(terminal[0]).toContain("$1,240/h");
    expect(terminal[0]).not.toContain(slack.token);
  });

  it("keeps to one a second, so that Slack has nothing to refuse", async () => {
    const { dispatcher, slack, until } = await aLine({ minIntervalMs: 1_000 }, 1_100);

    for (const id of ["a", "b", "c", "d", "e"]) dispatcher.notify(anIncident({ id }), "opened");
    await until(() => slack.pages.length === 5);

    expect(slack.countOf("chat.postMessage")).toBe(5);
  });

  it("arrives in order and once although Slack slows it down", async () => {
    const { dispatcher, slack, until } = await aLine({ minIntervalMs: 1_000 });

    for (const id of ["a", "b", "c"]) dispatcher.notify(anIncident({ id }), "opened");
    await until(() => slack.pages.length === 3);

    expect(slack.countOf("chat.postMessage")).toBeGreaterThan(3);
    expect(slack.pages.map((page) => page.metadata)).toMatchObject(
      ["a", "b", "c"].map((id) => ({ event_payload: { incident_id: id } })),
    );
  });
});

import { describe, expect, it } from "@jest/globals";
import { MemoryIncidentStore } from "../support/memory-incident-store.ts";
import { PRIMARY, aDispatcher, grown, opened, pass } from "./a-dispatcher.ts";
import { ScriptedNotifier, SearchableNotifier } from "./scripted-notifier.ts";

/** A store whose next write takes the turn away, as when the process is frozen in it. */
class FreezingStore extends MemoryIncidentStore {
  onSave: () => void = () => undefined;

  override async saveDelivery(
    row: Parameters<MemoryIncidentStore["saveDelivery"]>[0],
  ): Promise<void> {
    await super.saveDelivery(row);
    this.onSave();
  }
}

describe("Dispatcher of a process that may lose its turn", () => {
  it("stores and sends nothing while another process may be the one that tells, and goes on after", async () => {
    const slack = new ScriptedNotifier("slack:C1");
    let mine = false;
    const { dispatcher, clock, store } = aDispatcher([[slack, PRIMARY]], { mayTell: () => mine });
    dispatcher.notify(opened, "opened");
    await pass(clock, 30_000);
    expect([slack.tried, store.deliveries]).toEqual([[], []]);

    mine = true;
    await pass(clock, 60_000);
    await dispatcher.idle();

    expect(slack.reasons).toEqual(["opened"]);
  });

  it("does not let a message leave that it had stored as being sent, and the next one looks for it and sends it", async () => {
    const slack = new SearchableNotifier("slack:C1");
    const store = new FreezingStore();
    let mine = true;
    store.onSave = () => (mine = false);
    const first = aDispatcher([[slack, PRIMARY]], { store, mayTell: () => mine });
    first.dispatcher.notify(opened, "opened");
    await pass(first.clock, 5_000);
    expect(store.deliveries.map(({ status }) => status)).toEqual(["sending"]);
    expect(slack.tried).toEqual([]);
    await first.dispatcher.abandon();

    store.onSave = () => undefined;
    const second = aDispatcher([[slack, PRIMARY]], { store });
    await second.dispatcher.recover([opened]);
    await second.dispatcher.idle();
    await pass(first.clock, 120_000);

    expect(slack.finds).toHaveLength(1);
    expect(slack.reasons).toEqual(["opened"]);
  });

  it("stores how a message ended that had left, and sends nothing more, once abandoned", async () => {
    const slack = new ScriptedNotifier("slack:C1");
    const store = new MemoryIncidentStore();
    const { dispatcher, clock } = aDispatcher([[slack, PRIMARY]], { store });
    dispatcher.notify(opened, "opened");
    await dispatcher.idle();
    dispatcher.notify(grown, "updated");

    await dispatcher.abandon();
    await pass(clock, 600_000);
    dispatcher.notify(grown, "escalated");
    await pass(clock, 60_000);

    expect(slack.reasons).toEqual(["opened"]);
    expect(store.deliveries.at(-1)).toMatchObject({ status: "delivered", reason: "opened" });
    expect(slack.closed).toBe(true);
  });
});

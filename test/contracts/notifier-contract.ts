import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";

import type { Incident } from "../../src/detect/incident.ts";
import type { Delivery, Notifier } from "../../src/notify/notifier.ts";
import { HOSTILE_NAMES } from "../support/hostile-names.ts";
import { OPENED_AT, anIncident } from "../support/incident-builders.ts";

/** One adapter with eyes at its far end. */
export interface NotifierBench {
  readonly notifier: Notifier;
  /** How many times the reader's phone (or terminal) has been called so far. */
  rings(): number;
  /** All that the reader sees, as shown. */
  seen(): string;
  /** What came alive out of data: mentions, links, headers, escape sequences. Empty is right. */
  harm(): readonly string[];
  stop(): Promise<void>;
}

/** What every notifier promises. */
export function describeNotifierContract(name: string, open: () => Promise<NotifierBench>): void {
  describe(`${name}, as a Notifier`, () => {
    let bench: NotifierBench;
    beforeEach(async () => {
      bench = await open();
    });
    afterEach(() => bench.stop());

    it("names its receiver with its channel first", () => {
      expect(bench.notifier.receiver).toMatch(/^(slack|email|console)(:|$)/);
    });

    it("gives a reference for what it delivered", async () => {
      const delivery = await open1(bench, anIncident());

      expect(delivery).toMatchObject({ kind: "delivered", reference: expect.stringMatching(/./) });
      expect(bench.rings()).toBe(1);
    });

    it("says what, how much, compared with what, since when, who, why and what to do", async () => {
      await open1(bench, anIncident());

      for (const part of [
        "team checkout",
        "$1,240/h",
        "$198/h",
        "6.3×",
        "$208 above normal",
        "$25.0k over the next 24 h",
        "2026-03-04 02:41 UTC",
        "u0412",
        "96% of the excess",
        "more requests a user: 4.9×",
        "spikewatch incidents ack inc-7f3a --data /d",
        "spikewatch incidents mute inc-7f3a --for 4h --data /d",
        "https://spend.example/#incident-inc-7f3a",
      ]) {
        expect(bench.seen()).toContain(part);
      }
    });

    it("does not ring again for an update that edits", async () => {
      const first = await open1(bench, anIncident());

      if (bench.notifier.receiver.startsWith("email")) return;
      await bench.notifier.send({
        reason: "updated",
        incident: anIncident({ revision: 2, actualUsdPerHour: 2_480 }),
        reference: referenceOf(first),
      });

      expect(bench.rings()).toBe(1);
      expect(bench.seen()).toContain("$2,480/h");
    });

    it("says when it is over, with the same reference", async () => {
      const first = await open1(bench, anIncident());
      const resolved = anIncident({
        revision: 3,
        state: "resolved",
        resolvedAtMs: OPENED_AT + 45 * 60_000,
      });

      const last = await bench.notifier.send({
        reason: "resolved",
        incident: resolved,
        reference: referenceOf(first),
      });

      expect(referenceOf(last)).toBe(referenceOf(first));
      expect(bench.seen()).toContain("is back to normal since 03:26 UTC, after 45 min");
    });

    it("passes on that it stands in for another receiver", async () => {
      await bench.notifier.send({
        reason: "opened",
        incident: anIncident(),
        reference: "",
        notice: "slack:#x did not take this message (slack answered <is_archived>)",
      });

      expect(bench.seen()).toContain("slack:#x did not take this message");
      expect(bench.harm()).toEqual([]);
    });

    it("tells a storm in one message, the dearest first", async () => {
      const others = [2, 3, 4].map((number) =>
        anIncident({
          id: `inc-${number}`,
          scope: { team: `team-${number}` },
          excessUsdNext24h: number * 100_000,
        }),
      );

      await bench.notifier.send({
        reason: "opened",
        incident: anIncident(),
        reference: "",
        others,
      });

      expect(bench.rings()).toBe(1);
      expect(bench.seen()).toContain("4 incidents in the last minute");
      expect(bench.seen().indexOf("team-4")).toBeLessThan(bench.seen().indexOf("team-2"));
    });

    it.each(HOSTILE_NAMES)("keeps %s inert wherever a name can stand", async (_what, hostile) => {
      const first = await open1(bench, hostileIncident(hostile, {}));
      const seenFirst = bench.seen();
      const harmFirst = bench.harm();
      await bench.notifier.send({
        reason: "resolved",
        incident: hostileIncident(hostile, { state: "resolved", revision: 2 }),
        reference: referenceOf(first),
      });

      expect(first.kind).toBe("delivered");
      expect(seenFirst).toContain("now spends");
      expect(bench.seen()).toContain("is back to normal");
      expect([...harmFirst, ...bench.harm()]).toEqual([]);
    });
  });
}

function hostileIncident(name: string, changes: Partial<Incident>): Incident {
  const contributors = (["user", "agent", "model", "tool"] as const).map((dimension) => ({
    dimension,
    value: name,
    share: 1,
    actualUsd: 10,
    expectedUsd: 1,
  }));
  return anIncident({
    id: `inc-${name.slice(0, 40)}`,
    scope: { department: name, team: name, key: name },
    contributors,
    acknowledgedBy: name,
    ...changes,
  });
}

function open1(bench: NotifierBench, incident: Incident): Promise<Delivery> {
  return bench.notifier.send({ reason: "opened", incident, reference: "" });
}

function referenceOf(delivery: Delivery): string {
  return delivery.kind === "delivered" ? delivery.reference : "";
}

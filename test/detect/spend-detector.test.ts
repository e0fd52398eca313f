import { describe, expect, it } from "@jest/globals";
import type { Incident } from "../../src/detect/incident.ts";
import { SpendDetector } from "../../src/detect/spend-detector.ts";
import {
  anOffice,
  play,
  aRunaway,
  opened,
  merge,
  settings,
  WEEKS,
  LIVE_DAY,
} from "../support/office.ts";
import { aUse, MONDAY_MINUTE, officeDays } from "../support/spend-stream.ts";

describe("SpendDetector", () => {
  it.each([1, 2, 3])("pages nobody on an ordinary day (office %i)", (seed) => {
    const { detector, monday } = anOffice(seed);

    expect(opened(play(detector, monday))).toEqual([]);
  });

  it.each([11, 12])(
    "pages once for a runaway agent, at the user who runs it (office %i)",
    (seed) => {
      const { detector, monday } = anOffice(seed);
      const start = LIVE_DAY + 11 * 60;

      const changes = play(detector, merge(monday, aRunaway(6, start, 90)));

      const incidents = opened(changes);
      expect(incidents).toHaveLength(1);
      expect(incidents[0]).toMatchObject({
        kind: "spike",
        severity: "page",
        scope: { department: "engineering", team: "team-2", user: "user-2-5", key: "key-2-5" },
      });
      expect(incidents[0]!.openedAtMs / 60_000 - start).toBeLessThan(6);
    },
  );

  it("follows the incident's dollars and resolves it after thirty quiet minutes", () => {
    const { detector, monday } = anOffice(21);
    const start = LIVE_DAY + 11 * 60;

    const changes = play(detector, merge(monday, aRunaway(6, start, 60)));

    const last = changes.filter(({ reason }) => reason === "resolved");
    expect(last).toHaveLength(1);
    const { incident } = last[0]!;
    expect(incident.excessUsd).toBeGreaterThan(340);
    expect(incident.excessUsd).toBeLessThan(380);
    const minutes = incident.resolvedAtMs! / 60_000 - (start + 60);
    expect(minutes).toBeGreaterThanOrEqual(29);
    expect(minutes).toBeLessThan(120);
  });

  it("names the contributors as shares of the excess that add up to one", () => {
    const { detector, monday } = anOffice(22);

    const changes = play(detector, merge(monday, aRunaway(8, LIVE_DAY + 14 * 60, 40)));

    const { contributors } = changes.at(-1)!.incident;
    for (const dimension of ["user", "key", "model", "tool"] as const) {
      const shares = contributors.filter((one) => one.dimension === dimension);
      expect(shares.length).toBeGreaterThan(0);
      expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
    }
    expect(contributors.find(({ dimension }) => dimension === "key")).toMatchObject({
      value: "key-2-5",
    });
  });

  it.each([22, 26])(
    "opens a team's incident when everybody in it spends five times as much (office %i)",
    (seed) => {
      const { detector, monday } = anOffice(seed);
      const from = LIVE_DAY + 10 * 60;
      const surge = monday.map((use) =>
        use.team === "team-1" && use.minute >= from
          ? {
              ...use,
              usd: use.usd * 5,
              usdSquared: use.usdSquared * 25,
              requests: use.requests * 5,
              tokens: use.tokens * 5,
            }
          : use,
      );

      const incidents = opened(play(detector, surge));

      expect(incidents.length).toBeGreaterThan(0);
      expect(incidents.every(({ scope }) => scope.team === "team-1")).toBe(true);
      expect(incidents[0]!.scope).toEqual({ department: "engineering", team: "team-1" });
      expect(
        incidents[0]!.factors.find(({ factor }) => factor === "requests_per_active_user")!.ratio,
      ).toBeGreaterThan(1);
    },
  );

  it("comes to the same incidents however the panes are cut into batches", () => {
    const scope = (incident: Incident): unknown => [
      incident.scope,
      Math.floor(incident.openedAtMs / 60_000),
    ];
    const runaway = aRunaway(6, LIVE_DAY + 11 * 60, 60);
    const fine = anOffice(24);
    const coarse = anOffice(24);

    const byMinute = opened(play(fine.detector, merge(fine.monday, runaway)));
    const all = merge(coarse.monday, runaway);
    const inOne = opened(coarse.detector.observe(all, all.at(-1)!.minute * 60_000 + 30_000));

    expect(inOne).toHaveLength(1);
    expect(inOne.map(scope)).toEqual(byMinute.map(scope));
  });

  it("goes on with an open incident after a restart, and pages nothing twice", () => {
    const start = LIVE_DAY + 11 * 60;
    const first = anOffice(25);
    const runaway = aRunaway(6, start, 60);
    const all = merge(first.monday, runaway);
    const before = all.filter(({ minute }) => minute < start + 20);
    const [incident] = opened(play(first.detector, before));
    const current = first.detector.incidents.find(({ id }) => id === incident!.id)!;

    const second = new SpendDetector(settings);
    second.restore([{ incident: current, track: first.detector.trackOf(incident!.id)! }]);
    for (const uses of officeDays({ seed: 25, days: WEEKS * 7 })) second.learn(uses);
    second.learn(before);
    const caught = second.catchUp();
    const after = play(
      second,
      all.filter(({ minute }) => minute >= start + 20),
    );

    expect(opened([...caught, ...after])).toEqual([]);
    const resolved = after.find(({ reason }) => reason === "resolved")!;
    expect(resolved.incident.id).toBe(incident!.id);
    expect(resolved.incident.excessUsd).toBeGreaterThan(330);
  });

  it("learns nothing from an incident: the same spike pages again a week later", () => {
    const { detector, monday } = anOffice(26);
    play(detector, merge(monday, aRunaway(6, LIVE_DAY + 11 * 60, 60)));
    let day = 0;
    for (const uses of officeDays({ seed: 99, days: 7, from: LIVE_DAY + 1440 })) {
      if (day++ < 6) play(detector, uses);
    }

    const again = play(detector, aRunaway(6, LIVE_DAY + 7 * 1440 + 11 * 60, 30));

    expect(opened(again)).toHaveLength(1);
  });

  it("resolves an incident when the feed falls silent", () => {
    const { detector, monday } = anOffice(27);
    const start = LIVE_DAY + 11 * 60;
    const until = monday.filter(({ minute }) => minute < start + 20);
    play(detector, merge(until, aRunaway(6, start, 20)));

    const changes = detector.passTime((start + 200) * 60_000);

    expect(changes.map(({ reason }) => reason)).toEqual(["resolved"]);
  });

  it("takes one event from 1970 for no history", () => {
    const detector = new SpendDetector(settings);
    const someone = { team: "team-2", user: "user-2-5", key: "key-2-5" };
    detector.observe([aUse({ minute: 5, ...someone })], 330_000);

    const changes = [...officeDays({ seed: 5, days: 4 })].flatMap((uses) => play(detector, uses));

    expect(opened(changes)).toEqual([]);
  });

  it("pages nobody while it knows less than two days", () => {
    const detector = new SpendDetector(settings);

    const changes = play(detector, aRunaway(50, MONDAY_MINUTE, 120));

    expect(opened(changes)).toEqual([]);
  });
});

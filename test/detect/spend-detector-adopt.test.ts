import { describe, expect, it } from "@jest/globals";
import type { Track } from "../../src/detect/episode.ts";
import { HOUR } from "../../src/detect/hour-log.ts";
import type { Incident } from "../../src/detect/incident.ts";
import type { PaneUse } from "../../src/detect/series-tree.ts";
import type { SpendDetector } from "../../src/detect/spend-detector.ts";
import { opened, play } from "../support/office.ts";
import { learnt, nodeOf, NOON, personal, usualUses } from "./small-office.ts";

/** Ada's agent in a loop, beside everybody's ordinary afternoon. */
function afternoon(minutes: number): PaneUse[] {
  const loop = Array.from({ length: minutes }, (_, index) =>
    personal("ada", { minute: NOON + index, usd: 0.5, requests: 10 }),
  );
  const usual = usualUses(NOON + 6 * 60).filter(({ minute }) => minute >= NOON);
  return [...usual, ...loop].sort((a, b) => a.minute - b.minute);
}

const between = (uses: readonly PaneUse[], from: number, to: number): PaneUse[] =>
  uses.filter(({ minute }) => minute >= NOON + from && minute < NOON + to);

/** As it is stored: what another process reads back shares no object. */
function stored(detector: SpendDetector): { incident: Incident; track: Track }[] {
  return detector.incidents.flatMap((incident) => {
    const track = detector.trackOf(incident.id);
    return track === null ? [] : [structuredClone({ incident, track })];
  });
}

describe("SpendDetector that adopts what another one found", () => {
  it("takes over an incident in the middle and carries it to the same end", () => {
    const [leader, follower] = [learnt(), learnt()];
    const day = afternoon(90);
    const [incident] = opened(play(leader, between(day, 0, 60)));
    expect(incident?.scope.user).toBe("ada");

    follower.learn(between(day, 0, 60));
    follower.adopt(stored(leader));
    const changes = [...follower.catchUp(), ...play(follower, between(day, 60, 360))];
    play(leader, between(day, 60, 360));

    expect(opened(changes)).toEqual([]);
    const [mine] = follower.incidents;
    const [theirs] = leader.incidents;
    expect(follower.incidents).toHaveLength(1);
    expect(mine).toMatchObject({ state: "resolved", id: incident!.id });
    expect(theirs).toMatchObject({ state: "resolved", id: incident!.id });
    expect(mine!.resolvedAtMs).toBe(theirs!.resolvedAtMs);
    expect(mine!.actualUsd).toBeCloseTo(theirs!.actualUsd, 6);
    expect(mine!.excessUsd / theirs!.excessUsd).toBeCloseTo(1, 1);
  });

  it("believes the newer revision, and forgets none that it knew", () => {
    const [leader, follower] = [learnt(), learnt()];
    const day = afternoon(90);
    play(leader, between(day, 0, 60));
    follower.learn(between(day, 0, 60));
    const early = stored(leader);
    follower.adopt(early);

    play(leader, between(day, 60, 80));
    const late = stored(leader);
    follower.adopt(late);
    follower.adopt(early);
    follower.adopt([]);

    expect(late[0]!.incident.revision).toBeGreaterThan(early[0]!.incident.revision);
    expect(follower.incidents).toEqual(leader.incidents);
    expect(follower.trackOf(late[0]!.incident.id)).toEqual(late[0]!.track);
  });

  it("does not learn as normal what an incident adds", () => {
    const [leader, follower, naive] = [learnt(), learnt(), learnt()];
    const day = afternoon(240);
    for (let from = 0; from < 360; from += 5) {
      const some = between(day, from, from + 5);
      play(leader, some);
      follower.adopt(stored(leader));
      follower.learn(some);
      naive.learn(some);
    }
    const tomorrow = (detector: SpendDetector): number =>
      nodeOf(detector, "team").expectedWindow(HOUR.usd, NOON + 1440 + 239, 240);

    expect(leader.incidents).toHaveLength(1);
    expect(tomorrow(naive)).toBeGreaterThan(tomorrow(leader) + 5);
    expect(Math.abs(tomorrow(follower) - tomorrow(leader))).toBeLessThan(2);
  });
});

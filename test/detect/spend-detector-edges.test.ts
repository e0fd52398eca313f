import { describe, expect, it } from "@jest/globals";
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
import { aUse, officeDays } from "../support/spend-stream.ts";

describe("SpendDetector at its edges", () => {
  it("keeps an incident of somebody first seen in it over a restart", () => {
    const start = LIVE_DAY + 11 * 60;
    const newcomer = aRunaway(9, start, 60).map((use) => ({
      ...use,
      user: "newbot",
      key: "newbot",
    }));
    const first = anOffice(31);
    const before = merge(first.monday, newcomer).filter(({ minute }) => minute < start + 20);
    const [incident] = opened(play(first.detector, before));
    expect(incident!.scope.user).toBe("newbot");

    const second = new SpendDetector(settings);
    second.restore([
      { incident: first.detector.incidents[0]!, track: first.detector.trackOf(incident!.id)! },
    ]);
    for (const uses of officeDays({ seed: 31, days: WEEKS * 7 })) second.learn(uses);
    second.learn(before);
    const caught = second.catchUp();
    const after = play(
      second,
      newcomer.filter(({ minute }) => minute >= start + 20),
    );

    expect(opened([...caught, ...after])).toEqual([]);
    expect(second.incidents.map(({ id }) => id)).toEqual([incident!.id]);
  });

  it("is not moved by one event from far ahead", () => {
    const { detector, monday } = anOffice(32);
    const start = LIVE_DAY + 11 * 60;
    const stray = aUse({ minute: LIVE_DAY + 20 * 1440, team: "team-0", user: "user-0-1" });

    const changes = play(detector, [
      ...monday.filter(({ minute }) => minute < start),
      stray,
      ...merge(
        monday.filter(({ minute }) => minute >= start),
        aRunaway(8, start, 30),
      ),
    ]);

    expect(opened(changes).map(({ scope }) => scope.user)).toEqual(["user-2-5"]);
  });

  it("lets a ticket about prices silence no page", () => {
    const { detector, monday } = anOffice(33);
    const dearer = monday.map((use) => ({
      ...use,
      usd: use.usd * 1.6,
      usdSquared: use.usdSquared * 2.6,
    }));
    const start = LIVE_DAY + 14 * 60;

    const incidents = opened(play(detector, merge(dearer, aRunaway(12, start, 40))));

    const pages = incidents.filter(({ severity }) => severity === "page");
    expect(pages.map(({ scope }) => scope.user)).toContain("user-2-5");
  });

  it("learns a level that stays: days later nobody is paged for it", () => {
    const { detector } = anOffice(34);
    const opens: number[] = [];
    let day = 0;
    for (const uses of officeDays({ seed: 77, days: 12, from: LIVE_DAY })) {
      const busier = uses.map((use) =>
        use.team === "team-1" ? { ...use, usd: use.usd * 8 } : use,
      );
      opens.push(
        opened(play(detector, busier)).filter(({ severity }) => severity === "page").length,
      );
      day++;
    }

    expect(day).toBe(12);
    expect(opens[0]).toBeGreaterThan(0);
    expect(opens[0]).toBeLessThanOrEqual(3);
    expect(opens.slice(7).reduce((sum, count) => sum + count, 0)).toBe(0);
  });
});

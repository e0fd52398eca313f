import { describe, expect, it } from "@jest/globals";
import { Calibration } from "../../src/detect/calibration.ts";
import type { SeriesNode } from "../../src/detect/series-node.ts";
import { aNode } from "../support/series-builders.ts";
import { seeded } from "../support/spend-stream.ts";

const SLOT = 0;

function aTeamOf(count: number, name = "payments"): { team: SeriesNode; people: SeriesNode[] } {
  const team = aNode("team", name);
  const people = Array.from({ length: count }, (_, one) => aNode("user", `${name}-${one}`, team));
  return { team, people };
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Days of everybody, each with a usual day of their own: `centre`, give or take one, half a unit off from day to day. */
function live(
  calibration: Calibration,
  people: readonly SeriesNode[],
  options: { readonly days: number; readonly seed?: number; readonly centre?: number },
): void {
  const { days, seed = 1, centre = 2 } = options;
  const random = seeded(seed);
  const usual = people.map(() => centre + normal(random));
  const first = Math.max(...people.map(({ tails }) => tails.day)) + 1;
  for (let day = first; day <= first + days; day++) {
    people.forEach((person, index) => {
      calibration.turn(person, day, true);
      if (day < first + days) person.tails.note(SLOT, usual[index]! + 0.5 * normal(random));
    });
  }
}

describe("Calibration", () => {
  it("says of honest forecasts how often they fail: a chance of one in a hundred comes once in a hundred days", () => {
    const calibration = new Calibration();
    const { people } = aTeamOf(60);
    live(calibration, people, { days: 60 });

    const random = seeded(7);
    let beyond = 0;
    let all = 0;
    const bounds = people.map((person) => calibration.valueAt(person, SLOT, 2));
    const usual = people.map((person) => person.tails.usual(SLOT));
    for (let day = 0; day < 400; day++) {
      people.forEach((_, index) => {
        beyond += Number(usual[index]! + 0.5 * normal(random) > bounds[index]!);
        all++;
      });
    }

    expect(beyond / all).toBeLessThan(0.02);
    expect(beyond / all).toBeGreaterThan(0.001);
  });

  it("counts a day by what was known before it, never by itself", () => {
    const [calibration, told] = [new Calibration(), new Calibration()];
    const [a, b] = [aTeamOf(20).people, aTeamOf(20).people];
    live(calibration, a, { days: 20 });
    live(told, b, { days: 20 });
    const before = calibration.surprise(a[0]!, SLOT, 30);
    a[0]!.tails.note(SLOT, 30);

    expect(calibration.surprise(a[0]!, SLOT, 30)).toBe(before);
    expect(before).toBe(told.surprise(b[0]!, SLOT, 30));
    calibration.turn(a[0]!, 99, true);
    expect(calibration.surprise(a[0]!, SLOT, 30)).toBeLessThan(before);
  });

  it("counts no series' first day: nothing was known of it", () => {
    const calibration = new Calibration();
    const { people } = aTeamOf(10);
    live(calibration, people, { days: 1 });
    expect(calibration.days(people[0]!, SLOT)).toBe(0);

    live(calibration, people, { days: 3, seed: 2 });
    expect(calibration.days(people[0]!, SLOT)).toBe(30);
  });

  it("learns nothing from a day that does not count", () => {
    const calibration = new Calibration();
    const { people } = aTeamOf(5);
    live(calibration, people, { days: 10 });
    const bound = calibration.valueAt(people[0]!, SLOT, 3);

    people[0]!.tails.note(SLOT, 50);
    calibration.turn(people[0]!, 50, false);

    expect(calibration.valueAt(people[0]!, SLOT, 3)).toBe(bound);
  });

  it("gives with value and surprise each other's inverse", () => {
    const calibration = new Calibration();
    const { people } = aTeamOf(8);
    live(calibration, people, { days: 15 });
    for (const surprise of [1.5, 3, 4.5, 8]) {
      const value = calibration.valueAt(people[3]!, SLOT, surprise);
      expect(calibration.surprise(people[3]!, SLOT, value)).toBeCloseTo(surprise, 5);
    }
  });

  it("expects of somebody new what the people of the same team do", () => {
    const calibration = new Calibration();
    const [light, heavy] = [aTeamOf(12, "light"), aTeamOf(12, "heavy")];
    live(calibration, light.people, { days: 20, centre: 1 });
    live(calibration, heavy.people, { days: 20, centre: 6 });
    const newIn = (team: SeriesNode): number =>
      calibration.peersOf(aNode("user", "new", team), SLOT).usual;

    expect(newIn(light.team)).toBeLessThan(2);
    expect(newIn(heavy.team)).toBeGreaterThan(5);
  });

  it("has groups' tails in common, and keeps each kind of leaf and each regime apart", () => {
    const calibration = new Calibration();
    const { team, people } = aTeamOf(4);
    live(calibration, people, { days: 5 });
    live(calibration, [team], { days: 5 });

    expect(calibration.days(people[0]!, SLOT)).toBe(16);
    expect(calibration.days(people[0]!, SLOT + 1)).toBe(0);
    expect(calibration.days(team, SLOT)).toBe(4);
    expect(calibration.days(aNode("organisation", ""), SLOT)).toBe(4);
    expect(calibration.days(aNode("key", "k", team), SLOT)).toBe(0);
  });
});

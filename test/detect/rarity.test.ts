import { describe, expect, it } from "@jest/globals";
import { Calibration } from "../../src/detect/calibration.ts";
import { rarityOf } from "../../src/detect/rarity.ts";
import { BUSY, DEAD, slotOf } from "../../src/detect/regimes.ts";
import type { SeriesNode } from "../../src/detect/series-node.ts";
import { DAY_OF_PERSON_INDEX, PERSON_STATISTICS } from "../../src/detect/statistics.ts";
import { aNode, parts } from "../support/series-builders.ts";
import { aUse, MONDAY_MINUTE } from "../support/spend-stream.ts";

const INDEX = PERSON_STATISTICS.findIndex(({ name }) => name === "pace_30m");
const DAYS = 60;

/** A company whose people were there every day, and had something dear on some: `rate` of everybody else, `own` of the one asked for. */
function company(options: {
  readonly days?: number;
  readonly regime: number;
  readonly near?: number;
  readonly far?: number;
  readonly own?: number;
}): number {
  const { days = DAYS, regime, near = 0, far = 0, own = 0 } = options;
  const calibration = new Calibration();
  calibration.begin(MONDAY_MINUTE);
  const teams = [near, far, far].map((_, index) => aNode("team", `team-${index}`));
  const ada = aNode("user", "ada", teams[0]);
  const others = teams.flatMap((team, index) =>
    Array.from({ length: 10 }, (_, one) => ({
      node: aNode("user", `u${one}`, team),
      rate: index === 0 ? near : far,
    })),
  );
  const live = (node: SeriesNode, rate: number, day: number): void => {
    calibration.turn(node, MONDAY_MINUTE / 1440 + day, true);
    node.tails.note(slotOf(DAY_OF_PERSON_INDEX, BUSY), 1);
    if (Math.floor((day + 1) * rate) > Math.floor(day * rate)) {
      node.tails.note(slotOf(INDEX, regime), 1);
    }
  };
  const minute = MONDAY_MINUTE + (DAYS + 1) * 1440;
  const born = minute - days * 1440;
  ada.add(aUse({ minute: born, user: "ada" }), parts());
  for (let day = 0; day <= DAYS; day++) {
    for (const { node, rate } of others) live(node, rate, day);
    if (day >= DAYS - days) live(ada, own, day);
  }
  return rarityOf(ada, { index: INDEX, regime }, minute, calibration);
}

describe("rarityOf", () => {
  it("grows with the days on which somebody had nothing of it, to what is seldom for all", () => {
    const of = (days: number): number => company({ days, regime: BUSY, near: 0.5, far: 0.5 });

    expect(of(2)).toBeLessThan(0.5);
    expect(of(20)).toBeGreaterThan(of(2) + 0.4);
    expect(of(60)).toBeGreaterThan(of(20) + 0.2);
  });

  it("says little of who has it often", () => {
    expect(company({ regime: BUSY, near: 0.1, far: 0.1, own: 0.5 })).toBeLessThan(0.4);
    expect(company({ regime: DEAD, own: 0.5 })).toBeLessThan(0.6);
  });

  it("takes a team's habits at work for everybody's in it, and those at night hardly", () => {
    const difference = (regime: number): number =>
      company({ regime, near: 0, far: 0.3 }) - company({ regime, near: 0.3, far: 0 });

    expect(difference(BUSY)).toBeGreaterThan(0.2);
    expect(difference(DEAD)).toBeLessThan(0.05);
  });

  it("is never beyond what so many days can tell", () => {
    expect(company({ regime: DEAD })).toBeLessThan(3.1);
    expect(company({ regime: DEAD })).toBeGreaterThan(2.5);
  });
});

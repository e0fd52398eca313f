import { describe, expect, it } from "@jest/globals";
import { Calibration } from "../../src/detect/calibration.ts";
import { evaluate, evaluateAll, type Judge, type Verdict } from "../../src/detect/detector.ts";
import type { SeriesNode } from "../../src/detect/series-node.ts";
import { aNode, parts } from "../support/series-builders.ts";
import { aUse, MONDAY_MINUTE } from "../support/spend-stream.ts";

const DAYS = 5;
const END = MONDAY_MINUTE + DAYS * 1440 - 1;

/** A team that spends 10 USD in every hour; in the last six it spends nine hundred times as much, in the last of them two hundred times. */
function aRisenTeam(): SeriesNode {
  const team = aNode("team", "payments");
  for (let minute = MONDAY_MINUTE; minute <= END; minute++) {
    const times = minute <= END - 360 ? 1 : minute <= END - 60 ? 900 : 200;
    team.add(aUse({ minute, usd: (10 / 60) * times, requests: times }), parts());
    if (minute % 60 !== 59 || minute > END - 360) continue;
    const held = team.totals(minute, 60);
    team.closeHour(Math.floor(minute / 60), held, held);
  }
  return team;
}

describe("evaluate", () => {
  it("tells a group's page by an hour rather than by six, where both hold money", () => {
    const team = aRisenTeam();
    const judge: Judge = { calibration: new Calibration(), explainedUsd: () => 0 };
    const scores = new Map(
      evaluateAll(team, END, judge)
        .filter(({ fires }) => fires)
        .map((one): [string, Verdict] => [one.statistic, one]),
    );

    expect(scores.get("dollars_360m")!.score).toBeGreaterThan(scores.get("dollars_60m")!.score);
    expect(evaluate(team, END, judge).windowMinutes).toBeLessThan(360);
  });

  it("does not tell of a day that holds money but adds nothing, when the last minutes are what is strange", () => {
    const team = aTeamThatBegins();
    const judge: Judge = { calibration: new Calibration(), explainedUsd: () => 0 };
    const day = evaluateAll(team, END, judge).find(({ fires }) => fires);

    expect(day).toMatchObject({ statistic: "dollars_1440m", fires: true });
    expect(evaluate(team, END, judge)).toMatchObject({ statistic: "demand_15m", fires: false });
  });
});

/** A team with a dear night behind it, on which suddenly many begin: that has cost nothing yet. */
function aTeamThatBegins(): SeriesNode {
  const team = aNode("team", "payments");
  for (let minute = MONDAY_MINUTE; minute <= END; minute++) {
    const usd = minute > END - 1200 && minute <= END - 600 ? 200 / 6 : 1 / 6;
    const many = minute > END - 15 ? 30 : 1;
    const some = parts({ cells: many, starts: many, loads: many });
    team.add(aUse({ minute, usd, requests: 1 }), some);
    if (minute % 60 !== 59 || minute > END - 1440) continue;
    const held = team.totals(minute, 60);
    team.closeHour(Math.floor(minute / 60), held, held);
  }
  return team;
}

import { describe, expect, it } from "@jest/globals";
import { DEFAULT_DETECTION } from "../../src/detect/settings.ts";
import type { Incident } from "../../src/detect/incident.ts";
import { SpendDetector } from "../../src/detect/spend-detector.ts";
import type { PaneUse } from "../../src/detect/series-tree.ts";
import { aUse, MONDAY_MINUTE } from "../support/spend-stream.ts";

const DAYS = 56;
const TEAMS = ["payments", "search", "risk", "ledger", "mobile"];

/** Five teams, an hour's use at a time; from day 35 on `growing` of them add a part of `monthly` each day. */
function tickets(
  growing: number,
  monthly: number,
  weekly = 0,
  runaway: (day: number, hour: number) => PaneUse[] = () => [],
): { day: number; incident: Incident }[] {
  const detector = new SpendDetector(DEFAULT_DETECTION);
  const found: { day: number; incident: Incident }[] = [];
  for (let day = 0; day < DAYS; day++) {
    if (day % 7 >= 5) continue;
    for (let hour = 8; hour < 18; hour++) {
      const minute = MONDAY_MINUTE + day * 1440 + hour * 60;
      const uses = TEAMS.map((team, index): PaneUse => {
        const month = index < growing ? monthly : 0;
        const rise = (1 + weekly) ** (day / 7) * (1 + month) ** (Math.max(0, day - 35) / 30.4);
        const swing = 1 + 0.04 * Math.sin(day * 1.7 + index);
        const usd = 30 * rise * swing;
        return aUse({ minute, department: "d", team, user: `${team}-u`, usd, requests: 60 });
      });
      const changes = detector.observe([...uses, ...runaway(day, hour)], minute * 60_000 + 59_999);
      const opened = changes.filter(
        ({ reason, incident }) => reason === "opened" && incident.kind === "ramp",
      );
      found.push(...opened.map(({ incident }) => ({ day, incident })));
    }
  }
  return found;
}

describe("TrendWatch", () => {
  it("opens a ticket within two weeks where a month adds a good fifth in most teams", () => {
    const [first] = tickets(5, 0.4);

    expect(first?.incident).toMatchObject({ severity: "ticket", scope: {} });
    expect(first?.day).toBeGreaterThan(35);
    expect(first?.day).toBeLessThanOrEqual(50);
  });

  it("names the teams that move it, by what each spent in the weeks before", () => {
    const [first] = tickets(4, 0.6);

    const movers = first!.incident.contributors.filter(({ dimension }) => dimension === "team");
    const named = movers.filter(({ share }) => share > 0.1).map(({ value }) => value);
    expect(named.toSorted()).toEqual(TEAMS.slice(0, 4).toSorted());
    expect(movers.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
    const { actualUsd, expectedUsd } = first!.incident;
    expect(movers.reduce((sum, one) => sum + one.actualUsd, 0)).toBeCloseTo(actualUsd, 4);
    expect(movers.reduce((sum, one) => sum + one.expectedUsd, 0)).toBeCloseTo(expectedUsd, 4);
  });

  it("names a team that came last as all of what it spends", () => {
    const joining = (day: number, hour: number): PaneUse[] =>
      day >= 44
        ? [
            aUse({
              minute: MONDAY_MINUTE + day * 1440 + hour * 60,
              department: "d",
              team: "new",
              user: "new-u",
              usd: 6,
              requests: 12,
            }),
          ]
        : [];
    const [first] = tickets(5, 0.4, 0, joining);

    const told = first!.incident.contributors.find(({ value }) => value === "new");
    expect(told?.share).toBeGreaterThan(0.1);
  });

  it.each([
    ["of steady spend", 0, 0],
    ["of growth by one per cent a week", 0, 0.01],
  ])("says nothing %s", (_, growing, weekly) => {
    expect(tickets(growing, 0, weekly)).toEqual([]);
  });

  it("takes an incident that was paged for no growth", () => {
    const usd = 4_000;
    const loop = (day: number, hour: number): PaneUse[] =>
      day === 50 && hour === 11
        ? [
            aUse({
              minute: MONDAY_MINUTE + day * 1440 + hour * 60,
              department: "d",
              team: "risk",
              user: "risk-u",
              usd,
              requests: 9_000,
            }),
          ]
        : [];

    expect(tickets(0, 0, 0.01, loop)).toEqual([]);
  });

  it("leaves one team's rise to that team", () => {
    expect(tickets(1, 1.5)).toEqual([]);
  });
});

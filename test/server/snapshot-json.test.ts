import { describe, expect, it } from "@jest/globals";
import {
  CONTRIBUTOR_LIMIT,
  INCIDENT_LIMIT,
  TEAM_LIMIT,
  toLiveJson,
  type LiveJson,
} from "../../src/server/snapshot-json.ts";
import type { LiveSnapshot } from "../../src/detect/live.ts";
import {
  aContributor,
  aFeedSnapshot,
  aLiveSnapshot,
  anIncident,
  aTeamNow,
  FakeViews,
} from "../support/live-builders.ts";

function jsonOf(live: LiveSnapshot, feed = aFeedSnapshot()): LiveJson {
  const { healthView: health } = new FakeViews();
  return JSON.parse(JSON.stringify(toLiveJson({ live, feed, health }))) as LiveJson;
}

/** Every field's path and JSON type; lists by their first element. */
function shapeOf(value: unknown, path = ""): string[] {
  if (Array.isArray(value)) return shapeOf(value[0], `${path}[]`);
  if (value === null || typeof value !== "object") return [`${path}: ${typeof value}`];
  return Object.entries(value).flatMap(([name, child]) => shapeOf(child, `${path}.${name}`));
}

describe("toLiveJson", () => {
  it("keeps the names and types that readers of /v1/live rely on", () => {
    const live = aLiveSnapshot({
      teams: [aTeamNow({ incidentId: "inc-1" })],
      incidents: [
        anIncident({ resolvedAtMs: 1, acknowledgedBy: "mara", mutedUntilMs: 2, scope: {} }),
      ],
    });

    expect(shapeOf(jsonOf(live))).toEqual([
      ".version: number",
      ".eventTimeMs: number",
      ".health.state: string",
      ".health.parts[].name: string",
      ".health.parts[].ok: boolean",
      ".health.parts[].detail: string",
      ".organisation.lastHour.actualUsd: number",
      ".organisation.lastHour.expectedUsd: number",
      ".organisation.today.actualUsd: number",
      ".organisation.today.expectedUsd: number",
      ".teamsTotal: number",
      ".teams[].department: string",
      ".teams[].team: string",
      ".teams[].lastHour.actualUsd: number",
      ".teams[].lastHour.expectedUsd: number",
      ".teams[].today.actualUsd: number",
      ".teams[].today.expectedUsd: number",
      ".teams[].smallestIncidentUsd: number",
      ".teams[].incidentId: string",
      ".incidentsOpen: number",
      ".incidentsTotal: number",
      ".incidents[].id: string",
      ".incidents[].revision: number",
      ".incidents[].kind: string",
      ".incidents[].severity: string",
      ".incidents[].state: string",
      ".incidents[].openedAtMs: number",
      ".incidents[].pagedAtMs: number",
      ".incidents[].updatedAtMs: number",
      ".incidents[].resolvedAtMs: number",
      ".incidents[].windowMs: number",
      ".incidents[].expectedUsd: number",
      ".incidents[].actualUsd: number",
      ".incidents[].excessUsd: number",
      ".incidents[].actualUsdPerHour: number",
      ".incidents[].expectedUsdPerHour: number",
      ".incidents[].excessUsdNext24h: number",
      ".incidents[].score: number",
      ".incidents[].bar: number",
      ".incidents[].contributors[].dimension: string",
      ".incidents[].contributors[].value: string",
      ".incidents[].contributors[].share: number",
      ".incidents[].contributors[].actualUsd: number",
      ".incidents[].contributors[].expectedUsd: number",
      ".incidents[].factors[].factor: string",
      ".incidents[].factors[].ratio: number",
      ".incidents[].factors[].share: number",
      ".incidents[].acknowledgedBy: string",
      ".incidents[].mutedUntilMs: number",
      ".incidents[].chart.startMs[]: number",
      ".incidents[].chart.actualUsd[]: number",
      ".incidents[].chart.expectedUsd[]: number",
      ".chart.startMs[]: number",
      ".chart.actualUsd[]: number",
      ".chart.expectedUsd[]: number",
      ".feed.records: number",
      ".feed.accepted: number",
      ".feed.duplicates: number",
      ".feed.ignored: number",
      ".feed.rejected: number",
      ".feed.rejectedByReason[].name: string",
      ".feed.rejectedByReason[].count: number",
      ".feed.unpricedTokens: number",
      ".feed.unpricedByModel[].name: string",
      ".feed.unpricedByModel[].count: number",
      ".feed.lagRecords: number",
      ".feed.lastFetchMs: number",
      ".feed.lastFlushMs: number",
      ".feed.analystUrl: string",
    ]);
  });

  it("adds every team up, also those it does not list", () => {
    const teams = Array.from({ length: TEAM_LIMIT + 100 }, (_, number) =>
      aTeamNow({
        team: `t${number}`,
        actualUsdLastHour: 0.1,
        expectedUsdLastHour: 0.2,
        actualUsdToday: 3,
        expectedUsdToday: 4,
      }),
    );

    const json = jsonOf(aLiveSnapshot({ teams }));

    expect(json.teams).toHaveLength(TEAM_LIMIT);
    expect(json.teamsTotal).toBe(TEAM_LIMIT + 100);
    expect(json.organisation).toEqual({
      lastHour: { actualUsd: 60, expectedUsd: 120 },
      today: { actualUsd: 1800, expectedUsd: 2400 },
    });
  });

  it("lists a team with an incident however little it spends", () => {
    const teams = Array.from({ length: TEAM_LIMIT + 50 }, (_, n) =>
      aTeamNow({ team: `t${n}`, incidentId: n === TEAM_LIMIT + 42 ? "inc" : null }),
    );

    const json = jsonOf(aLiveSnapshot({ teams }));

    expect(json.teams.at(-1)).toMatchObject({ team: `t${TEAM_LIMIT + 42}`, incidentId: "inc" });
  });

  it("bounds a storm of incidents and says how many there are", () => {
    const incidents = Array.from({ length: 70 }, (_, number) =>
      anIncident({ id: `i${number}`, state: number < 60 ? "open" : "resolved" }),
    );

    const json = jsonOf(aLiveSnapshot({ incidents }));

    expect(json.incidents.map(({ id }) => id)).toEqual(
      Array.from({ length: INCIDENT_LIMIT }, (_, number) => `i${number}`),
    );
    expect(json).toMatchObject({ incidentsOpen: 60, incidentsTotal: 70 });
  });

  it("bounds the contributors of each dimension and keeps the rest's line", () => {
    const users = Array.from({ length: 100 }, (_, n) => aContributor({ value: `u${n}` }));
    const rest = aContributor({ value: "__rest__", share: 0.02 });
    const model = aContributor({ dimension: "model", value: "m" });

    const [incident] = jsonOf(
      aLiveSnapshot({ incidents: [anIncident({ contributors: [...users, rest, model] })] }),
    ).incidents;

    const values = incident?.contributors.map(({ value }) => value);
    expect(values).toHaveLength(CONTRIBUTOR_LIMIT + 2);
    expect(values?.slice(-2)).toEqual(["__rest__", "m"]);
  });

  it("carries names like __proto__ as values", () => {
    const feed = aFeedSnapshot({
      unpricedByModel: new Map([
        ["constructor", 2],
        ["__proto__", 9],
      ]),
    });
    const json = jsonOf(aLiveSnapshot({ teams: [aTeamNow({ team: "__proto__" })] }), feed);

    expect(json.teams[0]?.team).toBe("__proto__");
    expect(json.feed.unpricedByModel).toEqual([
      { name: "__proto__", count: 9 },
      { name: "constructor", count: 2 },
    ]);
    expect(json.feed.unpricedTokens).toBe(11);
  });

  it("rounds to a hundredth of a cent, so that noise makes no push", () => {
    const json = jsonOf(
      aLiveSnapshot({ teams: [aTeamNow({ actualUsdLastHour: 0.1 + 0.2 + 1e-9 })] }),
    );

    expect(json.teams[0]?.lastHour.actualUsd).toBe(0.3);
  });

  it("tells before the first event that there is none", () => {
    const json = jsonOf(aLiveSnapshot({ eventTimeMs: null, teams: [], chart: [] }));

    expect(json.eventTimeMs).toBeNull();
    expect(json.organisation.lastHour).toEqual({ actualUsd: 0, expectedUsd: 0 });
  });
});

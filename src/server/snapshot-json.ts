import type { Incident } from "../detect/incident.ts";
import type { ChartPoint, LiveSnapshot, TeamNow } from "../detect/live.ts";
import type { FeedSnapshot, HealthView } from "./views.ts";

/** How much of a large company one push carries; the totals beside each list count all of it. */
export const TEAM_LIMIT = 500;
export const INCIDENT_LIMIT = 20;
export const CONTRIBUTOR_LIMIT = 12;
const COUNT_LIMIT = 20;
/** detect/incident.ts: what no named contributor carries. */
const REST = "__rest__";

/** Two spends in dollars, to a hundredth of a cent: what was spent, and what was expected. */
export interface SpendJson {
  readonly actualUsd: number;
  readonly expectedUsd: number;
}

export interface TeamJson {
  readonly department: string;
  readonly team: string;
  readonly lastHour: SpendJson;
  readonly today: SpendJson;
  /** Dollars over normal within an hour that the team is paged for; null: still learning. */
  readonly smallestIncidentUsd: number | null;
  readonly incidentId: string | null;
}

/** Columns, five minutes a step: half the bytes of one object per point. */
export interface ChartJson {
  readonly startMs: readonly number[];
  readonly actualUsd: readonly number[];
  readonly expectedUsd: readonly number[];
}

export interface CountJson {
  readonly name: string;
  readonly count: number;
}

export interface FeedJson extends Omit<FeedSnapshot, "rejectedByReason" | "unpricedByModel"> {
  readonly rejected: number;
  readonly rejectedByReason: readonly CountJson[];
  readonly unpricedTokens: number;
  readonly unpricedByModel: readonly CountJson[];
}

export type IncidentJson = Omit<Incident, "chart"> & { readonly chart: ChartJson };

/** The answer of `/v1/live` and the data of each push. It only grows: a field, once here, keeps its name and meaning. */
export interface LiveJson {
  readonly version: 1;
  readonly eventTimeMs: number | null;
  readonly health: {
    readonly state: string;
    readonly parts: readonly { name: string; ok: boolean; detail: string }[];
  };
  readonly organisation: { readonly lastHour: SpendJson; readonly today: SpendJson };
  readonly teamsTotal: number;
  readonly teams: readonly TeamJson[];
  readonly incidentsOpen: number;
  readonly incidentsTotal: number;
  readonly incidents: readonly IncidentJson[];
  readonly chart: ChartJson;
  readonly feed: FeedJson;
}

/** The views' state as it goes over the wire. Says nothing of the wall clock, so that equal states give equal text. */
export function toLiveJson(views: {
  readonly live: LiveSnapshot;
  readonly feed: FeedSnapshot;
  readonly health: HealthView;
}): LiveJson {
  const { live } = views;
  const open = live.incidents.filter((incident) => incident.state !== "resolved");
  return {
    version: 1,
    eventTimeMs: live.eventTimeMs,
    health: {
      state: views.health.state(),
      parts: views.health.parts().map(({ name, ok, detail }) => ({ name, ok, detail })),
    },
    organisation: organisationOf(live.teams),
    teamsTotal: live.teams.length,
    teams: shownTeams(live.teams).map(teamJson),
    incidentsOpen: open.length,
    incidentsTotal: live.incidents.length,
    incidents: live.incidents.slice(0, INCIDENT_LIMIT).map(incidentJson),
    chart: chartJson(live.chart),
    feed: feedJson(views.feed),
  };
}

/** A team with an incident is never among those cut off. */
function shownTeams(teams: readonly TeamNow[]): readonly TeamNow[] {
  if (teams.length <= TEAM_LIMIT) return teams;
  const troubled = teams.slice(TEAM_LIMIT).filter((team) => team.incidentId !== null);
  return [...teams.slice(0, TEAM_LIMIT), ...troubled.slice(0, INCIDENT_LIMIT)];
}

function organisationOf(teams: readonly TeamNow[]): LiveJson["organisation"] {
  const sum = { actualHour: 0, expectedHour: 0, actualToday: 0, expectedToday: 0 };
  for (const team of teams) {
    sum.actualHour += team.actualUsdLastHour;
    sum.expectedHour += team.expectedUsdLastHour;
    sum.actualToday += team.actualUsdToday;
    sum.expectedToday += team.expectedUsdToday;
  }
  return {
    lastHour: spend(sum.actualHour, sum.expectedHour),
    today: spend(sum.actualToday, sum.expectedToday),
  };
}

function teamJson(team: TeamNow): TeamJson {
  return {
    department: team.department,
    team: team.team,
    lastHour: spend(team.actualUsdLastHour, team.expectedUsdLastHour),
    today: spend(team.actualUsdToday, team.expectedUsdToday),
    smallestIncidentUsd: team.smallestIncidentUsd === null ? null : round(team.smallestIncidentUsd),
    incidentId: team.incidentId,
  };
}

/** The largest contributors of each dimension, and always what is left over. */
function incidentJson(incident: Incident): IncidentJson {
  const perDimension = new Map<string, number>();
  const contributors = incident.contributors.filter(({ dimension, value }) => {
    if (value === REST) return true;
    const seen = perDimension.get(dimension) ?? 0;
    perDimension.set(dimension, seen + 1);
    return seen < CONTRIBUTOR_LIMIT;
  });
  return {
    ...incident,
    expectedUsd: round(incident.expectedUsd),
    actualUsd: round(incident.actualUsd),
    excessUsd: round(incident.excessUsd),
    contributors,
    chart: chartJson(incident.chart),
  };
}

function chartJson(points: readonly ChartPoint[]): ChartJson {
  return {
    startMs: points.map((point) => point.startMs),
    actualUsd: points.map((point) => round(point.actualUsd)),
    expectedUsd: points.map((point) => round(point.expectedUsd)),
  };
}

function feedJson(feed: FeedSnapshot): FeedJson {
  return {
    records: feed.records,
    accepted: feed.accepted,
    duplicates: feed.duplicates,
    ignored: feed.ignored,
    rejected: total(feed.rejectedByReason),
    rejectedByReason: largest(feed.rejectedByReason),
    unpricedTokens: total(feed.unpricedByModel),
    unpricedByModel: largest(feed.unpricedByModel),
    lagRecords: feed.lagRecords,
    lastFetchMs: feed.lastFetchMs,
    lastFlushMs: feed.lastFlushMs,
    analystUrl: feed.analystUrl,
  };
}

function total(counts: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}

function largest(counts: ReadonlyMap<string, number>): CountJson[] {
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
    .slice(0, COUNT_LIMIT);
}

function spend(actualUsd: number, expectedUsd: number): SpendJson {
  return { actualUsd: round(actualUsd), expectedUsd: round(expectedUsd) };
}

function round(usd: number): number {
  return Math.round(usd * 10_000) / 10_000;
}

import type { Verdict } from "./detector.ts";
import { expectWindow } from "./expectation.ts";
import type { Finding } from "./rules.ts";
import { BUSY } from "./regimes.ts";
import type { SeriesNode, WindowMinutes } from "./series-node.ts";
import type { SeriesTree } from "./series-tree.ts";
import { APART_DAYS, RECENT_HOURS, weeklyRise } from "./weekly-rise.ts";

const MONTH_DAYS = 30.4;
/** What a month at this pace would add, over the whole organisation; and that most teams grow, so that no one team is the cause. */
const MONTHLY_RISE = 0.2;
const GROWING_TEAMS = 0.6;
const TEAM_RISE = 0.02;
/** A week's excess is worth a ticket from so many times the page's dollars on. */
const WORTH = 5;
const EVERY_HOURS = 24;
const OLD_DAYS = 28;
/** A team with a smaller part of the spend says nothing. */
const SMALL_PART = 0.005;

/** Looks once a day whether the whole organisation spends more and more, a little in every team: no window of hours sees it, and a profile learns it as growth. */
export class TrendWatch {
  #day = -1;

  /** `pagedUsd`: what was paged in the last week. One person's runaway is no growth. */
  find(
    { organisation, teams }: SeriesTree,
    minute: number,
    pagedUsd: (window: WindowMinutes) => number,
  ): Finding | null {
    const day = Math.floor(minute / 60 / EVERY_HOURS);
    if (day === this.#day) return null;
    this.#day = day;
    if (organisation.ageDays(minute) < OLD_DAYS) return null;
    const hour = Math.floor(minute / 60) - 1;
    const whole = organisation.usd(minute, RECENT_HOURS * 60);
    const actualUsd = whole - pagedUsd(RECENT_HOURS * 60);
    if (actualUsd <= 0) return null;
    const rise = weeklyRise(organisation, hour) + Math.log(actualUsd / whole);
    const monthly = (rise * MONTH_DAYS) / APART_DAYS;
    if (monthly < Math.log1p(MONTHLY_RISE)) return null;
    const heard = teams.filter(
      (team) =>
        team.ageDays(minute) >= OLD_DAYS &&
        team.usd(minute, RECENT_HOURS * 60) >= SMALL_PART * whole,
    );
    const growing = heard.filter((team) => weeklyRise(team, hour) >= TEAM_RISE).length;
    if (heard.length < 2 || growing < GROWING_TEAMS * heard.length) return null;
    const verdict = verdictOf(organisation, { minute, actualUsd, rise, monthly });
    const isWorth = verdict.excessUsd >= WORTH * organisation.settings.minimumUsd;
    return isWorth ? { node: organisation, verdict } : null;
  }
}

function verdictOf(
  node: SeriesNode,
  found: { minute: number; actualUsd: number; rise: number; monthly: number },
): Verdict {
  const { minute, actualUsd, rise, monthly } = found;
  const windowMinutes = RECENT_HOURS * 60;
  const expectedUsd = actualUsd * Math.exp(-rise);
  return {
    kind: "ramp",
    factor: "dollars",
    severity: "ticket",
    statistic: "trend_5w",
    windowMinutes,
    basis: "weeks",
    actualUsd,
    expected: expectWindow(node, minute, windowMinutes),
    expectedUsd,
    excessUsd: actualUsd - expectedUsd,
    score: Math.expm1(monthly),
    bar: MONTHLY_RISE,
    regime: BUSY,
    fires: true,
  };
}

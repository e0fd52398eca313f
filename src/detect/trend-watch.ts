import type { Verdict } from "./detector.ts";
import { expectWindow } from "./expectation.ts";
import { HOUR } from "./hour-log.ts";
import type { Finding } from "./rules.ts";
import { BUSY } from "./regimes.ts";
import type { SeriesNode, WindowMinutes } from "./series-node.ts";
import type { SeriesTree } from "./series-tree.ts";

/** A week is compared with the three before it: their middles lie two weeks apart. */
const RECENT_HOURS = 168;
const BEFORE_HOURS = 504;
const APART_DAYS = 14;
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
    const rise = riseOf(organisation, hour) + Math.log(actualUsd / whole);
    const monthly = (rise * MONTH_DAYS) / APART_DAYS;
    if (monthly < Math.log1p(MONTHLY_RISE)) return null;
    const heard = teams.filter(
      (team) =>
        team.ageDays(minute) >= OLD_DAYS &&
        team.usd(minute, RECENT_HOURS * 60) >= SMALL_PART * whole,
    );
    const growing = heard.filter((team) => riseOf(team, hour) >= TEAM_RISE).length;
    if (heard.length < 2 || growing < GROWING_TEAMS * heard.length) return null;
    const verdict = verdictOf(organisation, { minute, actualUsd, rise, monthly });
    const isWorth = verdict.excessUsd >= WORTH * organisation.settings.minimumUsd;
    return isWorth ? { node: organisation, verdict } : null;
  }
}

/** ln(a working day of the last week / one of the three weeks before). Holidays and weekends count for neither. 0 where there is none. */
function riseOf(node: SeriesNode, hour: number): number {
  const recent = workingHour(node, hour - RECENT_HOURS, hour);
  const before = workingHour(node, hour - RECENT_HOURS - BEFORE_HOURS, hour - RECENT_HOURS);
  return recent > 0 && before > 0 ? Math.log(recent / before) : 0;
}

/** Mean dollars of an hour of working days in [from, to). */
function workingHour({ log, hours }: SeriesNode, from: number, to: number): number {
  if (log === null) return 0;
  let usd = 0;
  const until = log.indexFrom(to);
  for (let index = log.indexFrom(from); index < until; index++) {
    if (hours.bin(log.hour(index)) < 24) usd += log.value(index, HOUR.usd);
  }
  let count = 0;
  for (let hour = from; hour < to; hour++) if (hours.bin(hour) < 24) count++;
  return count === 0 ? 0 : usd / count;
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
    basis: "profile",
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

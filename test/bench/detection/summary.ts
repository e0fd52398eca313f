import { DAY } from "./calendar.ts";
import type { Evaluation, False, Outcome } from "./evaluate.ts";
import { poisson, quantile, wilson } from "./intervals.ts";
import { SIM_KINDS, TEAM_KINDS, type SimKind, type TeamKind } from "./types.ts";

/** A quarter is thirteen weeks of one team. */
export const QUARTER_MINUTES = 91 * DAY;

export interface Rate {
  readonly count: number;
  readonly quarters: number;
  readonly rate: number;
  readonly interval: readonly [number, number];
}

export interface KindSummary {
  readonly kind: SimKind | TeamKind;
  readonly size: string;
  readonly incidents: number;
  /** Share told within the kind's limit, and its interval; at any time before the end; that had the money for it by the limit; in time, of these. */
  readonly inTime: number;
  readonly interval: readonly [number, number];
  readonly found: number;
  readonly moneyInTime: number;
  readonly inTimeOfThese: number;
  /** In time and by a page. */
  readonly pagedInTime: number;
  readonly medianMinutes: number;
  readonly p90Minutes: number;
  readonly medianBurntUsd: number;
  /** Of those found: named rightly in the scope; in the scope or by the leading contributor; told by one page and no more. */
  readonly named: number;
  readonly leads: number;
  readonly once: number;
}

export interface Summary {
  readonly companies: number;
  readonly quarters: number;
  readonly falsePages: Rate;
  readonly falseTickets: Rate;
  readonly repeats: number;
  readonly byTeamKind: readonly {
    readonly where: TeamKind | "organisation";
    readonly pages: Rate;
    readonly tickets: Rate;
  }[];
  readonly coldPages: Rate;
  readonly kinds: readonly KindSummary[];
  readonly sizes: readonly KindSummary[];
  /** Incidents of one team, by the kind of the team. */
  readonly places: readonly KindSummary[];
  /** Mean over kinds. */
  readonly recallInTime: number;
  /** The same by pages alone: tickets left out. */
  readonly recallPaged: number;
  readonly recall: number;
  readonly named: number;
  readonly leads: number;
  readonly once: number;
}

function rateOf(count: number, minutes: number): Rate {
  const quarters = minutes / QUARTER_MINUTES;
  const [low, high] = poisson(count);
  return { count, quarters, rate: count / quarters, interval: [low / quarters, high / quarters] };
}

function share(of: readonly Outcome[], which: (one: Outcome) => boolean): number {
  return of.length === 0 ? NaN : of.filter(which).length / of.length;
}

export function isFound({ told }: Outcome): boolean {
  return told !== null;
}

function kindSummary(
  kind: KindSummary["kind"],
  size: string,
  outcomes: readonly Outcome[],
): KindSummary {
  const inTime = outcomes.filter((one) => one.inTime).length;
  const found = outcomes.filter(isFound);
  const minutes = outcomes.map((one) => one.minutes);
  return {
    kind,
    size,
    incidents: outcomes.length,
    inTime: inTime / outcomes.length,
    interval: wilson(inTime, outcomes.length),
    found: found.length / outcomes.length,
    pagedInTime: share(outcomes, (one) => one.pagedInTime),
    moneyInTime: share(outcomes, (one) => one.moneyInTime),
    inTimeOfThese: share(
      outcomes.filter((one) => one.moneyInTime),
      (one) => one.inTime,
    ),
    medianMinutes: quantile(minutes, 0.5),
    p90Minutes: quantile(minutes, 0.9),
    medianBurntUsd: quantile(
      outcomes.map((one) => one.burntUsd),
      0.5,
    ),
    named: share(found, (one) => one.named),
    leads: share(found, (one) => one.leads),
    once: share(found, (one) => one.pages <= 1),
  };
}

function mean(values: readonly number[]): number {
  const known = values.filter((one) => Number.isFinite(one));
  return known.reduce((sum, one) => sum + one, 0) / known.length;
}

/** Sums up the evaluations of many seeds. Companies that surge count for recall alone: weeks of them are not like others. */
export function summarise(
  evaluations: readonly Evaluation[],
  surging: readonly Evaluation[] = [],
): Summary {
  const falsePages = evaluations.flatMap((one) => one.falsePages);
  const falseTickets = evaluations.flatMap((one) => one.falseTickets);
  const minutesOf = (kind: TeamKind): number =>
    evaluations.reduce((sum, { minutes }) => sum + (minutes.get(kind) ?? 0), 0);
  const minutes = TEAM_KINDS.reduce((sum, kind) => sum + minutesOf(kind), 0);
  const counted = [...evaluations, ...surging].flatMap(({ outcomes }) =>
    outcomes.filter((one) => one.counts),
  );
  const kinds = SIM_KINDS.map((kind) =>
    kindSummary(
      kind,
      "",
      counted.filter(({ truth }) => truth.kind === kind),
    ),
  ).filter(({ incidents }) => incidents > 0);
  const found = counted.filter(isFound);
  const at = (list: readonly False[], place: string): number =>
    list.filter(({ where }) => where === place).length;
  return {
    companies: evaluations.length,
    quarters: minutes / QUARTER_MINUTES,
    falsePages: rateOf(falsePages.length, minutes),
    falseTickets: rateOf(falseTickets.length, minutes),
    repeats: falsePages.filter(({ why }) => why === "repeat").length,
    byTeamKind: [...TEAM_KINDS, "organisation" as const].map((where) => {
      const its = where === "organisation" ? minutes : minutesOf(where);
      return {
        where,
        pages: rateOf(at(falsePages, where), its),
        tickets: rateOf(at(falseTickets, where), its),
      };
    }),
    coldPages: rateOf(
      evaluations.reduce((sum, one) => sum + one.coldPages.length, 0),
      evaluations.reduce((sum, one) => sum + one.coldMinutes, 0),
    ),
    kinds,
    sizes: sizesOf(counted),
    places: placesOf(counted),
    recallInTime: mean(kinds.map((one) => one.inTime)),
    recallPaged: mean(kinds.map((one) => one.pagedInTime)),
    recall: mean(kinds.map((one) => one.found)),
    named: share(found, (one) => one.named),
    leads: share(found, (one) => one.leads),
    once: share(found, (one) => one.pages <= 1),
  };
}

function sizesOf(counted: readonly Outcome[]): KindSummary[] {
  return SIM_KINDS.flatMap((kind) => {
    const its = counted.filter(({ truth }) => truth.kind === kind);
    const sizes = [...new Set(its.map(({ truth }) => truth.size))].sort();
    return sizes.map((size) =>
      kindSummary(
        kind,
        size,
        its.filter(({ truth }) => truth.size === size),
      ),
    );
  });
}

function placesOf(counted: readonly Outcome[]): KindSummary[] {
  const alone = counted.filter(({ truth }) => truth.teams.length === 1);
  return TEAM_KINDS.map((place) =>
    kindSummary(
      place,
      "",
      alone.filter(({ teamKind }) => teamKind === place),
    ),
  ).filter(({ incidents }) => incidents > 0);
}

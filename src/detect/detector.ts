import { excessOf, expectedUsd as expectedBy, type Basis } from "./attribution.ts";
import type { Calibration } from "./calibration.ts";
import { expectWindow, type WindowExpectation } from "./expectation.ts";
import type { Decision, Factor, IncidentKind, Severity } from "./incident.ts";
import {
  barOf,
  handicapOf,
  surpriseOf,
  TICKET_FAMILIES,
  ticketBarOf,
  totalOf,
  worthOf,
  type Surprise,
} from "./evidence.ts";
import { isMoney } from "./money.ts";
import { held, read } from "./readings.ts";
import { spentApart } from "./apart.ts";
import { BUSY } from "./regimes.ts";
import type { SeriesNode, WindowMinutes } from "./series-node.ts";
import { PAGE_FAMILIES } from "./families.ts";
import type { Statistic } from "./statistic.ts";

/** One statistic's verdict on one window of one series. Fires where score > bar and every gate is open. */
export interface Verdict {
  readonly kind: IncidentKind;
  readonly factor: Factor;
  readonly severity: Severity;
  /** Name of the statistic: `dollars_60m`, ... */
  readonly statistic: string;
  readonly windowMinutes: WindowMinutes;
  /** What the spend was compared with. */
  readonly basis: Basis;
  readonly actualUsd: number;
  readonly expected: WindowExpectation;
  readonly expectedUsd: number;
  readonly excessUsd: number;
  /** −log10 of the chance that an ordinary day of the series goes this far, and what it must pass. */
  readonly score: number;
  readonly bar: number;
  /** What kind of hours it was found in: `regimes.ts`. */
  readonly regime: number;
  readonly fires: boolean;
}

/** What a series is judged with. */
export interface Judge {
  readonly calibration: Calibration;
  /** What open incidents elsewhere on the path already account for in a window. */
  readonly explainedUsd: (window: WindowMinutes) => number;
}

/** Before a series' organisation has so much history, nothing is normal yet and nobody is paged. */
export const LEARNING_DAYS = 2;
/** What is spent must be so many times what is expected, whatever its surprise. */
export const RATIO = 1.3;
/** Of a rate, which is measured closely and fills its window only bit by bit; and of days that were many. */
const RATE_RATIO = 1.15;
const SLOW_RATIO = 1.2;

/** What holds money comes before what does not, however surprising. */
const FIRING = 1e6;

const NO_SURPRISE: Surprise = { surprise: 0, regime: BUSY };

/** Judges a series at one minute: the evidence of all its statistics, and of those that hold money the most surprising to tell of it. */
export function evaluate(node: SeriesNode, minute: number, judge: Judge): Verdict {
  const verdicts = evaluateAll(node, minute, judge);
  const byName = new Map(verdicts.map((one) => [one.statistic, one]));
  const total = totalOf(node, judge.calibration, (index) => {
    const one = byName.get(node.statistics[index]?.name ?? "");
    return one === undefined ? NO_SURPRISE : { surprise: one.score, regime: one.regime };
  });
  const score = judge.calibration.totalSurprise(node, total);
  const bar = barOf(node);
  let best: Verdict | null = null;
  for (const verdict of verdicts) {
    if (!counts(node, verdict, judge.calibration)) continue;
    if (best === null || rank(node, verdict) > rank(node, best)) best = verdict;
  }
  if (best === null) return nothing(node, minute, judge);
  return { ...best, score, bar, fires: best.fires && score > bar };
}

/** Judges a team for a ticket: its families each by itself. null: none goes that far. */
export function evaluateTicket(node: SeriesNode, minute: number, judge: Judge): Verdict | null {
  const bar = ticketBarOf(node);
  let best: Verdict | null = null;
  for (const verdict of evaluateAll(node, minute, judge)) {
    const family = familyOf(node, verdict.statistic);
    if (!TICKET_FAMILIES.includes(family) || !verdict.fires) continue;
    const score = judge.calibration.familySurprise(node, family, verdict.score);
    if (score <= bar || (best !== null && score <= best.score)) continue;
    best = { ...verdict, severity: "ticket", score, bar };
  }
  return best;
}

function statisticOf({ statistics }: SeriesNode, name: string): Statistic | undefined {
  return statistics.find((one) => one.name === name);
}

function familyOf(node: SeriesNode, name: string): number {
  return statisticOf(node, name)?.family ?? -1;
}

/** The verdicts of all statistics that are surprising at all, each by itself; `fires`: there is money in it. */
export function evaluateAll(node: SeriesNode, minute: number, judge: Judge): Verdict[] {
  return node.statistics.flatMap((_, index) => judgeOne(node, index, minute, judge) ?? []);
}

function judgeOne(node: SeriesNode, index: number, minute: number, judge: Judge): Verdict | null {
  const statistic = node.statistics[index] as Statistic;
  const explainedUsd = judge.explainedUsd(statistic.window);
  read(node, statistic, minute, explainedUsd);
  if (!held.isKnown) return null;
  const { value, regime } = held;
  const score = surpriseOf(node, { index, regime, value }, minute, judge.calibration);
  if (score <= 0) return null;
  const bar = barOf(node);
  const { window } = statistic;
  const expected = expectWindow(node, minute, window);
  const { actualUsd, expectedUsd } =
    statistic.against === "apart" && statistic.of === "sessions"
      ? spentApart(node, { minute, window, of: statistic.of })
      : spentIn(node, statistic, { minute, explainedUsd, usualUsd: expected.usd });
  const excessUsd = actualUsd - expectedUsd;
  const isReady = organisationOf(node).ageDays(minute) >= LEARNING_DAYS;
  return {
    kind: kindOf(statistic, regime),
    factor: statistic.factor,
    severity: "page",
    statistic: statistic.name,
    windowMinutes: window,
    basis: basisOf(statistic),
    actualUsd,
    expected,
    expectedUsd,
    excessUsd,
    score,
    bar,
    regime,
    fires:
      isReady &&
      actualUsd >= ratioOf(statistic) * expectedUsd &&
      isMoney(node, excessUsd, { window, regime }),
  };
}

/** Dollars of a statistic's window, and what they are compared with. */
function spentIn(
  node: SeriesNode,
  statistic: Statistic,
  at: { readonly minute: number; readonly explainedUsd: number; readonly usualUsd: number },
): { readonly actualUsd: number; readonly expectedUsd: number } {
  const { minute, explainedUsd, usualUsd } = at;
  const { window } = statistic;
  const basis = basisOf(statistic);
  const actualUsd = Math.max(0, node.usd(minute, window) - explainedUsd);
  if (basis === "profile") return { actualUsd, expectedUsd: usualUsd };
  const more = excessOf(node, { minute, window, basis });
  return { actualUsd, expectedUsd: actualUsd - Math.max(0, more) };
}

function ratioOf(statistic: Statistic): number {
  if (basisOf(statistic) !== "profile") return RATE_RATIO;
  return statistic.against === "slow" ? SLOW_RATIO : RATIO;
}

function basisOf({ against, factor }: Statistic): Basis {
  if (factor === "price_per_token") return "price";
  if (against !== "rates") return "profile";
  return factor === "tokens_per_request" ? "tokens" : "requests";
}

const KINDS: Readonly<Partial<Record<Statistic["against"], IncidentKind>>> = {
  apart: "waste",
  slow: "shift",
  people: "shift",
};

function kindOf({ factor, window, against }: Statistic, regime: number): IncidentKind {
  if (factor === "price_per_token") return "price";
  const always = KINDS[against];
  if (always !== undefined) return always;
  if (regime !== BUSY && window >= 60 && window < 1440) return "off-hours";
  if (factor === "requests_per_active_user" && window >= 360) return "waste";
  return window >= 1440 || (against === "demand" && window >= 360) ? "shift" : "spike";
}

function organisationOf(node: SeriesNode): SeriesNode {
  let top = node;
  while (top.parent !== null) top = top.parent;
  return top;
}

/** A parent's verdict, told of the child that explains it: the decision stands, the dollars are the child's. */
export function about(child: SeriesNode, minute: number, verdict: Verdict): Verdict {
  const { windowMinutes: window, basis } = verdict;
  const expected = expectWindow(child, minute, window);
  const actualUsd = child.usd(minute, window);
  const expectedUsd = expectedBy(child, { minute, window, basis });
  return { ...verdict, actualUsd, expected, expectedUsd, excessUsd: actualUsd - expectedUsd };
}

/** Whether a statistic adds anything to a page: what adds nothing has no part in it, and does not tell of it however much money it holds. */
function counts(node: SeriesNode, verdict: Verdict, calibration: Calibration): boolean {
  const statistic = statisticOf(node, verdict.statistic);
  if (statistic === undefined || statistic.family >= PAGE_FAMILIES) return false;
  const { score: surprise, regime } = verdict;
  return worthOf(node, statistic, { surprise, regime }, calibration) > 0;
}

function rank(node: SeriesNode, verdict: Verdict): number {
  const worth = verdict.score - handicapOf(node, familyOf(node, verdict.statistic));
  return worth + (verdict.fires ? FIRING : 0);
}

/** Nothing is known, or nothing is unusual. */
function nothing(node: SeriesNode, minute: number, judge: Judge): Verdict {
  const window = 60;
  const expected = expectWindow(node, minute, window);
  const actualUsd = Math.max(0, node.usd(minute, window) - judge.explainedUsd(window));
  return {
    kind: "spike",
    factor: "dollars",
    severity: "page",
    statistic: "dollars_60m",
    windowMinutes: window,
    basis: "profile",
    actualUsd,
    expected,
    expectedUsd: expected.usd,
    excessUsd: actualUsd - expected.usd,
    score: 0,
    bar: barOf(node),
    regime: BUSY,
    fires: false,
  };
}

/** What is kept of a verdict that opened an incident. */
export function decisionOf(base: SeriesNode, verdict: Verdict, minute: number): Decision {
  const { statistic, factor, windowMinutes, actualUsd, expectedUsd, excessUsd, score, bar } =
    verdict;
  const { minimumUsd, timezone } = base.settings;
  const found = { statistic, factor, minute, windowMinutes, actualUsd, expectedUsd, excessUsd };
  return { ...found, score, bar, minimumUsd, timezone };
}

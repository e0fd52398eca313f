import { expectWindow, expectWindowUsd, type WindowExpectation } from "./expectation.ts";
import { PERSONAL, type Factor, type IncidentKind, type Severity } from "./incident.ts";
import { WINDOWS, type SeriesNode, type WindowMinutes } from "./series-node.ts";
import type { PeerPool } from "./peer-pool.ts";
import { judgePrice, mayBeDear } from "./price-factor.ts";

/** The knobs of `detection:` in a pipeline file. */
export interface DetectionSettings {
  /** Dollars of excess below which nobody is told. */
  readonly minimumUsd: number;
  /** 2: twice as eager; 0.5: half. */
  readonly sensitivity: number;
}

/** One statistic's verdict on one window of one series. Fires where score > bar and every gate is open. */
export interface Verdict {
  readonly kind: IncidentKind;
  readonly factor: Factor;
  readonly severity: Severity;
  readonly windowMinutes: WindowMinutes;
  readonly actualUsd: number;
  readonly expected: WindowExpectation;
  readonly expectedUsd: number;
  readonly excessUsd: number;
  readonly score: number;
  readonly bar: number;
  readonly fires: boolean;
}

/** A robust z-score that an ordinary series passes about never; what the series itself has done before counts more. */
const BASE_BAR = 6;
const RATIO = 1.5;
const DAILY_SHARE = 0.01;
/** A window must pass the largest of the past days by this much; the fewer days, the more. */
const PEAK_MARGIN = 1.25;
const FEW_DAYS = 6;
const HISTORY_DAYS = 35;
/** Agents, models and tools of a team are sums of whoever uses them: many series, loosely defined. */
const MIX_MARGIN = 2;
const MIX_DAYS = 7;
/** A young person or key is measured by its peers alone, and must cost this many times more. */
const YOUNG_DAYS = 3;
const YOUNG_DOLLARS = 4;
/** Before the organisation has this much history, nothing is normal yet and nobody is paged. */
const LEARNING_DAYS = 2;

/** What a series is judged with. */
export interface Judge {
  readonly settings: DetectionSettings;
  readonly peers: PeerPool;
  /** What open incidents elsewhere on the path already account for in a window. */
  readonly explainedUsd: (window: WindowMinutes) => number;
}

/**
 * Judges a series at one minute: every window, dollars and price, one decision (pages that fire first, then tickets; of those the furthest over its bar).
 */
export function evaluate(node: SeriesNode, minute: number, judge: Judge): Verdict {
  const verdicts = WINDOWS.map((window) => judgeDollars(node, { minute, window }, judge));
  const price = judgePrice(node, minute, judge);
  if (price !== null) verdicts.push(price);
  return verdicts.reduce((best, one) => (rank(one) > rank(best) ? one : best));
}

/**
 * Whether `evaluate` could fire at all, given what the windows hold (in `sums` from `from` on): cheap, and never false where it would. Most series are far
 * from every bar most of the time: this is all they cost. What incidents account for only lessens the sums, so it is not asked here.
 */
export function mayFire(
  node: SeriesNode,
  minute: number,
  sums: Float64Array,
  from: number,
  settings: DetectionSettings,
): boolean {
  for (let at = 0; at < WINDOWS.length; at++) {
    const usd = sums[from + at] as number;
    if (usd < settings.minimumUsd || usd === 0) continue;
    const expectedUsd = expectWindowUsd(node, minute, WINDOWS[at] as WindowMinutes);
    const excessUsd = usd - expectedUsd;
    if (usd >= RATIO * expectedUsd && excessUsd > 0 && excessUsd >= settings.minimumUsd)
      return true;
  }
  return mayBeDear(node, minute, sums[from + WINDOWS.indexOf(60)] as number, settings);
}

/** A parent's verdict, told of the child that explains it: the decision stands, the dollars are the child's. */
export function about(child: SeriesNode, minute: number, verdict: Verdict): Verdict {
  const expected = expectWindow(child, minute, verdict.windowMinutes);
  const actualUsd = child.usd(minute, verdict.windowMinutes);
  const excessUsd = actualUsd - expected.usd;
  return { ...verdict, actualUsd, expected, expectedUsd: expected.usd, excessUsd };
}

function rank(verdict: Verdict): number {
  const urgency = verdict.severity === "page" ? 2e6 : 1e6;
  return (verdict.fires ? urgency : 0) + verdict.score / verdict.bar;
}

function judgeDollars(
  node: SeriesNode,
  at: { readonly minute: number; readonly window: WindowMinutes },
  { settings, peers, explainedUsd }: Judge,
): Verdict {
  const { minute, window } = at;
  const expected = expectWindow(node, minute, window);
  const actualUsd = Math.max(0, node.usd(minute, window) - explainedUsd(window));
  const excessUsd = actualUsd - expected.usd;
  const score = excessUsd / expected.spreadUsd;
  const guard = guardOf(node, at, peers);
  const learnt = (guard.usd - expected.usd) / expected.spreadUsd;
  const bar = Math.max(BASE_BAR, learnt) / settings.sensitivity;
  const gate = Math.max(
    settings.minimumUsd * guard.dollars,
    DAILY_SHARE * node.expectation(Math.floor(minute / 60)).dailyUsd,
  );
  return {
    kind: "spike",
    factor: "dollars",
    severity: "page",
    windowMinutes: window,
    actualUsd,
    expected,
    expectedUsd: expected.usd,
    excessUsd,
    score,
    bar,
    fires: guard.ready && score > bar && actualUsd >= RATIO * expected.usd && excessUsd >= gate,
  };
}

interface Guard {
  /** Largest sum of the window that the past makes plausible, dollars. */
  readonly usd: number;
  /** How many times the dollar gate counts. */
  readonly dollars: number;
  readonly ready: boolean;
}
interface Window {
  readonly minute: number;
  readonly window: WindowMinutes;
}

/** What the past allows a window to hold. */
function guardOf(node: SeriesNode, at: Window, peers: PeerPool): Guard {
  const days = node.ageDays(at.minute);
  const own = margin(days) * node.peak(at.minute, at.window);
  if (PERSONAL.includes(node.level)) return personalGuard(node, at, own, peers);
  const mix = node.level === "agent" || node.level === "model" || node.level === "tool";
  const usd = mix ? MIX_MARGIN * own : own;
  const ready = days >= (mix ? MIX_DAYS : YOUNG_DAYS);
  return { usd, dollars: mix ? MIX_MARGIN : 1, ready };
}

/** One person or key: its own past, and how heavy its peers' ordinary sessions get. */
function personalGuard(node: SeriesNode, at: Window, own: number, peers: PeerPool): Guard {
  const learntDays = node.parent?.parent?.parent?.ageDays(at.minute) ?? 0;
  const pooled = margin(learntDays) * peers.peak(node, at.minute, at.window);
  const usd = Math.max(own, pooled);
  const young = node.ageDays(at.minute) < YOUNG_DAYS;
  return {
    usd,
    dollars: young ? YOUNG_DOLLARS : 1,
    ready: usd > 0 && learntDays >= LEARNING_DAYS,
  };
}

function margin(days: number): number {
  return PEAK_MARGIN + FEW_DAYS / Math.max(1, Math.min(days, HISTORY_DAYS));
}

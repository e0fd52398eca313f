import { contributorsOf, factorsOf, scopeOf, type At } from "./attribution.ts";
import type { Verdict } from "./detector.ts";
import { expectWindowUsd } from "./expectation.ts";
import type { Incident, Level } from "./incident.ts";
import type { SeriesNode, WindowMinutes } from "./series-node.ts";

/** Minutes without heat after which an incident ends, and how late events may still settle its sums. */
const QUIET_MINUTES = 30;
const SETTLE_MINUTES = 15;
/** It burns as long as the excess of the last minutes is this part of the rate at which it opened. */
const RECENT_MINUTES = 15;
const BURNING_SHARE = 0.25;
const MASK_MINUTES = 1440;
const DAY_STEPS = 288;

/** What must survive a restart beside the incident itself. Minutes are epoch minutes. */
export interface Track {
  readonly path: readonly { readonly level: Level; readonly name: string }[];
  firstMinute: number;
  /** Excess dollars a minute when it opened. */
  readonly openedUsdPerMinute: number;
  /** Whether what it adds is kept out of history. */
  readonly masks: boolean;
  settledMinute: number;
  settledActualUsd: number;
  settledExpectedUsd: number;
  lastHotMinute: number;
  /** When a person last did something about it, wall clock; absent: nobody has. */
  actedAtMs?: number;
}

/** A running incident: the node it is about, and the bookkeeping of its dollars. */
export class Episode {
  readonly base: SeriesNode;
  readonly track: Track;
  incident: Incident;

  constructor(base: SeriesNode, incident: Incident, track: Track) {
    this.base = base;
    this.incident = incident;
    this.track = track;
  }

  get open(): boolean {
    return this.incident.state !== "resolved";
  }

  /** Whether it burns or did within the longest window: its dollars are still in the windows of others. */
  recentAt(minute: number): boolean {
    return this.open || minute - this.track.lastHotMinute < QUIET_MINUTES + 75;
  }

  /** Whether its excess is left out where its parents are judged. A ticket about prices explains no spike. */
  explainsAt(minute: number): boolean {
    return this.incident.severity === "page" && this.recentAt(minute);
  }

  /** Whether what it adds is kept out of history: for a day. What lasts longer is the new normal. */
  masksAt(minute: number): boolean {
    return (
      this.track.masks && minute - this.track.firstMinute < MASK_MINUTES && this.explainsAt(minute)
    );
  }

  startedSince(minute: number): boolean {
    return this.track.firstMinute >= minute;
  }

  endedSince(minute: number): boolean {
    return (this.incident.resolvedAtMs ?? Infinity) >= minute * 60_000;
  }

  /** Brings the numbers up to `minute`; resolves after thirty quiet minutes. */
  advance(minute: number, verdict: Verdict): void {
    const hot = this.#burns(minute);
    if (hot) this.track.lastHotMinute = minute;
    this.#settle(minute);
    const quiet = minute - this.track.lastHotMinute >= QUIET_MINUTES;
    if (quiet) {
      this.#revise({
        state: "resolved",
        resolvedAtMs: minuteEnd(minute),
        updatedAtMs: minuteEnd(minute),
      });
      return;
    }
    // Who and why is told of the minutes that burnt: in the quiet after them there is no excess to share.
    const who = hot ? this.#attribution(minute) : {};
    this.#revise({ ...this.#numbers(minute, verdict), ...who, updatedAtMs: minuteEnd(minute) });
  }

  /** Whether it goes on: the last minutes' excess is still a good part of what it was when it opened. */
  #burns(minute: number): boolean {
    const minutes = Math.min(RECENT_MINUTES, minute - this.track.firstMinute + 1);
    let excess = this.base.usd(minute, minutes);
    for (let one = minute - minutes + 1; one <= minute; one++)
      excess -= expectedMinute(this.base, one);
    return excess >= BURNING_SHARE * this.track.openedUsdPerMinute * minutes;
  }

  acknowledge(by: string, atMs: number): void {
    if (this.incident.state !== "open") return;
    this.track.actedAtMs = atMs;
    this.#revise({ state: "acknowledged", acknowledgedBy: by });
  }

  mute(untilMs: number | null, atMs: number): void {
    this.track.actedAtMs = atMs;
    this.#revise({ mutedUntilMs: untilMs });
  }

  /** It burns again before it was forgotten: the same incident goes on. */
  reopen(minute: number, verdict: Verdict): void {
    this.track.lastHotMinute = minute;
    const numbers = { ...this.#numbers(minute, verdict), ...this.#attribution(minute) };
    this.#revise({ state: "open", resolvedAtMs: null, ...numbers });
  }

  #revise(change: Partial<Incident>): void {
    this.incident = { ...this.incident, ...change, revision: this.incident.revision + 1 };
  }

  /** Minutes that leave the node's detail are added up for good; late events can still change the younger ones. */
  #settle(minute: number): void {
    const until = minute - SETTLE_MINUTES;
    for (let one = this.track.settledMinute + 1; one <= until; one++) {
      this.track.settledActualUsd += this.base.usd(one, 1);
      this.track.settledExpectedUsd += expectedMinute(this.base, one);
      this.track.settledMinute = one;
    }
  }

  #numbers(minute: number, verdict: Verdict): Partial<Incident> {
    let actualUsd = this.track.settledActualUsd;
    let expectedUsd = this.track.settledExpectedUsd;
    for (let one = this.track.settledMinute + 1; one <= minute; one++) {
      actualUsd += this.base.usd(one, 1);
      expectedUsd += expectedMinute(this.base, one);
    }
    return {
      ...rates(verdict),
      actualUsd,
      expectedUsd,
      excessUsd: actualUsd - expectedUsd,
      score: verdict.score,
      bar: verdict.bar,
      chart: chartOf(this.base, minute),
    };
  }

  #attribution(minute: number): Partial<Incident> {
    const window: WindowMinutes = minute - this.track.firstMinute >= 30 ? 60 : 5;
    const { contributors, factors, scope } = attribution(this.base, { minute, window });
    return contributors.length === 0 ? {} : { contributors, factors, scope };
  }
}

/** A new incident of `base`, opened by a verdict at `minute`. `openedAtMs` is the newest event the decision saw. */
export function openEpisode(
  base: SeriesNode,
  verdict: Verdict,
  at: { readonly minute: number; readonly openedAtMs: number; readonly masks: boolean },
): Episode {
  const { minute, openedAtMs } = at;
  const { windowMinutes } = verdict;
  const firstMinute = minute - windowMinutes + 1;
  const actualUsd = base.usd(minute, windowMinutes);
  const expectedUsd =
    verdict.factor === "dollars"
      ? expectWindowUsd(base, minute, windowMinutes)
      : verdict.expectedUsd;
  const { scope, contributors, factors } = attribution(base, { minute, window: windowMinutes });
  const incident: Incident = {
    id: incidentId(base, openedAtMs),
    revision: 1,
    kind: verdict.kind,
    severity: verdict.severity,
    state: "open",
    scope,
    openedAtMs,
    pagedAtMs: verdict.severity === "page" ? openedAtMs : null,
    updatedAtMs: openedAtMs,
    resolvedAtMs: null,
    windowMs: windowMinutes * 60_000,
    expectedUsd,
    actualUsd,
    excessUsd: actualUsd - expectedUsd,
    ...rates(verdict),
    score: verdict.score,
    bar: verdict.bar,
    contributors,
    factors,
    acknowledgedBy: null,
    mutedUntilMs: null,
    chart: chartOf(base, minute),
  };
  return new Episode(base, incident, {
    path: pathOf(base),
    firstMinute,
    openedUsdPerMinute: verdict.excessUsd / windowMinutes,
    masks: at.masks,
    settledMinute: firstMinute - 1,
    settledActualUsd: 0,
    settledExpectedUsd: 0,
    lastHotMinute: minute,
  });
}

function attribution(
  base: SeriesNode,
  at: At,
): Pick<Incident, "scope" | "contributors" | "factors"> {
  const contributors = contributorsOf(base, at);
  // Active users are learnt by the hour, so a group's factors are judged over one.
  const factors = factorsOf(base, base.level === "user" ? at : { ...at, window: 60 });
  return { scope: scopeOf(base, contributors), contributors, factors };
}

function rates(
  verdict: Verdict,
): Pick<Incident, "actualUsdPerHour" | "expectedUsdPerHour" | "excessUsdNext24h"> {
  const perHour = 60 / verdict.windowMinutes;
  return {
    actualUsdPerHour: verdict.actualUsd * perHour,
    expectedUsdPerHour: verdict.expectedUsd * perHour,
    excessUsdNext24h: Math.max(0, verdict.excessUsd) * perHour * 24,
  };
}

function expectedMinute(node: SeriesNode, minute: number): number {
  return node.centre(Math.floor(minute / 60)).usd / 60;
}

/** The last day in five-minute steps. */
export function chartOf(node: SeriesNode, minute: number): Incident["chart"] {
  const last = Math.floor(minute / 5);
  return Array.from({ length: DAY_STEPS }, (_, index) => {
    const step = last - DAY_STEPS + 1 + index;
    return {
      startMs: step * 300_000,
      actualUsd: node.chartUsd(step),
      expectedUsd: node.expectedStep(step),
    };
  });
}

export function pathOf(node: SeriesNode): Track["path"] {
  const path: { level: Level; name: string }[] = [];
  for (let one = node; one.parent !== null; one = one.parent) {
    path.unshift({ level: one.level, name: one.name });
  }
  return path;
}

/** Stable over restarts: the same scope opened at the same event is the same incident. FNV-1a, 64 bits, base 36. */
function incidentId(base: SeriesNode, openedAtMs: number): string {
  const text = `${openedAtMs}|${pathOf(base)
    .map(({ level, name }) => `${level}=${name}`)
    .join("|")}`;
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return `inc-${hash.toString(36).padStart(13, "0").slice(-10)}`;
}

/** Last millisecond of a minute. */
function minuteEnd(minute: number): number {
  return minute * 60_000 + 59_999;
}

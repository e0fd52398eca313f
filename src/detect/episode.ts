import { expectedUsd, type At } from "./attribution.ts";
import { contributorsOf } from "./contributors.ts";
import { decisionOf, type Verdict } from "./detector.ts";
import { expectWindowUsd } from "./expectation.ts";
import { factorsOf, riseOf } from "./factors.ts";
import { HOUR } from "./hour-log.ts";
import { chartNow, chartOf } from "./incident-chart.ts";
import { incidentId, pathOf, type Path } from "./incident-id.ts";
import type { Incident } from "./incident.ts";
import { MEMBER_WINDOW } from "./members.ts";
import { STEP_MINUTES } from "./rings.ts";
import { scopeOf } from "./scope.ts";
import type { SeriesNode } from "./series-node.ts";
import { settledBefore } from "./settled.ts";

/** Minutes without heat after which an incident ends, and how late events may still settle its sums. */
const QUIET_MINUTES = 30;
const SETTLE_MINUTES = 15;
/** Windows from here on are about days, not minutes. */
const SLOW_MINUTES = 360;
/** It burns as long as the excess of the last minutes is this part of the rate at which it opened. */
const RECENT_MINUTES = 15;
const BURNING_SHARE = 0.25;
const BACK_SHARE = 0.3;
const MASK_MINUTES = 1440;

/** What must survive a restart beside the incident itself. Minutes are epoch minutes. */
export interface Track {
  readonly path: Path;
  firstMinute: number;
  /** Excess dollars a minute when it opened; where it burnt again more calmly, then: it goes on by that pace. */
  openedUsdPerMinute: number;
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

  /** Whether it burns, or did in the last minutes. */
  burntWithin(minute: number, minutes: number): boolean {
    return this.open || minute - this.track.lastHotMinute < minutes;
  }

  /** Whether it burns, or did within a window: its dollars are still in that window. */
  isWithin(minute: number, window: number): boolean {
    return this.burntWithin(minute, window + SETTLE_MINUTES);
  }

  /** Whether its excess is left out where others are judged by a window. A ticket explains no spike. */
  explainsAt(minute: number, window: number): boolean {
    return this.incident.severity === "page" && this.isWithin(minute, window);
  }

  /** Whether what it adds is kept out of history: for a day. What lasts longer is the new normal. */
  masksAt(minute: number): boolean {
    return (
      this.track.masks &&
      minute - this.track.firstMinute < MASK_MINUTES &&
      this.explainsAt(minute, 60)
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
    const quiet = minute - this.track.lastHotMinute >= this.#quietMinutes;
    if (quiet) {
      this.#close(minute);
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
    if (this.incident.kind === "drop") return this.#isSilent(minute);
    const recent = Math.max(RECENT_MINUTES, this.#windowMinutes / 4);
    const minutes = Math.min(recent, minute - this.track.firstMinute + 1);
    const excess = this.base.usd(minute, minutes) - expectWindowUsd(this.base, minute, minutes);
    return excess >= BURNING_SHARE * this.track.openedUsdPerMinute * minutes;
  }

  /** A drop lasts until there is a good part of what is expected again, or nothing is expected. */
  #isSilent(minute: number): boolean {
    const expected = expectWindowUsd(this.base, minute, RECENT_MINUTES);
    return expected > 0 && this.base.usd(minute, RECENT_MINUTES) < BACK_SHARE * expected;
  }

  get #windowMinutes(): number {
    return this.incident.windowMs / 60_000;
  }

  /** What was found over a day does not end with the working day. */
  get #quietMinutes(): number {
    return this.#windowMinutes >= SLOW_MINUTES ? this.#windowMinutes : QUIET_MINUTES;
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

  /** The same incident, seen to be about something larger: another tool, another department has it too. */
  widened(base: SeriesNode, minute: number): Episode {
    const track = { ...this.track, path: pathOf(base) };
    const wider = new Episode(base, this.incident, track);
    wider.#revise({ scope: base.scope, ...wider.#attribution(minute) });
    return wider;
  }

  /** It burns again before it was forgotten: the same incident goes on. What lay between and before its window is no part of it. */
  reopen(minute: number, verdict: Verdict): void {
    const { base, track } = this;
    const window = Math.min(verdict.windowMinutes, minute - track.settledMinute);
    const actualUsd = base.usd(minute, window);
    const expectedUsd = expectWindowUsd(base, minute, window);
    const more = settledBefore(base, minute, { window, actualUsd, expectedUsd });
    track.settledMinute = more.settledMinute;
    track.settledActualUsd += more.settledActualUsd;
    track.settledExpectedUsd += more.settledExpectedUsd;
    track.lastHotMinute = minute;
    const pace = verdict.excessUsd / verdict.windowMinutes;
    if (pace > 0) track.openedUsdPerMinute = Math.min(track.openedUsdPerMinute, pace);
    const numbers = { ...this.#numbers(minute, verdict), ...this.#attribution(minute) };
    this.#revise({ state: "open", resolvedAtMs: null, ...numbers });
  }

  #revise(change: Partial<Incident>): void {
    this.incident = { ...this.incident, ...change, revision: this.incident.revision + 1 };
  }

  /** What was told last is what it came to: after a silence the last minutes may have left the detail unsettled. */
  #close(minute: number): void {
    const { actualUsd: settledActualUsd, expectedUsd: settledExpectedUsd } = this.incident;
    Object.assign(this.track, { settledMinute: minute, settledActualUsd, settledExpectedUsd });
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
      // A rise of days is told by its days: an hour of them says little.
      ...(this.incident.severity === "ticket" && this.#windowMinutes > SLOW_MINUTES
        ? {}
        : rates(verdict)),
      actualUsd,
      expectedUsd,
      excessUsd: actualUsd - expectedUsd,
      // A ticket has a bar of its own, which is not looked at again.
      ...(this.incident.severity === "page" ? { score: verdict.score, bar: verdict.bar } : {}),
      chart: chartNow(this.incident.chart, this.base, minute),
    };
  }

  /** Of all that it has cost so far; where it lasts longer than people's parts are told apart, of its last hours. */
  #attribution(minute: number): Partial<Incident> {
    const steps = Math.ceil((minute - this.track.firstMinute + 1) / STEP_MINUTES);
    const slow = this.#windowMinutes >= SLOW_MINUTES ? this.#windowMinutes : 0;
    const window = Math.max(slow, Math.min(MEMBER_WINDOW, steps * STEP_MINUTES));
    const basis = this.incident.kind === "ramp" ? "weeks" : "profile";
    const { contributors, factors, scope } = attribution(this.base, { minute, window, basis });
    return contributors.length === 0 ? {} : { contributors, scope, ...riseOf(factors) };
  }
}

/** A new incident of `base`, opened by a verdict at `minute`. `openedAtMs` is the newest event the decision saw. */
export function openEpisode(
  base: SeriesNode,
  verdict: Verdict,
  options: { readonly minute: number; readonly openedAtMs: number; readonly masks: boolean },
): Episode {
  const { minute, openedAtMs } = options;
  const { windowMinutes } = verdict;
  const firstMinute = minute - windowMinutes + 1;
  const actualUsd = base.usd(minute, windowMinutes);
  const at = { minute, window: windowMinutes, basis: verdict.basis };
  // What a trend grew from is not what a profile has learnt meanwhile.
  const expected = at.basis === "profile" ? verdict.expectedUsd : expectedUsd(base, at);
  const { scope, contributors, factors } = attribution(base, at);
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
    expectedUsd: expected,
    actualUsd,
    excessUsd: actualUsd - expected,
    ...rates(verdict),
    score: verdict.score,
    bar: verdict.bar,
    contributors,
    factors,
    decision: decisionOf(base, verdict, minute),
    acknowledgedBy: null,
    mutedUntilMs: null,
    chart: chartOf(base, minute),
  };
  return new Episode(base, incident, {
    path: pathOf(base),
    firstMinute,
    openedUsdPerMinute: verdict.excessUsd / windowMinutes,
    masks: options.masks,
    ...settledBefore(base, minute, { window: windowMinutes, actualUsd, expectedUsd: expected }),
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
  return node.expected(HOUR.usd, Math.floor(minute / 60)) / 60;
}

/** Last millisecond of a minute. */
function minuteEnd(minute: number): number {
  return minute * 60_000 + 59_999;
}

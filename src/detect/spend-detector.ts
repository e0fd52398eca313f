import { Calibration } from "./calibration.ts";
import { evaluateAll, type Verdict } from "./detector.ts";
import { PAGE_HEAT, TICKET_HEAT, watch } from "./evidence.ts";
import { DropWatch } from "./drop-watch.ts";
import { Episode, type Track } from "./episode.ts";
import { EpisodeBook, type IncidentChange } from "./episode-book.ts";
import type { HourSample } from "./hour-log.ts";
import { userHours, type HourUse } from "./hour-use.ts";
import type { Incident } from "./incident.ts";
import { isTouched, unmaskHour } from "./masks.ts";
import { Pager } from "./pager.ts";
import { PaneGate } from "./pane-gate.ts";
import type { SeriesNode } from "./series-node.ts";
import type { DetectionSettings } from "./settings.ts";
import { newcomer, retryStorm } from "./rules.ts";
import { SeriesTree, type PaneUse } from "./series-tree.ts";
import { smallestIncidentUsd } from "./smallest.ts";
import { TrendWatch } from "./trend-watch.ts";
import { Touched } from "./touched.ts";

/** An hour is written into history this many minutes after its end, so that ordinary lateness is in. */
const HOUR_SETTLES_MINUTES = 5;
/** A silent feed is stepped through minute by minute up to this far; beyond, in one step. */
const MAX_SILENT_STEPS = 180;

/**
 * Detection in event time: panes in, incident changes out. Pure: no I/O, no wall clock; live, replayed and back-tested data take the same way.
 * Panes are applied minute by minute; after each minute the series it touched are judged, deepest first, and open incidents move on.
 * A minute is judged as soon as it begins to fill: sums only grow, so being over the bar early is being over the bar.
 */
export class SpendDetector {
  readonly tree: SeriesTree;
  readonly #calibration = new Calibration();
  readonly #book = new EpisodeBook();
  readonly #pager: Pager;
  readonly #touched = new Touched();
  readonly #gate = new PaneGate();
  readonly #drops = new DropWatch();
  readonly #trends = new TrendWatch();
  /** The newest minute seen, and the hour not yet written into history. */
  #minute = -1;
  #hour = -1;
  /** The last minute of the hours that are history. */
  #closedUntil = -1;
  #newestMs = -1;
  #newestOfStepMs = -1;
  #pending: { readonly incident: Incident; readonly track: Track }[] = [];

  constructor(settings: DetectionSettings) {
    this.tree = new SeriesTree(settings);
    this.#pager = new Pager(this.tree, this.#book, this.#calibration);
  }

  /** Event time of the newest event, -1 before the first. */
  get newestMs(): number {
    return this.#newestMs;
  }

  get minute(): number {
    return this.#minute;
  }

  /** Open incidents, and those resolved within a day of event time. */
  get incidents(): readonly Incident[] {
    return this.#book.incidents(this.#minute);
  }

  /** History: learns the normal, opens nothing. Rows in order of time. */
  learn(uses: readonly PaneUse[]): void {
    const last = uses.at(-1);
    if (last !== undefined) this.#newestMs = Math.max(this.#newestMs, last.minute * 60_000);
    this.#apply(uses, this.#newestMs, false);
  }

  /**
   * History of which only whole hours are told, in order of hour, department, team and user, before any `learn`: what is usual at which hour, but not how
   * far a day goes.
   */
  learnHours(uses: readonly HourUse[]): void {
    this.#touched.begin();
    for (const one of userHours(uses)) {
      const end = one.hour * 60 + 59;
      if (end > this.#minute) this.#enter(end);
      this.tree.addHour(one, this.#touched);
      this.#minute = Math.max(this.#minute, end);
      this.#newestMs = Math.max(this.#newestMs, this.#minute * 60_000);
    }
  }

  /** New panes (any order) up to event time `newestMs`; gives what changed. */
  observe(uses: readonly PaneUse[], newestMs: number): IncidentChange[] {
    this.#newestMs = Math.max(this.#newestMs, newestMs);
    const ordered = [...uses].sort((a, b) => a.minute - b.minute);
    this.#apply(ordered, this.#newestMs, true);
    return this.#book.takeChanges();
  }

  /** Event time has passed without panes: closes windows and resolves what went quiet. */
  passTime(watermarkMs: number): IncidentChange[] {
    const until = Math.floor(watermarkMs / 60_000) - 1;
    if (this.#minute < 0 || until <= this.#minute) return [];
    const from = Math.max(this.#minute + 1, until - MAX_SILENT_STEPS);
    this.#touched.begin();
    for (let minute = from; minute <= until; minute++) this.#step(minute, true);
    return this.#book.takeChanges();
  }

  /**
   * Incidents from before a restart, told before `learn`: while history passes by they mask what they added, so that a
   * past spike is not learnt as normal; the open ones go on.
   */
  restore(incidents: readonly { readonly incident: Incident; readonly track: Track }[]): void {
    this.#pending = [...incidents].sort((a, b) => a.track.firstMinute - b.track.firstMinute);
  }

  /** After `learn`: judges what was active lately, in case a spike began while nobody watched. */
  catchUp(): IncidentChange[] {
    while (this.#pending.length > 0) this.#restoreNext();
    if (this.#minute < 0) return [];
    this.tree.forget(this.#closedUntil);
    this.#newestOfStepMs = this.#newestMs;
    this.#touched.begin();
    for (const node of this.tree.nodes) {
      if (this.#minute - node.lastMinute < 60) this.#touched.touch(node);
    }
    this.#step(this.#minute, true);
    return this.#book.takeChanges();
  }

  /** What the process that watches has made of incidents meanwhile, for one that only learns: it takes the place of what is known of them here. */
  adopt(incidents: readonly { readonly incident: Incident; readonly track: Track }[]): void {
    while (this.#pending.length > 0) this.#restoreNext();
    for (const { incident, track } of incidents) {
      const known = this.#book.find(incident.id)?.incident.revision ?? -1;
      if (incident.revision <= known) continue;
      this.#book.put(new Episode(this.tree.ensure(track.path), incident, { ...track }));
    }
  }

  /** `atMs`: when a person did it, by the wall clock. */
  acknowledge(incidentId: string, by: string, atMs: number): IncidentChange | null {
    return this.#act(incidentId, (episode) => episode.acknowledge(by, atMs));
  }

  mute(incidentId: string, untilMs: number | null, atMs: number): IncidentChange | null {
    return this.#act(incidentId, (episode) => episode.mute(untilMs, atMs));
  }

  /** Every statistic's verdict on a series now, as far as it has one: those near their bars. */
  verdictsOf(node: SeriesNode): Verdict[] {
    return evaluateAll(node, this.#minute, this.#pager.judgeOf(node, this.#minute, null));
  }

  /** Dollars over expectation within an hour that a team is paged for, now and with nothing else unusual; null: not known yet. */
  smallestIncidentUsd(team: SeriesNode): number | null {
    return smallestIncidentUsd(team, this.#minute, this.#calibration);
  }

  /** The bookkeeping behind an incident, to be stored with it. */
  trackOf(incidentId: string): Track | null {
    return this.#book.find(incidentId)?.track ?? null;
  }

  #apply(given: readonly PaneUse[], newestMs: number, judge: boolean): void {
    const uses = this.#gate.pass(given, this.#minute);
    this.#touched.begin();
    uses.forEach((use, index) => {
      if (use.minute > this.#minute) this.#enter(use.minute);
      this.tree.add(use, this.#touched, Math.max(use.minute, this.#minute));
      if (uses[index + 1]?.minute === use.minute) return;
      const minute = Math.max(use.minute, this.#minute);
      this.#newestOfStepMs = Math.min(newestMs, minute * 60_000 + 59_999);
      this.#step(minute, judge);
      this.#touched.begin();
    });
  }

  /** Hours that are over become history, incidents known from before come back in their time. */
  #enter(minute: number): void {
    this.#closeHours(minute);
    while ((this.#pending[0]?.track.firstMinute ?? Infinity) <= minute) this.#restoreNext();
  }

  /** What the minute touched is judged, deepest first, and then remembered. */
  #step(minute: number, judges: boolean): void {
    this.#closeHours(minute);
    if (minute > this.#minute) this.tree.tidy(this.#minute, minute, this.#closedUntil);
    this.#minute = minute;
    if (judges) for (const episode of this.#book.open) this.#advance(episode, minute);
    this.#watchAll(minute, judges);
    if (!judges) return;
    for (const { node, verdict } of this.#drops.find(this.tree, minute)) {
      this.#open(node, minute, verdict);
    }
    const trend = this.#trends.find(this.tree, minute, (window) =>
      this.#book.pagedUsd({ minute, window }),
    );
    if (trend !== null) this.#open(trend.node, minute, trend.verdict);
  }

  /** Notes where each touched series stands, leaves first, and judges those that stand out. */
  #watchAll(minute: number, judges: boolean): void {
    const masking = this.#book.masking(minute);
    const at = { minute, newestMs: this.#newestOfStepMs };
    this.#calibration.begin(minute);
    for (const node of this.#touched.inOrder()) {
      if (node.statistics.length === 0 || node.isTold) continue;
      const day = node.hours.day(minute);
      if (day !== node.tails.day) {
        node.teamDays?.slow.turn();
        this.#calibration.turn(node, day, true);
      }
      const notes = !isTouched(masking, node);
      const heat = watch(node, { minute, notes, judges }, this.#calibration);
      if (!judges) continue;
      if (heat >= PAGE_HEAT && !this.#book.speaksFor(node)) this.#pager.judge(node, at);
      if (heat % PAGE_HEAT === TICKET_HEAT) this.#pager.judgeTicket(node, at);
      this.#rule(node, minute);
    }
  }

  /** Rules by structure: what they find they find at its place. */
  #rule(node: SeriesNode, minute: number): void {
    const finding = node.level === "team" ? retryStorm(node, minute) : newcomer(node, minute);
    if (finding !== null) this.#open(finding.node, minute, finding.verdict);
  }

  #open(node: SeriesNode, minute: number, verdict: Verdict): void {
    this.#pager.open(node, { minute, newestMs: this.#newestOfStepMs }, verdict);
  }

  #restoreNext(): void {
    const next = this.#pending.shift();
    if (next === undefined) return;
    const base = this.tree.ensure(next.track.path);
    this.#book.add(new Episode(base, next.incident, { ...next.track }));
  }

  #advance(episode: Episode, minute: number): void {
    episode.advance(minute, this.#pager.verdict(episode.base, minute, episode));
    this.#book.note(episode.open ? "updated" : "resolved", episode);
  }

  #closeHours(minute: number): void {
    const hour = Math.floor((minute - HOUR_SETTLES_MINUTES) / 60);
    if (this.#hour >= 0 && hour > this.#hour) {
      // After a silence there may be data in the open hour and in the first minutes of the next; beyond there is none.
      for (let closing = this.#hour; closing < Math.min(hour, this.#hour + 2); closing++) {
        this.#closedUntil = closing * 60 + 59;
        const masking = this.#book.masking(this.#closedUntil);
        this.#drops.note(this.tree, closing);
        this.tree.closeHour(closing, (node: SeriesNode, held: HourSample) =>
          unmaskHour(masking, node, held, closing),
        );
      }
      this.tree.evict(minute, (node) => this.#book.has(node));
      this.#book.forgetOld(minute);
    }
    this.#hour = Math.max(this.#hour, hour);
  }

  #act(incidentId: string, action: (episode: Episode) => void): IncidentChange | null {
    const episode = this.#book.find(incidentId);
    if (episode === undefined) return null;
    const { revision } = episode.incident;
    action(episode);
    return episode.incident.revision === revision
      ? null
      : { reason: "updated", incident: episode.incident };
  }
}

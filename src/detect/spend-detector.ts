import { excessOf, EXPLAINS, narrow } from "./attribution.ts";
import { about, evaluate, mayFire, type DetectionSettings, type Verdict } from "./detector.ts";
import { Episode, openEpisode, type Track } from "./episode.ts";
import { EpisodeBook, type IncidentChange } from "./episode-book.ts";
import { dueBetween, prepareNextHour } from "./hour-ahead.ts";
import type { HourSample } from "./hour-log.ts";
import { PERSONAL, type Incident } from "./incident.ts";
import { unmaskHour, unmaskSums } from "./masks.ts";
import { PaneGate } from "./pane-gate.ts";
import { PeerPool } from "./peer-pool.ts";
import { hasPrice } from "./price-factor.ts";
import { WINDOWS, type SeriesNode } from "./series-node.ts";
import { SeriesTree, type PaneUse } from "./series-tree.ts";
import { Touched } from "./touched.ts";

/** An hour is written into history this many minutes after its end, so that ordinary lateness is in. */
const HOUR_SETTLES_MINUTES = 5;
/** A silent feed is stepped through minute by minute up to this far; beyond, in one step. */
const MAX_SILENT_STEPS = 180;
/** With this many open pages under one team the next is about the team. */
const STORM_PAGES = 2;

/**
 * Detection in event time: panes in, incident changes out. Pure: no I/O, no wall clock; live, replayed and back-tested data take the same way.
 * Panes are applied minute by minute; after each minute the series it touched are judged, deepest first, and open incidents move on.
 * A minute is judged as soon as it begins to fill: sums only grow, so being over the bar early is being over the bar.
 */
export class SpendDetector {
  readonly tree = new SeriesTree();
  readonly #settings: DetectionSettings;
  readonly #peers = new PeerPool(() => this.tree.nodes);
  readonly #book = new EpisodeBook();
  readonly #touched = new Touched();
  readonly #gate = new PaneGate();
  /** The newest minute seen, and the hour not yet written into history. */
  #minute = -1;
  #hour = -1;
  /** The last minute of the hours that are history. */
  #closedUntil = -1;
  #newestMs = -1;
  #newestOfStepMs = -1;
  #pending: { readonly incident: Incident; readonly track: Track }[] = [];

  constructor(settings: DetectionSettings) {
    this.#settings = settings;
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
      if (this.#minute - node.lastMinute < 60) this.#touched.touch(node, this.#minute);
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

  /** A new minute begins: hours that are over become history, incidents known from before come back in their time. */
  #enter(minute: number): void {
    this.#closeHours(minute);
    while ((this.#pending[0]?.track.firstMinute ?? Infinity) <= minute) this.#restoreNext();
  }

  /** What the minute touched is judged, deepest first, and then remembered. */
  #step(minute: number, judges: boolean): void {
    this.#closeHours(minute);
    if (this.#minute >= 0 && minute > this.#minute) this.#workAhead(minute, judges);
    this.#minute = minute;
    if (judges) for (const episode of this.#book.open) this.#advance(episode, minute);
    const touched = this.#touched.measure(minute);
    if (judges) this.#judgeAll(touched, minute);
    this.#remember(touched, minute);
  }

  #judgeAll(touched: readonly SeriesNode[], minute: number): void {
    // Whoever is judged first in a day settles what everybody is measured by that day.
    for (const level of PERSONAL) if (this.#touched.has(level)) this.#peers.rank(level, minute);
    const { sums } = this.#touched;
    touched.forEach((node, at) => {
      if (mayFire(node, minute, sums, at * WINDOWS.length, this.#settings)) {
        this.#judge(node, minute);
      }
    });
  }

  /** What an incident adds is not normal: neither its own windows nor its part in others become a peak. */
  #remember(touched: readonly SeriesNode[], minute: number): void {
    const { sums } = this.#touched;
    const masking = this.#book.masking(minute);
    touched.forEach((node, index) => {
      const at = index * WINDOWS.length;
      // A price may be dear at any dollars: such a series is looked at whenever it is touched.
      if (!hasPrice(node)) node.bound(minute, sums, at, this.#settings.minimumUsd);
      if (unmaskSums(masking, node, minute, sums, at)) node.observePeak(minute, sums, at);
    });
  }

  /** A share of what the turn of the hour would ask of all series at once. */
  #workAhead(minute: number, judges: boolean): void {
    const { minimumUsd } = this.#settings;
    for (const node of dueBetween(this.tree.nodes, this.#minute, minute)) {
      node.tidy(this.#closedUntil);
      if (judges) prepareNextHour(node, minute, minimumUsd);
    }
  }

  #restoreNext(): void {
    const next = this.#pending.shift();
    if (next === undefined) return;
    const base = this.tree.ensure(next.track.path);
    this.#book.add(new Episode(base, next.incident, { ...next.track }));
  }

  #advance(episode: Episode, minute: number): void {
    episode.advance(minute, this.#verdict(episode.base, minute, episode));
    this.#book.note(episode.open ? "updated" : "resolved", episode);
  }

  #judge(leaf: SeriesNode, minute: number): void {
    const first = this.#verdict(leaf, minute, null);
    if (!first.fires || this.#book.covers(leaf, first)) return;
    const { node, verdict } = this.#widen(leaf, minute, first);
    if (this.#book.covers(node, verdict)) return;
    const storm = node !== leaf && verdict.score === first.score;
    const base =
      verdict.factor === "dollars" && !storm
        ? narrow(node, { minute, window: verdict.windowMinutes })
        : node;
    if (this.#book.covers(base, verdict)) return;
    const own = base === node ? verdict : this.#verdict(base, minute, null);
    const chosen = own.fires ? own : about(base, minute, verdict);
    const before = this.#book.recent(base, minute, chosen);
    if (before !== undefined) {
      before.reopen(minute, chosen);
      this.#book.note("reopened", before);
      return;
    }
    const masks = this.#book.masksAnew(base, minute);
    const episode = openEpisode(base, chosen, { minute, openedAtMs: this.#newestOfStepMs, masks });
    this.#book.add(episode);
    this.#book.note("opened", episode);
  }

  /** Up where a third person of a team would be paged for, and as long as the parent pages too and the node is not the bulk of it: a surge of a whole team is one incident, not one a head. */
  #widen(leaf: SeriesNode, minute: number, first: Verdict): { node: SeriesNode; verdict: Verdict } {
    const team = leaf.parent;
    if (team?.level === "team" && this.#book.pagesUnder(team) >= STORM_PAGES) {
      return { node: team, verdict: about(team, minute, first) };
    }
    let node = leaf;
    let verdict = first;
    for (let { parent } = leaf; parent !== null; { parent } = parent) {
      const above = this.#verdict(parent, minute, null);
      const at = { minute, window: above.windowMinutes };
      const bulk = excessOf(node, at) >= EXPLAINS * excessOf(parent, at);
      if (!above.fires || above.severity === "ticket" || bulk) break;
      node = parent;
      verdict = above;
    }
    return { node, verdict };
  }

  #verdict(node: SeriesNode, minute: number, self: Episode | null): Verdict {
    return evaluate(node, minute, {
      settings: this.#settings,
      peers: this.#peers,
      explainedUsd: (window) => this.#book.explainedUsd(node, { minute, window }, self),
    });
  }

  #closeHours(minute: number): void {
    const hour = Math.floor((minute - HOUR_SETTLES_MINUTES) / 60);
    if (this.#hour >= 0 && hour > this.#hour) {
      // After a silence there may be data in the open hour and in the first minutes of the next; beyond there is none.
      for (let closing = this.#hour; closing < Math.min(hour, this.#hour + 2); closing++) {
        this.#closedUntil = closing * 60 + 59;
        const masking = this.#book.masking(this.#closedUntil);
        const mask = (node: SeriesNode, held: HourSample): HourSample =>
          unmaskHour(masking, node, held, closing);
        this.tree.closeHour(closing, masking.length === 0 ? null : mask);
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

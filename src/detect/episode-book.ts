import { excessOf } from "./attribution.ts";
import type { Episode, Track } from "./episode.ts";
import { explainedBy, isAncestor } from "./explained.ts";
import { GOES_ON_DAYS, QUIET_KINDS, type Incident, type IncidentKind } from "./incident.ts";
import type { Verdict } from "./detector.ts";
import { isNextNight } from "./next-night.ts";
import type { SeriesNode, WindowMinutes } from "./series-node.ts";
import { barPassed, BESIDE_MINUTES, isOfOne, placeOf } from "./storm.ts";

/** What became of an incident in one step. */
export interface IncidentChange {
  readonly reason: "opened" | "updated" | "resolved" | "reopened";
  readonly incident: Incident;
}

const DAY_MINUTES = 1440;
/** So long after its start an incident may still turn out to be a part of a larger one. */
const GROWS_MINUTES = 180;
/** A scope that had an incident within three days masks nothing more: what lasts becomes normal. */
const MASKS_AGAIN_MINUTES = 3 * DAY_MINUTES;
/** What burns again within a day is the same incident; and so are somebody's nights. */
const NIGHTS_MINUTES = GOES_ON_DAYS * DAY_MINUTES;

/** As long as the longest window may hold what an incident added. */
const KEPT_MINUTES = 8 * DAY_MINUTES;

/** The running and the recent incidents, and what they mean for everybody else's numbers. Minutes are epoch minutes. */
export class EpisodeBook {
  #episodes: Episode[] = [];
  #changes: IncidentChange[] = [];

  get open(): readonly Episode[] {
    return this.#episodes.filter((one) => one.open);
  }

  /** Open incidents, and those that ended within a day. */
  incidents(minute: number): readonly Incident[] {
    return this.#episodes
      .filter((one) => one.open || one.endedSince(minute - DAY_MINUTES))
      .map(({ incident }) => incident);
  }

  find(incidentId: string): Episode | undefined {
    return this.#episodes.find(({ incident }) => incident.id === incidentId);
  }

  add(episode: Episode): void {
    this.#episodes.push(episode);
  }

  /** In place of what is known of the same incident. */
  put(episode: Episode): void {
    const at = this.#episodes.findIndex(({ incident }) => incident.id === episode.incident.id);
    if (at < 0) this.#episodes.push(episode);
    else this.#episodes[at] = episode;
  }

  has(node: SeriesNode): boolean {
    return this.#episodes.some(({ base }) => base === node);
  }

  /**
   * An open incident at the node or above it has the word; it names its parts itself. A ticket never silences a page, and a
   * second ticket about a part or the whole of what one tells already says nothing new.
   */
  covers(node: SeriesNode, verdict: Verdict, minute: number): boolean {
    return this.#episodes.some(
      (episode) =>
        isComparable(verdict, episode) &&
        (sharesCause(episode, node, verdict, minute) || holds(episode, node, verdict, minute)),
    );
  }

  /** Whether an open page is about one person of a team. */
  hasPersonalPage(team: SeriesNode): boolean {
    return this.#episodes.some(
      ({ open, base, incident }) =>
        open && incident.severity === "page" && base.level === "user" && base.parent === team,
    );
  }

  /** Whether an open page is about the node or what it is a part of: whatever is found there is covered. */
  speaksFor(node: SeriesNode): boolean {
    return this.#episodes.some(
      ({ open, base, incident }) =>
        open &&
        incident.severity === "page" &&
        incident.kind !== "price" &&
        (base === node || isAncestor(base, node)),
    );
  }

  /** An incident of the node that is hardly over, or of the person who is at it again: it goes on instead of a new one. */
  recent(node: SeriesNode, minute: number, verdict: Verdict): Episode | undefined {
    const goesOn = this.#episodes.filter(
      ({ incident }) =>
        !outranks(verdict, incident) &&
        !isAnother(verdict, incident) &&
        !isSudden(verdict, incident) &&
        (verdict.kind === "drop") === (incident.kind === "drop"),
    );
    return (
      goesOn.find((one) => one.base === node && one.burntWithin(minute, DAY_MINUTES)) ??
      goesOn.findLast(
        (one) =>
          one.burntWithin(minute, NIGHTS_MINUTES) && isNextNight(one, { node, minute, verdict }),
      )
    );
  }

  /** Open pages about parts of a node. */
  pagesUnder(node: SeriesNode): number {
    return this.open.filter(
      ({ base, incident }) => incident.severity === "page" && isAncestor(node, base),
    ).length;
  }

  /** Other teams, or whole departments, that an open page of the last minutes is about. What one person does tells nothing of a team. */
  pagedBeside(node: SeriesNode, minute: number): number {
    const places = new Set<SeriesNode>();
    for (const { base, incident } of this.open) {
      if (incident.severity !== "page") continue;
      if (isOfOne(base, barPassed(incident))) continue;
      const isRecent = minute - incident.openedAtMs / 60_000 <= BESIDE_MINUTES;
      if (isRecent) places.add(placeOf(base));
    }
    const own = placeOf(node);
    return [...places].filter((place) => place !== own && !isAncestor(own, place)).length;
  }

  /** A page about a part of a node that opened lately: what turns out to be larger goes on as the same incident. */
  growing(
    node: SeriesNode,
    minute: number,
    isSame: (episode: Episode) => boolean,
  ): Episode | undefined {
    return this.open.find(
      (one) =>
        one.incident.severity === "page" &&
        isAncestor(node, one.base) &&
        minute - one.track.firstMinute <= GROWS_MINUTES &&
        isSame(one),
    );
  }

  /** Whether a new incident of the node keeps what it adds out of history. */
  masksAnew(node: SeriesNode, minute: number): boolean {
    const since = minute - MASKS_AGAIN_MINUTES;
    return !this.#episodes.some(
      (one) => one.base === node && one.incident.severity === "page" && one.startedSince(since),
    );
  }

  /** Dollars of a node's window that incidents account for; of the incident `self` only those that were there before it. */
  explainedUsd(
    node: SeriesNode,
    at: { readonly minute: number; readonly window: WindowMinutes },
    self: Episode | null,
  ): number {
    const until = self === null ? -1 : this.#episodes.indexOf(self);
    const others = until < 0 ? this.#episodes : this.#episodes.slice(0, until);
    let sum = 0;
    for (const episode of others) {
      if (episode.explainsAt(at.minute, at.window)) sum += explainedBy(episode.base, node, at);
    }
    return sum;
  }

  /** Dollars over expectation of all pages of a window, each cause once. A ticket may be a part of a slow rise, and is none of them. */
  pagedUsd({
    minute,
    window,
  }: {
    readonly minute: number;
    readonly window: WindowMinutes;
  }): number {
    const paged = this.#episodes.filter((one) => one.explainsAt(minute, window));
    const isPart = (of: Episode): boolean =>
      paged.some((one) => isAncestor(one.base, of.base) && overlap(one.track, of.track));
    let sum = 0;
    for (const one of paged) if (!isPart(one)) sum += Math.max(0, one.incident.excessUsd);
    return sum;
  }

  /** The incidents that mask what they added at a minute: mostly none. */
  masking(minute: number): readonly Episode[] {
    return this.#episodes.filter((one) => one.masksAt(minute));
  }

  forgetOld(minute: number): void {
    const since = minute - KEPT_MINUTES;
    this.#episodes = this.#episodes.filter((one) => one.open || one.endedSince(since));
  }

  /** Until `takeChanges` an incident is reported when it opens, and once more at its end; what lies between is folded in. */
  note(reason: IncidentChange["reason"], { incident }: Episode): void {
    const last = this.#changes.findLastIndex((change) => change.incident.id === incident.id);
    const known = this.#changes[last];
    if (known === undefined || known.reason === "resolved" || reason === "resolved") {
      if (known?.reason === "updated") this.#changes.splice(last, 1);
      this.#changes.push({ reason, incident });
    } else {
      this.#changes[last] = { reason: known.reason, incident };
    }
  }

  takeChanges(): IncidentChange[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }
}

function overlap(a: Track, b: Track): boolean {
  return a.firstMinute <= b.lastHotMinute && b.firstMinute <= a.lastHotMinute;
}

/** Kinds whose tickets are found by what a team's people do, however much they spend. */
const OF_A_TEAM: readonly IncidentKind[] = ["price", "waste"];

/** Whether a ticket is of such a kind, and an incident of another. */
function isAnother({ kind, severity }: Verdict, incident: Incident): boolean {
  return severity === "ticket" && OF_A_TEAM.includes(kind) && kind !== incident.kind;
}

/** Whether a page is about something sudden, and an incident of what goes on without a bell: it would hide it. */
function isSudden({ kind, severity }: Verdict, incident: Incident): boolean {
  return severity === "page" && QUIET_KINDS.includes(incident.kind) && !QUIET_KINDS.includes(kind);
}

function isWide({ level }: SeriesNode): boolean {
  return level === "organisation" || level === "department";
}

/** Whether an incident can speak for a verdict: it is not less, and of the same sort. */
function isComparable(verdict: Verdict, { base, incident }: Episode): boolean {
  if (outranks(verdict, incident)) return false;
  // Who spends more and more can still stop.
  if (verdict.kind === "drop" && incident.kind !== "drop") return false;
  // That everybody's spend grows says nothing of what one team does today.
  if (incident.kind === "ramp" && verdict.kind !== "ramp") return false;
  // What a whole department spends says nothing of dearer calls in one team, nor of people who stand apart from it.
  if (isWide(base) && isAnother(verdict, incident)) return false;
  // Dearer calls of everybody say nothing of somebody who makes a hundred times as many.
  return incident.kind !== "price" || verdict.kind === "price";
}

/** Whether an incident is about a node or what it is a part of; of one that is over, what a long window still holds is not news. */
function holds(episode: Episode, node: SeriesNode, verdict: Verdict, minute: number): boolean {
  const { open, base, incident } = episode;
  const around = base === node || isAncestor(base, node);
  if (!open) return around && episode.isWithin(minute, verdict.windowMinutes);
  const isTwin = verdict.severity === "ticket" && incident.kind === verdict.kind;
  return around || (isTwin && isAncestor(node, base));
}

/** Whether an incident about another side of the same team (its tool, its key, a person) holds most of what a verdict is about: one cause pages once. */
function sharesCause(
  episode: Episode,
  node: SeriesNode,
  { windowMinutes: window, basis, excessUsd }: Verdict,
  minute: number,
): boolean {
  const { base } = episode;
  if (base.parent !== node.parent || base.level === node.level) return false;
  if (base.parent?.level !== "team" || !episode.isWithin(minute, window)) return false;
  return excessOf(base, { minute, window, basis }) >= SAME_CAUSE * excessUsd;
}
const SAME_CAUSE = 0.5;

/** A page is more than a ticket. */
function outranks(verdict: Verdict, incident: Incident): boolean {
  return verdict.severity === "page" && incident.severity === "ticket";
}

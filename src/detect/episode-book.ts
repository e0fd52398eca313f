import type { Episode } from "./episode.ts";
import { explainedBy, isAncestor } from "./explained.ts";
import type { Incident } from "./incident.ts";
import type { Verdict } from "./detector.ts";
import type { SeriesNode, WindowMinutes } from "./series-node.ts";

/** What became of an incident in one step. */
export interface IncidentChange {
  readonly reason: "opened" | "updated" | "resolved" | "reopened";
  readonly incident: Incident;
}

const DAY_MINUTES = 1440;
/** A scope that had an incident within three days masks nothing more: what lasts becomes normal. */
const MASKS_AGAIN_MINUTES = 3 * DAY_MINUTES;

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
  covers(node: SeriesNode, verdict: Verdict): boolean {
    return this.#episodes.some(({ open, base, incident }) => {
      if (!open || outranks(verdict, incident)) return false;
      const around = base === node || isAncestor(base, node);
      return around || (verdict.severity === "ticket" && isAncestor(node, base));
    });
  }

  /** An incident of the node that is hardly over: it goes on instead of a new one. */
  recent(node: SeriesNode, minute: number, verdict: Verdict): Episode | undefined {
    return this.#episodes.find(
      (one) => one.base === node && one.recentAt(minute) && !outranks(verdict, one.incident),
    );
  }

  /** Open pages about parts of a node. */
  pagesUnder(node: SeriesNode): number {
    return this.open.filter(
      ({ base, incident }) => incident.severity === "page" && isAncestor(node, base),
    ).length;
  }

  /** Whether a new incident of the node keeps what it adds out of history. */
  masksAnew(node: SeriesNode, minute: number): boolean {
    const since = minute - MASKS_AGAIN_MINUTES;
    return !this.#episodes.some((one) => one.base === node && one.startedSince(since));
  }

  /** Dollars of a node's window that incidents account for; of the incident `self` only those that were there before it. */
  explainedUsd(
    node: SeriesNode,
    at: { readonly minute: number; readonly window: WindowMinutes },
    self: Episode | null,
  ): number {
    let sum = 0;
    for (const episode of this.#episodes) {
      if (episode === self) break;
      if (episode.explainsAt(at.minute)) sum += explainedBy(episode.base, node, at);
    }
    return sum;
  }

  /** The incidents that mask what they added at a minute: mostly none. */
  masking(minute: number): readonly Episode[] {
    return this.#episodes.filter((one) => one.masksAt(minute));
  }

  forgetOld(minute: number): void {
    const since = minute - MASKS_AGAIN_MINUTES;
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

/** A page is more than a ticket. */
function outranks(verdict: Verdict, incident: Incident): boolean {
  return verdict.severity === "page" && incident.severity === "ticket";
}

import {
  excessOf,
  EXPLAINS,
  isUsuallyMost,
  narrow,
  narrowSharply,
  standsOut,
  type At,
} from "./attribution.ts";
import type { Calibration } from "./calibration.ts";
import { about, evaluate, evaluateTicket, type Judge, type Verdict } from "./detector.ts";
import { openEpisode, type Episode } from "./episode.ts";
import type { EpisodeBook } from "./episode-book.ts";
import { aboutApart } from "./apart.ts";
import { earlyUsd } from "./money.ts";
import { personalRegime } from "./regimes.ts";
import { isStormOfErrors, isWidelyFailing } from "./rules.ts";
import type { SeriesNode } from "./series-node.ts";
import { isGroup } from "./statistics.ts";
import type { SeriesTree } from "./series-tree.ts";
import { barPassed, isNoCoincidence, isOfOne, stormAround, type Weather } from "./storm.ts";

/** With this many open pages under one team the next is about the team. */
const STORM_PAGES = 2;
/** What a group finds and one person did must come so near to that person's own bar. */
const OWN_SLACK = 1.5;

/** When something is decided: the minute that is judged, and the event time of the newest event it has seen. */
export interface Moment {
  readonly minute: number;
  readonly newestMs: number;
}

/** Decides who is told of what: one incident a cause, at the series that explains it. */
export class Pager {
  readonly #tree: SeriesTree;
  readonly #book: EpisodeBook;
  readonly #calibration: Calibration;

  constructor(tree: SeriesTree, book: EpisodeBook, calibration: Calibration) {
    this.#tree = tree;
    this.#book = book;
    this.#calibration = calibration;
  }

  /** What a series has come to may be a page: about it, about what it is a part of, or about what it consists of. */
  judge(leaf: SeriesNode, at: Moment): void {
    const { minute } = at;
    const first = this.verdict(leaf, minute, null);
    if (!first.fires || this.#book.covers(leaf, first, minute)) return;
    const { node, verdict } = this.#widen(leaf, minute, first);
    if (this.#book.covers(node, verdict, minute)) return;
    const storm = node !== leaf && verdict.score === first.score;
    const span = { minute, window: verdict.windowMinutes, basis: verdict.basis };
    const base = storm ? node : narrowSharply(node, span);
    if (this.#book.covers(base, verdict, minute)) return;
    if (hasPrecedent([base, node], minute, verdict)) return;
    this.#openAt([leaf, node, base], at, verdict);
  }

  /** `base` is what a finding of `node` was narrowed down to. */
  #openAt(
    [leaf, node, base]: readonly [SeriesNode, SeriesNode, SeriesNode],
    at: Moment,
    verdict: Verdict,
  ): void {
    const { minute } = at;
    const own = base === node ? verdict : this.verdict(base, minute, null);
    if (base === leaf || !(isOrdinary(base, own) || isTooCheap(base, minute, verdict))) {
      this.open(base, at, own.fires ? own : about(base, minute, verdict));
    } else if (verdict.basis === "price") {
      // A price that rose for many is theirs, whoever of them spends most.
      this.open(node, at, verdict);
    }
  }

  /** What stands out by itself but grows slowly, or costs little by the hour: a ticket for working hours. */
  judgeTicket(team: SeriesNode, at: Moment): void {
    const { minute } = at;
    const verdict = evaluateTicket(team, minute, this.judgeOf(team, minute, null));
    if (verdict?.fires !== true || this.#book.covers(team, verdict, minute)) return;
    const span = { minute, window: verdict.windowMinutes, basis: verdict.basis };
    const base = ticketBase(team, span, verdict);
    if (this.#book.covers(base, verdict, minute)) return;
    if (hasPrecedent([base, team], minute, verdict)) return;
    const isAsFound = base === team && verdict.kind !== "waste";
    this.open(base, at, isAsFound ? verdict : about(base, minute, verdict));
  }

  /** Opens an incident, goes on with one that is hardly over, or does nothing where another has the word. */
  open(found: SeriesNode, at: Moment, verdict: Verdict): void {
    const { minute } = at;
    if (found.settings.muteKinds.includes(verdict.kind)) return;
    if (this.#book.covers(found, verdict, minute)) return;
    if (this.#grows(found, verdict, minute)) return;
    const base = verdict.severity === "page" ? this.#causeOf(found, verdict, minute) : found;
    const chosen = base === found ? verdict : about(base, minute, { ...verdict, basis: "profile" });
    if (base !== found && this.#book.covers(base, chosen, minute)) return;
    const before = this.#book.recent(base, minute, chosen);
    if (before !== undefined) {
      // What a ticket still sees of a page that is over is no news.
      if (chosen.severity !== before.incident.severity) return;
      before.reopen(minute, before.base === base ? chosen : about(before.base, minute, chosen));
      this.#book.note("reopened", before);
      return;
    }
    const masks = this.#book.masksAnew(base, minute);
    const episode = openEpisode(base, chosen, { minute, openedAtMs: at.newestMs, masks });
    this.#book.add(episode);
    this.#book.note("opened", episode);
  }

  /** The organisation, where others are in the same trouble. */
  #causeOf(found: SeriesNode, verdict: Verdict, minute: number): SeriesNode {
    const { organisation, teams } = this.#tree;
    const isOfCalls = isStormOfErrors(verdict) || isGroup(found.level);
    const isWide = isOfCalls && isWidelyFailing(teams, found, minute);
    return isWide
      ? organisation
      : this.#stormAround(found, { minute, isOfOne: isOfOne(found, verdict) });
  }

  /** A page elsewhere turns out to be a part of this: retries of a second team, or a storm over many. It goes on as the organisation's. */
  #grows(found: SeriesNode, verdict: Verdict, minute: number): boolean {
    const { organisation } = this.#tree;
    if (verdict.severity !== "page" || found === organisation) return false;
    const isSame = this.#isSameStorm(found, verdict, minute);
    const before = isSame === null ? undefined : this.#book.growing(organisation, minute, isSame);
    if (before === undefined || before.base === organisation) return false;
    const wider = before.widened(organisation, minute);
    this.#book.put(wider);
    this.#book.note("updated", wider);
    return true;
  }

  /** Which pages a finding would be of one storm with; null: it is no part of any. */
  #isSameStorm(
    found: SeriesNode,
    verdict: Verdict,
    minute: number,
  ): ((episode: Episode) => boolean) | null {
    if (isStormOfErrors(verdict)) {
      return ({ incident: { decision } }) => decision !== undefined && isStormOfErrors(decision);
    }
    if (this.#stormAround(found, { minute, isOfOne: true }) !== found) return () => true;
    if (isOfOne(found, verdict)) return null;
    const isNear =
      isNoCoincidence(this.#tree, this.#book.pagedBeside(found, minute)) ||
      this.#stormAround(found, { minute, isOfOne: false }) !== found;
    return isNear ? ({ base, incident }) => !isOfOne(base, barPassed(incident)) : null;
  }

  /** A team whose heat is one person's, who was paged about, is in no storm. */
  #stormAround(found: SeriesNode, at: Weather): SeriesNode {
    return stormAround(this.#tree, found, at, (team) => this.#book.hasPersonalPage(team));
  }

  /** Up where a third person of a team would be paged for or the rest of the team has risen as well, and as long as the parent pages too and the node is not the bulk of it: a surge of a whole team is one incident, not one a head. */
  #widen(leaf: SeriesNode, minute: number, first: Verdict): { node: SeriesNode; verdict: Verdict } {
    const team = leaf.parent;
    const span = { minute, window: first.windowMinutes };
    const isOfMany = (of: SeriesNode): boolean =>
      this.#book.pagesUnder(of) >= STORM_PAGES || !standsOut(leaf, of, span);
    if (team?.level === "team" && isOfMany(team)) {
      return { node: team, verdict: about(team, minute, first) };
    }
    let node = leaf;
    let verdict = first;
    for (let { parent } = leaf; parent !== null; { parent } = parent) {
      const above = this.verdict(parent, minute, null);
      if (!above.fires || above.severity === "ticket") break;
      const isBulk = [above, verdict].some(({ windowMinutes: window, basis }) => {
        const at = { minute, window, basis };
        return excessOf(node, at) >= EXPLAINS * excessOf(parent, at);
      });
      if (isBulk) break;
      node = parent;
      verdict = above;
    }
    return { node, verdict };
  }

  /** `self`: the incident that asks, which does not explain itself away. */
  verdict(node: SeriesNode, minute: number, self: Episode | null): Verdict {
    return evaluate(node, minute, this.judgeOf(node, minute, self));
  }

  judgeOf(node: SeriesNode, minute: number, self: Episode | null): Judge {
    return {
      calibration: this.#calibration,
      explainedUsd: (window) => this.#book.explainedUsd(node, { minute, window }, self),
    };
  }
}

/** Whom a ticket is about. What days add up to is of days: an hour of them is somebody's by chance. */
function ticketBase(team: SeriesNode, span: At, { kind }: Verdict): SeriesNode {
  if (kind === "waste") return aboutApart(team, { ...span, of: "sessions" });
  return kind === "price" ? narrowSharply(team, span) : narrow(team, span);
}

/** One person's evening is judged by that person's evenings, however quiet the others are. */
function isOrdinary({ level }: SeriesNode, { score, bar }: Verdict): boolean {
  return level === "user" && score < bar - OWN_SLACK;
}

/**
 * Of one person at work more must be gone than of a team, whoever found it: else each of their pages is one of the team's, and several of those a storm.
 * What a bot does that is most of its team is the team's.
 */
function isTooCheap(base: SeriesNode, minute: number, verdict: Verdict): boolean {
  const { basis, windowMinutes: window } = verdict;
  if (base.level !== "user" || isUsuallyMost(base, { minute, window })) return false;
  return excessOf(base, { minute, window, basis }) < earlyUsd(base, personalRegime(base, minute));
}

/** Whether one of the series held about as much at the same place of an earlier month: a monthly job, a month's end. Dearer calls have none. */
function hasPrecedent(nodes: readonly SeriesNode[], minute: number, verdict: Verdict): boolean {
  const { basis, windowMinutes: window } = verdict;
  if (basis === "price") return false;
  return nodes.some((node) => {
    const excessUsd = excessOf(node, { minute, window, basis });
    return node.heavyDays?.hasLike(node.hours.day(minute), window, excessUsd) === true;
  });
}

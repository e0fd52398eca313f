import type { HourCentre, HourExpectation } from "./baseline.ts";
import { DailyPeaks } from "./daily-peaks.ts";
import { doubles } from "./doubles.ts";
import { Expectations } from "./expectations.ts";
import { HISTORY_HOURS, type HourLog, type HourSample } from "./hour-log.ts";
import { PERSONAL, type Level, type Scope } from "./incident.ts";
import { Members, type MemberUse } from "./members.ts";
import { TimeRing } from "./time-ring.ts";
import type { TouchMark } from "./touched.ts";

/** Minutes of detail: the longest window, and room for late events. */
export const DETAIL_MINUTES = 128;
/** A day of five-minute steps, for the charts. */
const CHART_STEPS = 320;
const USD = 0;
const REQUESTS = 1;
const TOKENS = 2;

const TOTAL = 0;
/** Decayed sums that give the size-biased cost of one event: Σx² / Σx. */
const SQUARES = 1;
const SUM = 2;
const BOUNDS = 3;
/** More than sums of a few thousand doubles can differ by their order. */
const ROUNDING = 1 + 1e-9;

/** Windows that are judged, in minutes. */
export const WINDOWS = [5, 60] as const;
export type WindowMinutes = (typeof WINDOWS)[number];

/** What one minute of one dimension tuple adds to each node on its path. */
export interface MinuteUse extends MemberUse {
  readonly user: string;
  readonly usdSquared: number;
  readonly requests: number;
  /** Of the requests, those that failed. */
  readonly errors: number;
  readonly tokens: number;
  /** Of the tokens, those read from a cache and those put out. */
  readonly cacheReadTokens: number;
  readonly outputTokens: number;
}

/** One watched series: a node of organisation > department > team > user, key, agent, model or tool. */
export class SeriesNode {
  readonly level: Level;
  readonly name: string;
  readonly parent: SeriesNode | null;
  readonly scope: Scope;
  /** Only of users: what the spend is made of. */
  readonly members: Members | null;
  /** Most nodes are people and their keys: what those do not use takes no memory. */
  #children: Map<Level, Map<string, SeriesNode>> | null = null;
  readonly #expectations = new Expectations();
  readonly #detail = new TimeRing(DETAIL_MINUTES, 3);
  readonly #chart = new TimeRing(CHART_STEPS, 1);
  /** Users by the last minute they were active; only of groups. */
  readonly #lastActive: Map<string, number> | null;
  readonly #peaks = new DailyPeaks(WINDOWS.length);
  #firstMinute: number;
  /** An hour that is over and not written into the history yet, and its last minute; -1: none. */
  #unwritten = -1;
  #unwrittenEnd = -1;
  /** What every use adds to, side by side: total, decayed squares and sum, and a bound and a limit for each window. */
  readonly #sums = doubles(BOUNDS + 2 * WINDOWS.length);
  /** The bounds and limits hold before this minute. */
  #boundUntil = -1;
  /** Minute of the last use. */
  lastMinute = -1;
  /** Kept by `Touched`. */
  readonly mark: TouchMark = { round: -1, turn: 0, isListed: false };

  /** `now` is the newest minute seen anywhere: what arrives late about the past has not been learnt in its time. */
  constructor(level: Level, name: string, parent: SeriesNode | null, now = -1) {
    this.#firstMinute = now;
    this.level = level;
    this.name = name;
    this.parent = parent;
    this.scope = level === "organisation" ? {} : { ...parent?.scope, [level]: name };
    this.members = level === "user" ? new Members() : null;
    this.#lastActive = PERSONAL.includes(level) ? null : new Map();
  }

  /** Of one level, in order of their first use. */
  children(level: Level): ReadonlyMap<string, SeriesNode> {
    return this.#children?.get(level) ?? NO_CHILDREN;
  }

  addChild(node: SeriesNode): void {
    this.#children ??= new Map<Level, Map<string, SeriesNode>>();
    let children = this.#children.get(node.level);
    if (children === undefined) {
      children = new Map<string, SeriesNode>();
      this.#children.set(node.level, children);
    }
    children.set(node.name, node);
  }

  removeChild({ level, name }: SeriesNode): void {
    this.#children?.get(level)?.delete(name);
  }

  add(use: MinuteUse): void {
    if (use.minute <= this.#unwrittenEnd) this.write();
    this.#detail.add(use.minute, USD, use.usd);
    this.#detail.add(use.minute, REQUESTS, use.requests);
    this.#detail.add(use.minute, TOKENS, use.tokens);
    this.#chart.add(Math.floor(use.minute / 5), 0, use.usd);
    this.members?.add(use);
    if ((this.#lastActive?.get(use.user) ?? -1) < use.minute) {
      this.#lastActive?.set(use.user, use.minute);
    }
    if (this.#firstMinute < 0 || this.#isForgotten(use.minute)) {
      this.#firstMinute = use.minute;
      this.#sums[TOTAL] = 0;
    }
    this.#addUsd(use);
    this.lastMinute = Math.max(this.lastMinute, use.minute);
  }

  #addUsd({ usd, usdSquared }: MinuteUse): void {
    const sums = this.#sums;
    sums[TOTAL] = (sums[TOTAL] as number) + usd;
    sums[SQUARES] = (sums[SQUARES] as number) * DECAY + usdSquared;
    sums[SUM] = (sums[SUM] as number) * DECAY + usd;
    for (let at = BOUNDS; at < sums.length; at += 2) sums[at] = (sums[at] as number) + usd;
  }

  /**
   * Whether a window may by now hold so much that something has to be decided: more than `minimumUsd`, or than any before today. Never false where one
   * does: it adds up what came since `bound`, and what left the windows meanwhile only makes them less.
   */
  isNear(minute: number): boolean {
    if (minute >= this.#boundUntil) return true;
    const sums = this.#sums;
    for (let at = BOUNDS; at < sums.length; at += 2) {
      if ((sums[at] as number) * ROUNDING > (sums[at + 1] as number)) return true;
    }
    return false;
  }

  /** Takes what the windows hold at `minute` (in `held` from `from` on) as what `isNear` starts from. */
  bound(minute: number, held: Float64Array, from: number, minimumUsd: number): void {
    for (let window = 0; window < WINDOWS.length; window++) {
      const at = BOUNDS + 2 * window;
      this.#sums[at] = held[from + window] as number;
      this.#sums[at + 1] = Math.min(minimumUsd, this.#peaks.today(minute, window));
    }
    this.#boundUntil = (Math.floor(minute / 1440) + 1) * 1440;
  }

  /** Nothing of its past is in the baseline any more: it is as new. One event from 1970 must not make everybody 56 years old. */
  #isForgotten(minute: number): boolean {
    return this.lastMinute >= 0 && minute - this.lastMinute > HISTORY_HOURS * 60;
  }

  /** Dollars over (minute − window, minute]. */
  usd(minute: number, window: number): number {
    return this.#detail.sum(USD, minute - window, minute);
  }

  /** Dollars of every window that ends at `minute`, in the order of WINDOWS, into `sums` from `from` on. */
  windowSums(minute: number, sums: Float64Array, from: number): void {
    for (let at = 0; at < WINDOWS.length; at++) {
      sums[from + at] = this.#detail.sum(USD, minute - (WINDOWS[at] as number), minute);
    }
  }

  requests(minute: number, window: number): number {
    return this.#detail.sum(REQUESTS, minute - window, minute);
  }

  tokens(minute: number, window: number): number {
    return this.#detail.sum(TOKENS, minute - window, minute);
  }

  /** Everything over (minute − window, minute]. */
  totals(minute: number, window: number): HourSample {
    return {
      usd: this.usd(minute, window),
      requests: this.requests(minute, window),
      tokens: this.tokens(minute, window),
      activeUsers: this.#activeUsers(minute - window),
    };
  }

  /** Dollars of the five-minute steps from `first` to `last` (epoch minutes / 5). */
  chartUsd(first: number, last = first): number {
    return this.#chart.sum(0, first - 1, last);
  }

  /** Mean dollars a day since it was first seen; of its first day, what it has spent. */
  usualUsd(minute: number): number {
    return (this.#sums[TOTAL] as number) / Math.max(1, (minute - this.#firstMinute) / 1440);
  }

  /** Days since it was first seen. */
  ageDays(minute: number): number {
    return this.#firstMinute < 0 ? 0 : (minute - this.#firstMinute) / 1440;
  }

  /** What the baseline expects of a five-minute step. */
  expectedStep(step: number): number {
    return this.#past.chartUsd(Math.floor(step / 12)) / 12;
  }

  /** Dollars that one event costs where most of the money is: scales the noise of small counts. */
  get eventUsd(): number {
    const sum = this.#sums[SUM] as number;
    return sum > 0 ? (this.#sums[SQUARES] as number) / sum : 0;
  }

  get log(): HourLog {
    return this.#past.log;
  }

  /** Expectation of one hour. */
  expectation(hour: number): HourExpectation {
    return this.#past.of(hour);
  }

  /** The part of it that past days and weeks tell, its dollars among it: cheaper. */
  centre(hour: number): HourCentre {
    return this.#past.centre(hour);
  }

  get #past(): Expectations {
    if (this.#unwritten >= 0) this.write();
    return this.#expectations;
  }

  /** Writes a closed hour into the history. `sample` may be masked by an incident. */
  closeHour(hour: number, sample: HourSample): void {
    this.write();
    this.#expectations.close(hour, sample);
    for (const [user, minute] of this.#lastActive ?? []) {
      if (minute < (hour - 1) * 60) this.#lastActive?.delete(user);
    }
  }

  /**
   * Closes an hour as it stands now, and leaves the writing for later: before the history is asked for or the hour could change, at the latest when `write`
   * is called. Only for a user or a key.
   */
  closeLater(hour: number): void {
    this.write();
    this.#unwritten = hour;
    this.#unwrittenEnd = hour * 60 + 59;
  }

  /** Writes what `closeLater` left. */
  write(): void {
    if (this.#unwritten < 0) return;
    const hour = this.#unwritten;
    this.#unwritten = -1;
    this.#unwrittenEnd = -1;
    const held = this.totals(hour * 60 + 59, 60);
    if (held.requests > 0) this.#expectations.close(hour, held);
  }

  /** Lets go of the details that no window before `minute` asks for any more; the hours stay. */
  forget(minute: number): void {
    this.#detail.forget(minute);
    this.#chart.forget(Math.floor(minute / 5));
    this.members?.forget(minute);
  }

  /** Once an hour, and not for all series at once: writes what is unwritten, forgets up to `minute`, and makes room for another such hour. */
  tidy(minute: number): void {
    this.write();
    this.forget(minute);
    this.#detail.reserve(60);
    this.#chart.reserve(12);
    this.members?.reserve(60);
  }

  /** Remembers the largest window sums of each day, in the order of WINDOWS, in `sums` from `from` on; today's count from tomorrow on. */
  observePeak(minute: number, sums: ArrayLike<number>, from = 0): void {
    this.#peaks.observe(minute, sums, from);
  }

  /** Largest daily maximum of past days. */
  peak(minute: number, window: WindowMinutes): number {
    return this.#peaks.largest(minute, WINDOWS.indexOf(window));
  }

  #activeUsers(after: number): number {
    if (this.#lastActive === null) return this.lastMinute > after ? 1 : 0;
    let count = 0;
    for (const minute of this.#lastActive.values()) if (minute > after) count++;
    return count;
  }
}

/** Per pane: about a thousand panes of memory. */
const DECAY = 0.999;
const NO_CHILDREN: ReadonlyMap<string, SeriesNode> = new Map();

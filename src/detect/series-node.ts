import { memberUsd } from "./attribution.ts";
import { ActiveUsers } from "./active-users.ts";
import { BegunSessions } from "./begun-sessions.ts";
import { ErrorShare } from "./error-share.ts";
import { expectedOfUser } from "./expectation.ts";
import type { HeavyDays } from "./heavy-days.ts";
import { HISTORY_HOURS, HourLog, type HourColumn, type HourSample } from "./hour-log.ts";
import { PERSONAL, type Level, type Scope } from "./incident.ts";
import type { LocalHours } from "./local-hours.ts";
import { Members, type MemberDimension } from "./members.ts";
import type { MinuteUse, UseParts } from "./minute-use.ts";
import { NodeTails } from "./node-tails.ts";
import type { PeerAverages } from "./peer-averages.ts";
import { hourOf, Profile } from "./profile.ts";
import type { SeriesOptions } from "./series-options.ts";
import type { ScopeSettings } from "./settings.ts";
import type { Heat, Statistic } from "./statistic.ts";
import { COLUMN, hourColumnsOf, hourOfColumn, isGroup, statisticsOf } from "./statistics.ts";
import { REGIMES } from "./regimes.ts";
import { pricedTokens, UsualTokens } from "./price-parts.ts";
import { Rings, STEP_MINUTES } from "./rings.ts";
import type { Sessions } from "./sessions.ts";
import { WindowExpectations } from "./window-expectations.ts";
import { type PersonDay, TeamDays } from "./team-days.ts";
import type { TouchMark } from "./touched.ts";
import { UsualRates } from "./usual-rates.ts";

/** Any of those in `statistics.ts`. */
export type WindowMinutes = number;

/** One watched series: a node of organisation > department > team > user, key, agent, model or tool. */
export class SeriesNode {
  readonly level: Level;
  readonly name: string;
  readonly parent: SeriesNode | null;
  readonly scope: Scope;
  readonly settings: ScopeSettings;
  readonly hours: LocalHours;
  readonly statistics: readonly Statistic[];
  /** Only of groups: windows of more than a day. */
  readonly log: HourLog | null;
  /** Only of users: what the spend is made of, and what they usually make of their time. */
  readonly members: Members | null;
  readonly rates: UsualRates | null;
  /** Only of groups and users; and only of teams in a tree. */
  readonly usualTokens: UsualTokens | null;
  readonly begun: BegunSessions | null;
  sessions: Sessions | null = null;
  /** Most nodes are people and their keys: what those do not use takes no memory. */
  #children: Map<Level, Map<string, SeriesNode>> | null = null;
  #peers: Map<Level, PeerAverages> | null = null;
  #tails: NodeTails | null = null;
  #profile: Profile | null = null;
  #windows: WindowExpectations | null = null;
  /** Null as long as somebody else holds what it would. */
  #rings: Rings | null = null;
  /** Null for a person and a person's key; what part of requests usually fails: of groups alone. */
  readonly #activeUsers: ActiveUsers | null;
  readonly errors: ErrorShare | null;
  #lastClosed = -1;
  #firstMinute: number;
  /** Minute of the last use, and of a key or agent its only user so far, null once there are two. */
  lastMinute = -1;
  soleUser: string | null | undefined = undefined;
  /** How far it is beyond its usual day, in standard deviations: people by pace, groups by demand, as they were last looked at; and people by what `apart` compares. */
  heat = 0;
  heats: Record<Heat, number> | null = null;
  /** Only of teams: what working days say beside hours; only of people: their last 24 hours. */
  readonly teamDays: TeamDays | null;
  day: PersonDay | null = null;
  /** How surprising its day has been (−log10 of a chance), days that were so very much, and the five-minute step in which long windows were looked at last. */
  evidence = 0;
  heavyDays: HeavyDays | null = null;
  lookedAt = -1;
  /** Kept by `Touched`. */
  readonly mark: TouchMark = { round: -1 };

  constructor(options: SeriesOptions) {
    const { level, name, parent, scope, settings, hours, now } = options;
    this.#firstMinute = now;
    this.level = level;
    this.name = name;
    this.parent = parent;
    this.settings = settings;
    this.hours = hours;
    this.scope = scope;
    this.statistics = statisticsOf(level);
    this.log = isGroup(level) ? new HourLog() : null;
    this.errors = isGroup(level) ? new ErrorShare() : null;
    this.members = level === "user" ? new Members(this) : null;
    this.teamDays = level === "team" ? new TeamDays() : null;
    this.rates = level === "user" ? new UsualRates() : null;
    this.usualTokens = isGroup(level) || level === "user" ? new UsualTokens() : null;
    this.begun = level === "user" ? new BegunSessions() : null;
    this.#activeUsers = PERSONAL.includes(level) ? null : new ActiveUsers();
  }

  /** A key or an agent of one user says what the user says: it learns nothing of its own. */
  get isTold(): boolean {
    return typeof this.soleUser === "string" && (this.level === "key" || this.level === "agent");
  }

  /** Two regimes for each statistic: busy, quiet. */
  get tails(): NodeTails {
    return (this.#tails ??= new NodeTails(REGIMES * this.statistics.length));
  }

  get profile(): Profile {
    return (this.#profile ??= new Profile(hourColumnsOf(this.level)));
  }

  /** What the children of a level say of each other. */
  peersOf(level: Level): PeerAverages | undefined {
    return this.#peers?.get(level);
  }

  setPeers(level: Level, peers: PeerAverages): void {
    (this.#peers ??= new Map<Level, PeerAverages>()).set(level, peers);
  }

  /** Of one level, in order of their first use. */
  children(level: Level): ReadonlyMap<string, SeriesNode> {
    return this.#children?.get(level) ?? NO_CHILDREN;
  }

  addChild(node: SeriesNode): void {
    const levels = (this.#children ??= new Map<Level, Map<string, SeriesNode>>());
    const children = levels.get(node.level) ?? new Map<string, SeriesNode>();
    levels.set(node.level, children);
    children.set(node.name, node);
  }

  removeChild({ level, name }: SeriesNode): void {
    this.#children?.get(level)?.delete(name);
  }

  add(use: MinuteUse, parts: UseParts): void {
    const { minute } = use;
    if (this.soleUser !== use.user) this.soleUser = this.soleUser === undefined ? use.user : null;
    if (parts.hasMinute) this.members?.add(use);
    if (!this.isTold) this.#ownRings().add(use, parts);
    this.#activeUsers?.add(use.user, minute);
    this.begun?.add(minute, parts.sessions);
    // Nothing of its past is in the baseline any more: it is as new. One event from 1970 must not make everybody 56 years old.
    const isForgotten = this.lastMinute >= 0 && minute - this.lastMinute > HISTORY_HOURS * 60;
    if (this.#firstMinute < 0 || isForgotten) this.#firstMinute = minute;
    this.lastMinute = Math.max(this.lastMinute, minute);
  }

  /**
   * One of COLUMN over (minute − window, minute]. Beyond an hour, and for what has no minutes, in steps of five minutes; beyond a day, in hours.
   */
  sum(column: number, minute: number, window: number): number {
    if (this.isTold) return this.#sumOfUser(column, minute, window);
    const rings = this.#ownRings();
    if (window <= DAY_MINUTES) return rings.sum(column, minute, window);
    return this.#sumOfHours(rings, column, { minute, window });
  }

  #ownRings(): Rings {
    return (this.#rings ??= new Rings(this.level));
  }

  /** Of a key or an agent with a single user: dollars are kept with that user, the rest is that user's. */
  #sumOfUser(column: number, minute: number, window: number): number {
    const user = this.parent?.children("user").get(this.soleUser ?? "");
    if (user === undefined || column !== COLUMN.usd) return 0;
    return memberUsd(user, this.level as MemberDimension, this.name, { minute, window });
  }

  /** The hours that are history, and the steps since. */
  #sumOfHours(
    { steps }: Rings,
    column: number,
    { minute, window }: { readonly minute: number; readonly window: number },
  ): number {
    const { log } = this;
    if (log === null) return steps.sum(column, 0, Math.floor(minute / STEP_MINUTES));
    const hour = Math.floor(minute / 60);
    const open = Math.max(hour - 1, this.#lastClosed + 1);
    const first = hour - Math.round(window / 60) + 1;
    return (
      log.sum(hourOfColumn(column), first, open) +
      steps.sum(column, open * 12 - 1, Math.floor(minute / STEP_MINUTES))
    );
  }

  /** Dollars over (minute − window, minute]. */
  usd(minute: number, window: number): number {
    return this.sum(COLUMN.usd, minute, window);
  }

  requests(minute: number, window: number): number {
    return this.sum(COLUMN.requests, minute, window);
  }

  /** Everything over (minute − window, minute]. */
  totals(minute: number, window: number): HourSample {
    const of = (column: number): number => this.sum(column, minute, window);
    return {
      usd: of(COLUMN.usd),
      requests: of(COLUMN.requests),
      tokens: of(COLUMN.tokens),
      activeUsers: this.#activeAfter(minute - window),
      cells: of(COLUMN.cells),
      starts: of(COLUMN.starts),
      loads: of(COLUMN.loads),
    };
  }

  #activeAfter(minute: number): number {
    return this.#activeUsers?.count(minute) ?? Number(this.lastMinute > minute);
  }

  /** What an hour held, of who has sums of its own, at its end. */
  heldIn(hour: number): HourSample {
    const { steps } = this.#ownRings();
    if (!steps.has(COLUMN.requests)) return this.totals(hour * 60 + 59, 60);
    return steps.hour(hour, this.#activeAfter(hour * 60 - 1));
  }

  /** `sum` by steps of five minutes however short the window is, a day at most. */
  sumOfSteps(column: number, minute: number, window: number): number {
    return this.#rings?.sumOfSteps(column, minute, window) ?? 0;
  }

  /** Dollars of the five-minute steps from `first` to `last` (epoch minutes / 5). */
  chartUsd(first: number, last = first): number {
    return this.#rings?.steps.sum(COLUMN.usd, first - 1, last) ?? 0;
  }

  /** Days since it was first seen. */
  ageDays(minute: number): number {
    return this.#firstMinute < 0 ? 0 : (minute - this.#firstMinute) / DAY_MINUTES;
  }

  /** What is expected of an hour: a column of HOUR. */
  expected(column: HourColumn, hour: number): number {
    if (this.isTold) return expectedOfUser(this, column, hour);
    return this.#trust * this.profile.expected(hour, column, this.hours);
  }

  /** The first hours of somebody new say little of the next: what they spend is more than was expected of them. */
  get #trust(): number {
    return this.log === null ? Math.min(1, this.profile.hours / NEW_HOURS) : 1;
  }

  /** What is expected of (minute − window, minute]: the hours it spans by their overlap. */
  expectedWindow(column: HourColumn, minute: number, window: number): number {
    this.#windows ??= new WindowExpectations();
    return this.#windows.of({ column, minute, window }, this.#lastClosed, (hour) =>
      this.expected(column, hour),
    );
  }

  /** Writes a closed hour into the history; null: it is no example of the normal, and only its facts are kept. */
  closeHour(hour: number, held: HourSample, normal: HourSample | null): void {
    this.log?.append(hour, held);
    this.#lastClosed = hour;
    this.#activeUsers?.forget((hour - 1) * 60);
    if (this.isTold) return;
    if (normal === null) {
      this.profile.skip(hour);
      this.rates?.forgetHour();
      return;
    }
    const end = hour * 60 + 59;
    this.profile.close(hour, hourOf(normal), this.hours);
    this.rates?.learn(normal);
    this.usualTokens?.learn(pricedTokens(this, end, 60));
    this.errors?.learn(held.requests, this.sum(COLUMN.errors, end, 60));
  }

  /** Lets go of the details that no window before `minute` asks for any more; the hours stay. */
  forget(minute: number): void {
    this.#rings?.forget(minute);
    this.members?.forget(minute);
    this.begun?.forget(minute);
  }

  /** Once an hour, and not for all series at once: forgets up to `minute`, and makes room for another such hour. */
  tidy(minute: number): void {
    this.forget(minute);
    this.#rings?.reserve();
    this.members?.reserve(12);
  }
}

export const DAY_MINUTES = 1440;
const NEW_HOURS = 12;
const NO_CHILDREN: ReadonlyMap<string, SeriesNode> = new Map();

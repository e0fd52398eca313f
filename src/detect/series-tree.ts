import { SessionBegins } from "./begun-sessions.ts";
import { OTHER } from "../decode/usage-event.ts";
import { HISTORY_HOURS, type HourSample } from "./hour-log.ts";
import type { Level, Scope } from "./incident.ts";
import { activityOf, lastMinuteOf, type UserHour } from "./hour-use.ts";
import { LocalHours } from "./local-hours.ts";
import { STEP_MINUTES } from "./rings.ts";
import { SeriesNode } from "./series-node.ts";
import { Sessions, type SessionUse } from "./sessions.ts";
import { NO_PARTS, type MinuteUse, type UseParts } from "./minute-use.ts";
import { PriceIndex } from "./price-index.ts";
import { DEFAULT_DETECTION, settingsFor, type DetectionSettings } from "./settings.ts";
import type { UsualRates } from "./usual-rates.ts";
import type { Touched } from "./touched.ts";

/** One merged pane as detection sees it: names and dollars. */
export interface PaneUse extends MinuteUse, SessionUse {
  readonly department: string;
  readonly team: string;
}

const TEAM_LEVELS = ["user", "key", "agent", "model", "tool"] as const;
/** Leaves beyond this are not watched one by one; their spend still counts in team, department and organisation. */
const MAX_LEAVES = 40_000;
const MAX_NODES = 50_000;

/** A user who was silent for so long begins anew. */
const START_MINUTES = 30;

/** All watched series: organisation > department > team > {user, key, agent, model, tool}. */
export class SeriesTree {
  readonly organisation: SeriesNode;
  /** Every node, parents before their children. */
  readonly nodes: SeriesNode[];
  /** Those of them that are teams; teams are never forgotten. */
  readonly teams: SeriesNode[] = [];
  readonly #settings: DetectionSettings;
  /** By time zone and calendar: scopes share them. */
  readonly #hours = new Map<string, LocalHours[]>();
  readonly #parts: UseParts = { ...NO_PARTS };
  readonly #prices = new PriceIndex();
  readonly #begins = new SessionBegins();
  #evictedDay = -1;

  constructor(settings: DetectionSettings = DEFAULT_DETECTION) {
    this.#settings = settings;
    this.organisation = this.#make("organisation", "", null, -1);
    this.nodes = [this.organisation];
  }

  /** Adds one pane to every node on its paths, and tells `touched`. `now` is the newest minute seen. */
  add(use: PaneUse, touched: Touched, now: number): void {
    const team = this.#teamOf(use, now);
    this.#addWith(this.#partsOf(use, team), use, { team, touched, now });
  }

  /**
   * Adds an hour of a user as `add` would its minutes, as far as hours tell: how the steps went is not known. All of it goes into one minute, since who asks
   * for so old a time asks for whole hours.
   */
  addHour(of: UserHour, touched: Touched): void {
    const now = of.hour * 60 + 59;
    let user: SeriesNode | undefined;
    for (const [index, use] of of.uses.entries()) {
      const team = this.#teamOf(use, now);
      const parts = this.#partsOfHour(use, index === 0 ? of : null, team);
      this.#addWith(parts, use, { team, touched, now });
      user = team?.children("user").get(use.user);
    }
    if (user !== undefined) user.lastMinute = lastMinuteOf(of);
  }

  #teamOf(use: PaneUse, now: number): SeriesNode | null {
    const department = this.#child(this.organisation, "department", use.department, now);
    return department && this.#child(department, "team", use.team, now);
  }

  #addWith(
    parts: UseParts,
    use: PaneUse,
    at: { readonly team: SeriesNode | null; readonly touched: Touched; readonly now: number },
  ): void {
    const { team, touched, now } = at;
    // There may be no room for a team of a department that is known.
    const department = team?.parent ?? this.organisation.children("department").get(use.department);
    const addTo = (node: SeriesNode): void => {
      node.add(use, parts);
      touched.touch(node);
    };
    addTo(this.organisation);
    if (department) addTo(department);
    if (!team) return;
    addTo(team);
    team.sessions?.add(use);
    for (const level of TEAM_LEVELS) {
      const value = use[level];
      if (!isName(value)) continue;
      const leaf = this.#child(team, level, value, now);
      if (leaf !== null) addTo(leaf);
    }
  }

  /** What the use says of its user's activity, and what is usual for that user: of one without a past, what it is. */
  #partsOf(use: PaneUse, team: SeriesNode | null): UseParts {
    const user = team?.children("user").get(use.user);
    const parts = this.#parts;
    parts.hasMinute = true;
    addActivity(parts, use, user?.lastMinute ?? -1);
    parts.sessions = isName(use.user) ? this.#begins.count(use) : 0;
    const rates = user?.rates ?? null;
    addRates(parts, use, rates);
    if (rates !== null) addShifts(parts, use, rates, this.#prices);
    parts.modelUsd = this.#prices.usualUsd(use);
    this.#prices.add(use);
    return parts;
  }

  /** `of`: its user's hour, once for all that is of it. */
  #partsOfHour(use: PaneUse, of: UserHour | null, team: SeriesNode | null): UseParts {
    const user = team?.children("user").get(use.user);
    const parts = this.#parts;
    parts.hasMinute = false;
    parts.cells = 0;
    parts.starts = 0;
    parts.sessions = 0;
    if (of !== null && isName(use.user)) {
      Object.assign(parts, activityOf(of, user?.lastMinute ?? -1, START_MINUTES));
    }
    parts.modelUsd = 0;
    addRates(parts, use, user?.rates ?? null);
    return parts;
  }

  /** The node at the end of a path, made where it does not exist. */
  ensure(path: readonly { readonly level: Level; readonly name: string }[]): SeriesNode {
    let node = this.organisation;
    for (const { level, name } of path) {
      node = node.children(level).get(name) ?? this.#grow(node, level, name, -1);
    }
    return node;
  }

  /** Once a day, forgets leaves that were idle for longer than the baseline looks back. */
  evict(minute: number, keep: (node: SeriesNode) => boolean): void {
    const day = Math.floor(minute / 1440);
    if (day === this.#evictedDay) return;
    this.#evictedDay = day;
    const idleSince = minute - HISTORY_HOURS * 60;
    const stays = (node: SeriesNode): boolean =>
      node.lastMinute >= idleSince || !isLeaf(node.level) || keep(node);
    for (const node of this.nodes) {
      if (!stays(node)) node.parent?.removeChild(node);
    }
    const kept = this.nodes.filter(stays);
    this.nodes.length = 0;
    for (const node of kept) this.nodes.push(node);
  }

  /** Closes an hour: what each node held of it becomes history. `normal` takes out what an incident added; null: nothing of it is normal. */
  closeHour(hour: number, normal: (node: SeriesNode, held: HourSample) => HourSample | null): void {
    for (const node of this.nodes) {
      if (node.lastMinute < hour * 60 || node.isTold) continue;
      const held = node.heldIn(hour);
      if (held.requests > 0) node.closeHour(hour, held, normal(node, held));
    }
  }

  /** In the minutes after `last` up to `minute`, a share of the series each: makes room, and lets go of what no window after `until` asks for. */
  tidy(last: number, minute: number, until: number): void {
    if (last < 0) return;
    const { nodes } = this;
    const from = Math.floor((nodes.length * (last % 60)) / 60);
    const to = Math.floor((nodes.length * ((minute % 60) + 1)) / 60);
    const due = from <= to ? nodes.slice(from, to) : [...nodes.slice(from), ...nodes.slice(0, to)];
    for (const node of due) {
      node.tidy(until);
      node.sessions?.forget(until);
    }
  }

  /** All series let go of the details that no window after `minute` asks for. */
  forget(minute: number): void {
    for (const node of this.nodes) node.forget(minute);
  }

  #child(parent: SeriesNode, level: Level, name: string, now: number): SeriesNode | null {
    const known = parent.children(level).get(name);
    if (known !== undefined) return known;
    if (this.nodes.length >= (isLeaf(level) ? MAX_LEAVES : MAX_NODES)) return null;
    return this.#grow(parent, level, name, now);
  }

  #grow(parent: SeriesNode, level: Level, name: string, now: number): SeriesNode {
    const node = this.#make(level, name, parent, now);
    parent.addChild(node);
    this.nodes.push(node);
    if (level === "team") {
      this.teams.push(node);
      node.sessions = new Sessions();
    }
    return node;
  }

  #make(level: Level, name: string, parent: SeriesNode | null, now: number): SeriesNode {
    const scope: Scope = level === "organisation" ? {} : { ...parent?.scope, [level]: name };
    const { settings, hours } = this.#contextOf(scope, parent);
    return new SeriesNode({ level, name, parent, scope, settings, hours, now });
  }

  /** Most scopes have their parent's settings, and share its clock. */
  #contextOf(scope: Scope, parent: SeriesNode | null): Pick<SeriesNode, "settings" | "hours"> {
    const { overrides, calendar } = this.#settings;
    if (parent !== null && overrides.length === 0 && calendar.length === 0) return parent;
    const settings = settingsFor(this.#settings, scope);
    const known = this.#hours.get(settings.timezone) ?? [];
    this.#hours.set(settings.timezone, known);
    let hours = known.find((one) => one.calendar === settings.calendar);
    if (hours === undefined) {
      hours = new LocalHours(settings);
      known.push(hours);
    }
    return { settings, hours };
  }
}

/** Whether the use begins an active step of its user, who was active before at `last` (−1: never), and work after a silence. */
function addActivity(parts: UseParts, { user, minute }: PaneUse, last: number): void {
  const isNamed = isName(user);
  const isNewer = Math.floor(minute / STEP_MINUTES) > Math.floor(last / STEP_MINUTES);
  parts.cells = isNamed && isNewer ? 1 : 0;
  parts.starts = isNamed && (last < 0 || minute - last > START_MINUTES) ? 1 : 0;
}

/** What the user usually makes of as much activity. Of somebody unknown: what it is. */
function addRates(parts: UseParts, use: PaneUse, rates: UsualRates | null): void {
  const known = rates?.known === true;
  parts.loads = known ? use.requests / rates.requestsPerCell : parts.cells;
  parts.usualRequests = known ? parts.cells * rates.requestsPerCell : use.requests;
  parts.usualTokens = known ? use.requests * rates.tokensPerRequest : use.tokens;
  parts.usualUsd = known ? use.tokens * rates.usdPerToken : use.usd;
  parts.ratedCells = 0;
}

/** How far the user's last step, if this one begins a new one, was from what is usual. */
function addShifts(parts: UseParts, use: PaneUse, rates: UsualRates, prices: PriceIndex): void {
  rates.count(Math.floor(use.minute / STEP_MINUTES), use, prices.of(use.tool, use.model));
  parts.ratedCells = rates.shift.cells;
  parts.priceShift = rates.shift.price;
  parts.sizeShift = rates.shift.size;
  parts.paceShift = rates.shift.pace;
  parts.mixShift = rates.shift.mix;
  parts.cacheShift = rates.shift.cache;
}

function isLeaf(level: Level): boolean {
  return level !== "organisation" && level !== "department" && level !== "team";
}

/** An absent key, agent or tool is `unknown`: no series of its own. */
const UNNAMED = "unknown";

function isName(value: string): boolean {
  return value !== UNNAMED && value !== OTHER;
}

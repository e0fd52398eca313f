import { OTHER } from "../decode/usage-event.ts";
import { HISTORY_HOURS, type HourSample } from "./hour-log.ts";
import { PERSONAL, type Level } from "./incident.ts";
import { SeriesNode, type MinuteUse } from "./series-node.ts";
import type { Touched } from "./touched.ts";

/** One merged pane as detection sees it: names and dollars. */
export interface PaneUse extends MinuteUse {
  readonly department: string;
  readonly team: string;
}

const TEAM_LEVELS = ["user", "key", "agent", "model", "tool"] as const;
/** Leaves beyond this are not watched one by one; their spend still counts in team, department and organisation. */
const MAX_LEAVES = 40_000;
const MAX_NODES = 50_000;

/** All watched series: organisation > department > team > {user, key, agent, model, tool}. */
export class SeriesTree {
  readonly organisation = new SeriesNode("organisation", "", null);
  /** Every node, parents before their children. */
  readonly nodes: SeriesNode[] = [this.organisation];
  #evictedDay = -1;

  /** Adds one pane to every node on its paths, and tells `touched`. `now` is the newest minute seen. */
  add(use: PaneUse, touched: Touched, now: number): void {
    const department = this.#child(this.organisation, "department", use.department, now);
    const team = department && this.#child(department, "team", use.team, now);
    const addTo = (node: SeriesNode): void => {
      node.add(use);
      touched.touch(node, now);
    };
    addTo(this.organisation);
    if (department) addTo(department);
    if (!team) return;
    addTo(team);
    for (const level of TEAM_LEVELS) {
      const value = use[level];
      if (value === UNNAMED || value === OTHER) continue;
      const leaf = this.#child(team, level, value, now);
      if (leaf !== null) addTo(leaf);
    }
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

  /**
   * Closes an hour: what each node held of it becomes history. `mask` may take out what an incident added; without one (null), people and keys, who are
   * the most, are written down later.
   */
  closeHour(hour: number, mask: ((node: SeriesNode, held: HourSample) => HourSample) | null): void {
    const end = hour * 60 + 59;
    for (const node of this.nodes) {
      node.write();
      if (node.lastMinute < hour * 60) continue;
      if (mask === null && PERSONAL.includes(node.level)) {
        node.closeLater(hour);
        continue;
      }
      const held = node.totals(end, 60);
      if (held.requests > 0) node.closeHour(hour, mask === null ? held : mask(node, held));
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
    const node = new SeriesNode(level, name, parent, now);
    parent.addChild(node);
    this.nodes.push(node);
    return node;
  }
}

function isLeaf(level: Level): boolean {
  return level !== "organisation" && level !== "department" && level !== "team";
}

/** An absent key, agent or tool is `unknown`: no series of its own. */
const UNNAMED = "unknown";

import { COLUMN } from "./statistics.ts";
import { TimeRing } from "./time-ring.ts";

/** Minutes for which members are told apart, and the steps for them and for late events. */
export const MEMBER_WINDOW = 360;
const MEMBER_STEPS = 76;
const STEP_MINUTES = 5;
/** Keys, agents, models and tools kept apart for one user; the rest is not told one by one. */
const MAX_MEMBERS = 64;
/** A member's past fades by half in about half a week of its user's panes. */
const MEMBER_DECAY = 0.9995;

export const MEMBER_DIMENSIONS = ["key", "agent", "model", "tool"] as const;
export type MemberDimension = (typeof MEMBER_DIMENSIONS)[number];

/**
 * What a user's spend is made of: one key, agent, model or tool. `longUsd` is its share of the past, decayed by half a week. `ring` is null for the only
 * one of its dimension, which has all that its user has: most people have one key and no agent.
 */
export interface Member {
  readonly name: string;
  ring: TimeRing | null;
  longUsd: number;
}

/** The user's own series. */
interface Own {
  readonly lastMinute: number;
  /** A column over (minute − window, minute] by steps of five minutes. */
  sumOfSteps(column: number, minute: number, window: number): number;
}

/** A minute's use of one of each. */
export type MemberUse = Readonly<Record<MemberDimension, string>> & {
  readonly minute: number;
  readonly usd: number;
};

/** The members of one user, by dimension in order of their first use. They are few, and mostly the same as last time: lists, not maps. */
export class Members {
  readonly #own: Own;
  readonly #lists: Record<MemberDimension, readonly Member[]> = {
    key: NONE,
    agent: NONE,
    model: NONE,
    tool: NONE,
  };

  constructor(own: Own) {
    this.#own = own;
  }

  /** Adds a use, before the user's own series does. */
  add(use: MemberUse): void {
    for (const dimension of MEMBER_DIMENSIONS) {
      const member = this.find(dimension, use[dimension]) ?? this.#grow(dimension, use);
      if (member === null) continue;
      member.ring?.add(Math.floor(use.minute / STEP_MINUTES), 0, use.usd);
      member.longUsd = member.longUsd * MEMBER_DECAY + use.usd;
    }
  }

  of(dimension: MemberDimension): readonly Member[] {
    return this.#lists[dimension];
  }

  find(dimension: MemberDimension, name: string): Member | null {
    for (const member of this.#lists[dimension]) if (member.name === name) return member;
    return null;
  }

  /** Dollars over (minute − window, minute], in steps of five minutes, a day at most. */
  usd(
    dimension: MemberDimension,
    name: string,
    { minute, window }: { readonly minute: number; readonly window: number },
  ): number {
    const member = this.find(dimension, name);
    if (member === null) return 0;
    if (member.ring === null) return this.#own.sumOfSteps(COLUMN.usd, minute, window);
    const step = Math.floor(minute / STEP_MINUTES);
    return member.ring.sum(0, step - Math.ceil(window / STEP_MINUTES), step);
  }

  /** The part of the user's past that went through a member, 0 to 1. */
  share(dimension: MemberDimension, name: string): number {
    const member = this.find(dimension, name);
    let whole = 0;
    for (const { longUsd } of this.#lists[dimension]) whole += longUsd;
    return member === null || whole === 0 ? 0 : member.longUsd / whole;
  }

  /** Lets go of the minutes that no window before `minute` asks for any more. */
  forget(minute: number): void {
    for (const dimension of MEMBER_DIMENSIONS) {
      for (const { ring } of this.#lists[dimension])
        ring?.forget(Math.floor(minute / STEP_MINUTES));
    }
  }

  /** Makes room for as many steps more as the last `lately` brought. */
  reserve(lately: number): void {
    for (const dimension of MEMBER_DIMENSIONS) {
      for (const { ring } of this.#lists[dimension]) ring?.reserve(lately);
    }
  }

  #grow(dimension: MemberDimension, use: MemberUse): Member | null {
    const list = this.#lists[dimension];
    if (list.length >= MAX_MEMBERS) return null;
    const [first] = list;
    if (first !== undefined) first.ring ??= this.#ownRing();
    const ring = first === undefined ? null : new TimeRing(MEMBER_STEPS, 1);
    const member: Member = { name: use[dimension], ring, longUsd: 0 };
    // A list made by pushing would have room for seventeen.
    this.#lists[dimension] = list.concat(member);
    return member;
  }

  /** What the only one so far has had: all of it. */
  #ownRing(): TimeRing {
    const ring = new TimeRing(MEMBER_STEPS, 1);
    const last = Math.floor(this.#own.lastMinute / STEP_MINUTES);
    for (let step = last - MEMBER_STEPS + 1; step <= last; step++) {
      const usd = this.#own.sumOfSteps(COLUMN.usd, step * STEP_MINUTES, STEP_MINUTES);
      if (usd !== 0) ring.add(step, 0, usd);
    }
    return ring;
  }
}

const NONE: readonly Member[] = [];

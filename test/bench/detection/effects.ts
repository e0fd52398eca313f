import type { Edit, Who } from "./sessions.ts";
import type { SimUse, TruthIncident } from "./types.ts";

/** What an incident does to the stream. All minutes are epoch minutes. */
export type Change =
  /** More of the same: `copies(minute)` further days like today's, of some or all people and programs, cut to the window. */
  | {
      readonly what: "copies";
      readonly people: ReadonlySet<number> | null;
      readonly tool: string | null;
      readonly copies: (minute: number) => number;
      readonly most: number;
    }
  /** The same calls at another price. */
  | { readonly what: "edit"; readonly people: ReadonlySet<number>; readonly edit: Edit }
  /** One account spends at a rate. */
  | {
      readonly what: "loop";
      readonly who: Who;
      readonly windows: readonly { from: number; to: number; usdPerMinute: number }[];
    }
  /** Each call of a tool is made `times` more times, of which a share is billed. */
  | {
      readonly what: "retry";
      readonly tool: string;
      readonly times: number;
      readonly billed: number;
    }
  | { readonly what: "drop"; readonly keep: number };

/** The narrowest that holds so much of an excess is who it is about: as the product says of itself. */
const BULK = 0.7;

/** An incident and what it has added so far, exactly: rows it brought less rows it took. */
export class Effect {
  readonly truth: TruthIncident;
  readonly change: Change;
  readonly #byMinute = new Map<number, number>();
  readonly #byUser = new Map<string, number>();

  constructor(truth: TruthIncident, change: Change) {
    this.truth = truth;
    this.change = change;
  }

  concerns(team: string, fromMinute: number, toMinute: number): boolean {
    const { teams, startMinute, endMinute } = this.truth;
    return startMinute < toMinute && endMinute > fromMinute && teams.includes(team);
  }

  covers(minute: number): boolean {
    return minute >= this.truth.startMinute && minute < this.truth.endMinute;
  }

  /** Dollars more (negative: less) than without the incident. */
  tally(minute: number, usd: number): void {
    this.#byMinute.set(minute, (this.#byMinute.get(minute) ?? 0) + usd);
    this.truth.excessUsd += this.truth.kind === "drop" ? -usd : usd;
  }

  /** What of it is a user's. */
  tallyOf(user: string, usd: number): void {
    this.#byUser.set(user, (this.#byUser.get(user) ?? 0) + usd);
  }

  /** An ordinary row: counts as normal where the incident is about it. */
  seeNormal(row: SimUse): void {
    if (this.change.what !== "edit") this.seeOriginal(row);
  }

  /** A row as it would have been without the incident. */
  seeOriginal(row: SimUse): void {
    if (this.covers(row.minute) && this.#isAbout(row)) this.truth.normalUsd += row.usd;
  }

  /** Writes the curve, once the incident is over. */
  finish(): void {
    if (this.truth.curve.length > 0) return;
    let sum = 0;
    const minutes = [...this.#byMinute.keys()].sort((a, b) => a - b);
    for (const minute of minutes) {
      sum += this.#byMinute.get(minute) ?? 0;
      this.truth.curve.push([minute, sum]);
    }
    this.#byMinute.clear();
    for (const [user, usd] of this.#byUser) {
      if (usd >= BULK * this.truth.excessUsd) this.truth.names.push({ level: "user", value: user });
    }
  }

  #isAbout(row: SimUse): boolean {
    const { change } = this;
    if (change.what === "loop") return row.key === change.who.slot.key;
    if (change.what === "retry") return row.tool === change.tool;
    if (change.what === "copies" && change.tool !== null && row.tool !== change.tool) return false;
    if (change.what === "drop") return true;
    return change.people === null || change.people.has(personOf(row));
  }
}

/** The number at the end of a user's name; -1 for programs. */
export function personOf(row: { readonly user: string }): number {
  const at = row.user.lastIndexOf(".u");
  return at < 0 ? -1 : Number.parseInt(row.user.slice(at + 2), 36);
}

import { hashId } from "../decode/id-hash.ts";
import { STEP_MINUTES } from "./rings.ts";
import { isSession, type SessionUse } from "./sessions.ts";
import { TimeRing } from "./time-ring.ts";

/** A session that was not seen for so long begins anew: names of at least this long ago are remembered, and of up to twice as long. */
const REMEMBERED_MINUTES = 720;

/** Names remembered of either half day: a tool that names each call a session takes no more memory than this. */
const MOST = 200_000;

/**
 * Tells of each session when it is seen for the first time. Names are taken as unique: two people's of one name begin once. Of a name 31 bits of its hash are
 * kept, so that one in 10,000 is taken for another where 200,000 are remembered.
 */
export class SessionBegins {
  #seen = new Set<number>();
  #before = new Set<number>();
  #generation = -1;

  /** How many of the sessions that a use names begin with it. */
  count({ minute, session = "", sessions }: SessionUse): number {
    const generation = Math.floor(minute / REMEMBERED_MINUTES);
    if (generation > this.#generation) this.#turn(generation);
    if (sessions === undefined) return Number(this.#begins(session));
    let count = 0;
    for (const name of sessions) count += Number(this.#begins(name));
    return count;
  }

  #begins(name: string): boolean {
    if (!isSession(name)) return false;
    hashId(name, hash);
    const id = (hash[1] as number) >>> 1;
    if (this.#seen.has(id)) return false;
    if (this.#seen.size >= MOST) this.#begin();
    this.#seen.add(id);
    return !this.#before.has(id);
  }

  #turn(generation: number): void {
    if (generation > this.#generation + 1) this.#begin();
    this.#begin();
    this.#generation = generation;
  }

  #begin(): void {
    this.#before = this.#seen;
    this.#seen = new Set();
  }
}
const hash = new Uint32Array(2);

/** A day of steps, and room for late events. */
const STEPS = 320;

/** The sessions of a person that began, by steps of five minutes for a day. Tools that name no sessions begin none. */
export class BegunSessions {
  /** Null before any is named: many tools name none. */
  #steps: TimeRing | null = null;

  add(minute: number, sessions: number): void {
    if (sessions === 0) return;
    this.#steps ??= new TimeRing(STEPS, 1);
    this.#steps.add(Math.floor(minute / STEP_MINUTES), 0, sessions);
  }

  /** How many began in (minute − window, minute], in steps of five minutes. */
  count(minute: number, window: number): number {
    const step = Math.floor(minute / STEP_MINUTES);
    return this.#steps?.sum(0, step - Math.ceil(window / STEP_MINUTES), step) ?? 0;
  }

  forget(minute: number): void {
    this.#steps?.forget(Math.floor(minute / STEP_MINUTES));
  }
}

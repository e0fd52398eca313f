import { OTHER } from "../decode/usage-event.ts";

/** Minutes for which sessions are told apart: the window of members. Steps of five minutes, a few more for late events. */
export const SESSION_WINDOW = 360;
const STEPS = 76;
const STEP_MINUTES = 5;
/** How many a team tells apart. */
const MOST = 32;
/** What a session has spent counts half after three hours when room must be made. */
const FADE = 0.5 ** (1 / 36);
/** An absent session is no session. */
const UNNAMED = "unknown";

/** What one minute's use spent in one session. */
export interface SessionUse {
  readonly minute: number;
  readonly user: string;
  /** Empty or absent: none is named. */
  readonly session?: string;
  /** Dollars. */
  readonly sessionUsd?: number;
  /** All that are named; absent: `session` alone. */
  readonly sessions?: readonly string[];
}

/** A session and what it spent in a window. `user` is null where several people share the name. */
export interface SessionSpend {
  readonly name: string;
  readonly user: string | null;
  readonly usd: number;
}

interface Session {
  user: string | null;
  /** Fading dollars, those of who was here before included. */
  weight: number;
  /** Epoch steps and their dollars in turn, oldest first. */
  steps: number[];
}

/**
 * The sessions of a team that spent the most over the last six hours. No series: they come and go. A newcomer takes the place of the least one and stands where that one stood
 * ("space saving", Metwally et al. 2005): so whoever holds more than a thirty-second of what was spent lately is there, in any order of arrival. Its dollars begin
 * at zero: they are what it spent, or less.
 */
export class Sessions {
  readonly #held = new Map<string, Session>();
  #newest = -1;

  add({ minute, user, session: name = "", sessionUsd: usd = 0 }: SessionUse): void {
    if (usd <= 0 || !isSession(name)) return;
    const step = Math.floor(minute / STEP_MINUTES);
    if (step <= this.#newest - STEPS) return;
    this.#advance(step);
    const session = this.#held.get(name) ?? this.#admit(name, user);
    if (session.user !== user) session.user = null;
    session.weight += usd;
    addTo(session.steps, step, usd);
  }

  /** Those that spent anything in (minute − window, minute], in steps of five minutes, six hours at most. */
  spent({ minute, window }: { readonly minute: number; readonly window: number }): SessionSpend[] {
    const last = Math.floor(minute / STEP_MINUTES);
    const after = last - Math.ceil(Math.min(window, SESSION_WINDOW) / STEP_MINUTES);
    const found: SessionSpend[] = [];
    for (const [name, { user, steps }] of this.#held) {
      let usd = 0;
      for (let at = 0; at < steps.length; at += 2) {
        const step = steps[at] as number;
        if (step > after && step <= last) usd += steps[at + 1] as number;
      }
      if (usd > 0) found.push({ name, user, usd });
    }
    return found;
  }

  /** Lets go of those that no window before `minute` asks for any more. */
  forget(minute: number): void {
    const oldest = Math.floor(minute / STEP_MINUTES) - STEPS;
    for (const [name, { steps }] of this.#held) {
      if ((steps.at(-2) ?? -1) <= oldest) this.#held.delete(name);
    }
  }

  #advance(step: number): void {
    if (step <= this.#newest) return;
    const fade = this.#newest < 0 ? 1 : FADE ** (step - this.#newest);
    for (const session of this.#held.values()) session.weight *= fade;
    this.#newest = step;
  }

  #admit(name: string, user: string): Session {
    const session: Session = { user, weight: 0, steps: [] };
    if (this.#held.size >= MOST) {
      let least: readonly [string, Session] | null = null;
      for (const one of this.#held)
        if (least === null || one[1].weight < least[1].weight) least = one;
      if (least !== null) {
        session.weight = least[1].weight;
        this.#held.delete(least[0]);
      }
    }
    this.#held.set(name, session);
    return session;
  }
}

/** In order of time; what has left the six hours goes. */
function addTo(steps: number[], step: number, usd: number): void {
  while ((steps[0] ?? step) <= step - STEPS) steps.splice(0, 2);
  let at = steps.length - 2;
  while (at >= 0 && (steps[at] as number) > step) at -= 2;
  if (at >= 0 && steps[at] === step) steps[at + 1] = (steps[at + 1] as number) + usd;
  else steps.splice(at + 2, 0, step, usd);
}

/** Whether a name is one of a session: an absent one is empty, and what a full dictionary folded together has none. */
export function isSession(name: string): boolean {
  return name !== "" && name !== OTHER && name !== UNNAMED;
}

import { Random } from "../../../src/demo/random.ts";
import type { Habit } from "./habits.ts";
import { MODELS, type ModelId } from "./models.ts";
import type { SimUse } from "./types.ts";

/** How one person or program uses one tool. */
export interface Slot {
  readonly habit: Habit;
  readonly model: ModelId;
  readonly key: string;
}

/** Whose rows they are. */
export interface Who {
  readonly department: string;
  readonly team: string;
  readonly user: string;
  readonly slot: Slot;
}

/** What an incident does to a session: the same calls of the same size, at another price. */
export interface Edit {
  readonly model?: (used: ModelId) => ModelId;
  readonly cold?: boolean;
}

const PREAMBLE_TOKENS = 24_000;
const CONTEXT_LIMIT = 170_000;
const CONDENSED_TOKENS = 30_000;
const OUTPUT_SIGMA = 1;
const PAUSE_SIGMA = 0.8;
const WARM_PREFIX = 0.7;
const ERRORS = 0.012;
/** Another of the tool's models is tried in one session of ten. */
const TRIALS = 0.1;
/** Sessions of tools that do not cache at all. */
const UNCACHED_SESSIONS = 0.06;

/** The sizes of the calls of one session, each drawn into the fields. What is drawn does not depend on model or cache. */
export class Conversation {
  readonly #habit: Habit;
  readonly #random: Random;
  readonly #uncached: boolean;
  #context = 0;
  fresh = 0;
  read = 0;
  output = 0;
  /** A warm call that would have been cold under an edit is still drawn as warm. */
  isCold = false;

  constructor(habit: Habit, random: Random) {
    this.#habit = habit;
    this.#random = random;
    this.#uncached = random.chance(UNCACHED_SESSIONS);
  }

  turn(forcedCold: boolean): void {
    const { promptTokens, promptSigma, outputTokens, warm, mode } = this.#habit;
    const random = this.#random;
    const prompt = promptTokens * Math.exp(promptSigma * random.normal());
    this.output = outputTokens * Math.exp(OUTPUT_SIGMA * random.normal());
    this.isCold = !random.chance(warm);
    const cold = this.isCold || this.#uncached || forcedCold;
    if (mode === "single") {
      this.read = cold ? 0 : WARM_PREFIX * prompt;
      this.fresh = prompt - this.read;
      return;
    }
    const begins = this.#context === 0;
    const preamble = begins ? PREAMBLE_TOKENS * Math.exp(0.3 * random.normal()) : 0;
    const added = Math.min(prompt, 60_000) + preamble;
    this.read = cold ? 0 : this.#context;
    this.fresh = this.#context - this.read + added;
    this.#context += added + this.output;
    if (this.#context > CONTEXT_LIMIT) this.#context = CONDENSED_TOKENS;
  }

  usd(model: ModelId): number {
    const price = MODELS[model];
    const fresh = this.#habit.mode === "agent" ? price.cacheWrite : price.input;
    return (this.fresh * fresh + this.read * price.cacheRead + this.output * price.output) / 1e6;
  }

  /** Minutes until the next call. A person whose cache has run out had been away. */
  pause(paceSeconds: number): number {
    const random = this.#random;
    const away = this.isCold && this.#habit.mode === "agent" && random.chance(0.5);
    const minutes = (paceSeconds / 60) * Math.exp(PAUSE_SIGMA * random.normal());
    return minutes + (away ? random.between(3, 9) : 0);
  }
}

/** Collects the calls of one session into one row a minute. Rows come out in order of time. */
export class RowWriter {
  readonly #out: SimUse[];
  readonly #who: Who;
  readonly #model: string;
  #minute = -1;
  #usd = 0;
  #squares = 0;
  #requests = 0;
  #tokens = 0;
  #errors = 0;
  #output = 0;
  #read = 0;

  readonly #session: string;

  constructor(out: SimUse[], who: Who, model: ModelId, session: string) {
    this.#session = session;
    this.#out = out;
    this.#who = who;
    this.#model = MODELS[model].name;
  }

  add(minute: number, call: Conversation, usd: number, failed: boolean): void {
    if (minute !== this.#minute) this.flush();
    this.#minute = minute;
    this.#usd += usd;
    this.#squares += usd * usd;
    this.#requests++;
    this.#tokens += Math.round(call.fresh + call.read + call.output);
    this.#errors += failed ? 1 : 0;
    this.#output += Math.round(call.output);
    this.#read += Math.round(call.read);
  }

  flush(): void {
    if (this.#requests === 0) return;
    const { department, team, user, slot } = this.#who;
    const { tool, agent } = slot.habit;
    this.#out.push({
      minute: this.#minute,
      department,
      team,
      user,
      key: slot.key,
      agent,
      model: this.#model,
      tool,
      usd: this.#usd,
      usdSquared: this.#squares,
      requests: this.#requests,
      tokens: this.#tokens,
      errors: this.#errors,
      outputTokens: this.#output,
      cacheReadTokens: this.#read,
      arrival: this.#minute,
      session: this.#session,
      sessionUsd: this.#usd,
    });
    this.#usd = this.#squares = this.#requests = this.#tokens = 0;
    this.#errors = this.#output = this.#read = 0;
  }
}

export interface SessionPlan {
  readonly who: Who;
  /** Epoch minute, with its fraction. */
  readonly start: number;
  readonly turns: number;
  /** 1: as the habit has it. */
  readonly pace: number;
  /** Its name where it is not one of its own; "": none is named. */
  readonly session?: string;
}

/** Plays a whole session. The same seed gives the same calls whatever the edit. */
export function playSession(
  out: SimUse[],
  plan: SessionPlan,
  playSeed: number,
  edit: Edit | null,
): void {
  const random = new Random(playSeed);
  const { habit } = plan.who.slot;
  const own = random.chance(TRIALS) ? random.weighted(habit.models).model : plan.who.slot.model;
  const model = edit?.model?.(own) ?? own;
  const talk = new Conversation(habit, random);
  const rows = new RowWriter(out, plan.who, model, plan.session ?? `s${playSeed.toString(36)}`);
  let at = plan.start;
  for (let turn = 0; turn < plan.turns; turn++) {
    talk.turn(edit?.cold === true);
    rows.add(Math.floor(at), talk, talk.usd(model), random.chance(ERRORS));
    at += talk.pause(habit.paceSeconds * plan.pace);
  }
  rows.flush();
}

export function turnsOf(habit: Habit, random: Random): number {
  return Math.max(1, Math.round(habit.turns * Math.exp(habit.turnsSigma * random.normal())));
}

/**
 * A loop that spends about `usdPerMinute` in [from, to): sessions of the slot's own habit, one after the other, as fast as the rate asks. Nothing
 * tells its calls from ordinary ones but how many there are; all of them say that they are of one session.
 */
export function playLoop(
  out: SimUse[],
  who: Who,
  { from, to, usdPerMinute }: { from: number; to: number; usdPerMinute: number },
  random: Random,
): void {
  const { habit } = who.slot;
  const modelOf = (): ModelId =>
    random.chance(TRIALS) ? random.weighted(habit.models).model : who.slot.model;
  const session = `loop-${who.user}-${Math.floor(from)}`;
  let model = modelOf();
  let rows = new RowWriter(out, who, model, session);
  let talk = new Conversation(habit, random);
  let left = turnsOf(habit, random);
  let owed = 0;
  let pace = 1;
  for (let minute = Math.floor(from); minute < to; minute++) {
    if (minute % 7 === 0) pace = Math.exp(0.35 * random.normal());
    owed += usdPerMinute * pace;
    while (owed > 0) {
      if (left-- <= 0) {
        rows.flush();
        model = modelOf();
        rows = new RowWriter(out, who, model, session);
        talk = new Conversation(habit, random);
        left = turnsOf(habit, random);
      }
      talk.turn(false);
      const usd = talk.usd(model);
      owed -= usd;
      rows.add(minute, talk, usd, random.chance(ERRORS));
    }
  }
  rows.flush();
}

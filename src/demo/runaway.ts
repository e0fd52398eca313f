import { AppError } from "../runtime/errors.ts";
import type { EventLog } from "./event-log.ts";
import { CODING_AGENT } from "./kinds.ts";
import type { Model } from "./models.ts";
import type { Random } from "./random.ts";
import type { Person, PersonalTool, Stream } from "./staff.ts";
import { MINUTE_MS, midnightOf, randomFor, type Story } from "./story.ts";
import { Conversation } from "./turns.ts";
import { turnsOf } from "./workday.ts";

/** Who runs away on the live day, and when: the answer that an alert must name. */
export interface Culprit {
  readonly department: string;
  readonly team: string;
  readonly user: string;
  readonly key: string;
  readonly agent: string | undefined;
  readonly provider: Model["provider"];
  readonly tool: string;
  readonly model: string;
  /** The loop's first call. */
  readonly startMs: number;
  /** Somebody has stopped it: no call at or after this instant. */
  readonly endMs: number;
}

/** A loop's plan: only how often it calls is unusual. */
export interface Runaway {
  readonly culprit: Culprit;
  readonly person: Person;
  readonly stream: Stream;
  readonly tool: PersonalTool;
  /** At the start; it grows by as much again each `doublingMinutes`. */
  readonly callsPerMinute: number;
  readonly doublingMinutes: number;
}

/** Minutes of the live day (UTC) between which it begins: mid-morning to early afternoon. */
const BEGINS = { low: 9 * 60 + 30, high: 13 * 60 };
const LASTS_MINUTES = { low: 60, high: 85 };
const DOUBLING_MINUTES = { low: 45, high: 75 };
/** Calls a minute that burn 18 to 30 dollars a minute at list prices, by the model the agent runs on. */
const CALLS_PER_MINUTE: Readonly<Record<string, { low: number; high: number }>> = {
  "claude-opus-4-5": { low: 90, high: 150 },
  "claude-sonnet-4-5": { low: 150, high: 240 },
};
/** One agent in a loop makes about this many calls a minute; more calls are more agents at once. */
const CALLS_PER_LANE = 9;

interface Candidate {
  readonly person: Person;
  readonly tool: PersonalTool;
}

/**
 * Chooses whose coding agent gets stuck. Seeds that follow each other hit different teams. Throws AppError when nobody in
 * the company uses a coding agent.
 */
export function chooseRunaway(story: Story): Runaway {
  const random = randomFor(story, "culprit", story.liveDay, 0);
  const candidates = story.people.flatMap((person) => candidateOf(story, person));
  const teams = story.teams.filter((team) => candidates.some((one) => one.person.team === team));
  const team = teams[((story.seed % teams.length) + teams.length) % teams.length];
  const ours = candidates.filter((one) => one.person.team === team);
  if (ours.length === 0) throw new AppError("nobody uses a coding agent", { code: "internal" });
  const candidate = random.pick(ours);
  const [usual] = candidate.tool.streams;
  if (usual === undefined) throw new AppError("a tool has no model", { code: "internal" });
  return plan(story, candidate, usual.stream, random);
}

function candidateOf(story: Story, person: Person): Candidate[] {
  const { liveDay } = story;
  const away = liveDay >= person.away.from && liveDay <= person.away.to;
  const employed = liveDay > person.firstDay && liveDay <= person.lastDay;
  const tool = person.tools.find((one) => one.habit.tool === CODING_AGENT);
  return employed && !away && tool !== undefined ? [{ person, tool }] : [];
}

function plan(story: Story, candidate: Candidate, stream: Stream, random: Random): Runaway {
  const startMs = Math.floor(
    midnightOf(story, story.liveDay) + random.between(BEGINS.low, BEGINS.high) * MINUTE_MS,
  );
  const lastsMs = random.between(LASTS_MINUTES.low, LASTS_MINUTES.high) * MINUTE_MS;
  const rate = CALLS_PER_MINUTE[stream.model.name] ?? { low: 150, high: 250 };
  const { department, team, user, key, agent, tool: toolName, model } = stream;
  return {
    culprit: {
      department,
      team,
      user,
      key,
      agent,
      provider: model.provider,
      tool: toolName,
      model: model.name,
      startMs,
      endMs: Math.floor(startMs + lastsMs),
    },
    ...candidate,
    stream,
    callsPerMinute: random.between(rate.low, rate.high),
    doublingMinutes: random.between(DOUBLING_MINUTES.low, DOUBLING_MINUTES.high),
  };
}

/** One of the agents that run at once: a conversation after the other, drawn like everybody's. */
interface Lane {
  readonly talk: Conversation;
  readonly name: string;
  turns: number;
  left: number;
}

/**
 * Adds the loop's calls: conversations like all others, in the rhythm of the code trace, only far more of them. They are one session: the agents that an agent starts
 * call in its name.
 */
export function runAway(story: Story, runaway: Runaway, log: EventLog): void {
  const { culprit, stream } = runaway;
  const random = randomFor(story, "runaway", story.liveDay, 0);
  const agents = new Agents(story, runaway, random);
  const session = `${story.seed.toString(36)}-${story.liveDay.toString(36)}-p${runaway.person.index}-r`;
  let rate = runaway.callsPerMinute;
  const rhythm = story.traces.code.rhythm(random, () => MINUTE_MS / rate);
  for (let timeMs = culprit.startMs; timeMs < culprit.endMs; timeMs += rhythm.next().value) {
    const minutes = (timeMs - culprit.startMs) / MINUTE_MS;
    rate = runaway.callsPerMinute * (1 + minutes / runaway.doublingMinutes);
    const { talk, name, turns } = agents.turn(Math.round(rate / CALLS_PER_LANE));
    const at = { timeMs: Math.floor(timeMs), id: `${session}${name}-${turns}`, session };
    log.add(stream, at, talk.usage, random);
  }
}

/** The loop keeps several agents busy. One that is started beside the others begins with what they know. */
class Agents {
  readonly #story: Story;
  readonly #runaway: Runaway;
  readonly #random: Random;
  readonly #lanes: Lane[] = [];
  #opened = 0;

  constructor(story: Story, runaway: Runaway, random: Random) {
    this.#story = story;
    this.#runaway = runaway;
    this.#random = random;
  }

  /** Draws the next call of one of `count` agents. */
  turn(count: number): Lane {
    const index = Math.min(this.#random.below(count), this.#lanes.length);
    let lane = this.#lanes[index];
    if (lane === undefined) {
      lane = this.#open();
      this.#skip(lane, this.#random.below(lane.left));
    } else if (lane.left === 0) {
      lane = this.#open();
    }
    this.#lanes[index] = lane;
    this.#skip(lane, 1);
    return lane;
  }

  #open(): Lane {
    const { traces } = this.#story;
    const { stream, tool } = this.#runaway;
    const random = this.#random;
    return {
      talk: new Conversation({ mode: "agent", provider: stream.model.provider, traces, random }),
      name: String(this.#opened++),
      turns: 0,
      left: turnsOf(tool, random),
    };
  }

  #skip(lane: Lane, turns: number): void {
    for (let turn = 0; turn < turns; turn++) lane.talk.turn();
    lane.turns += turns;
    lane.left -= turns;
  }
}

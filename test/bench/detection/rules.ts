import { DAY } from "./calendar.ts";
import type { Watcher } from "./run.ts";
import type { Told } from "./told.ts";
import type { SimUse } from "./types.ts";

/** What people use today, and what has no statistics at all; each on the very stream the detector sees, with a dollar gate and a day of silence after a page. */
const GATE_USD = 10;
const SILENCE = DAY;
const HOURS = 24;
const LEARN_DAYS = 7;

abstract class Rule implements Watcher {
  readonly name: string;
  readonly told: Told[] = [];
  readonly #silentUntil = new Map<string, number>();

  constructor(name: string) {
    this.name = name;
  }

  abstract minute(minute: number, uses: readonly SimUse[]): void;

  protected page(minute: number, use: SimUse, told: Partial<Told>): void {
    const { department, team } = use;
    if (minute < (this.#silentUntil.get(team) ?? 0)) return;
    this.#silentUntil.set(team, minute + SILENCE);
    this.told.push({
      minute,
      severity: "page",
      scope: { department, team },
      kind: "rule",
      factor: "rule",
      windowMinutes: 60,
      score: 0,
      bar: 0,
      expectedUsd: 0,
      actualUsd: 0,
      excessUsd: 0,
      leading: [],
      teams: [team],
      ...told,
    });
  }
}

interface TeamHours {
  /** The last sixty minutes, by minute. */
  readonly ring: Float64Array;
  sum: number;
  at: number;
  /** By hour of day, working days then weekends: count, sum, sum of squares of whole hours. */
  readonly past: Float64Array;
  hour: number;
  hourSum: number;
  firstMinute: number;
}

function slotOf(hour: number): number {
  const weekday = (Math.floor(hour / HOURS) + 4) % 7;
  return ((hour % HOURS) + (weekday === 0 || weekday === 6 ? HOURS : 0)) * 3;
}

/** A team's last hour against mean and standard deviation of the same hour of past days. */
export class ZScoreRule extends Rule {
  readonly #bar: number;
  readonly #teams = new Map<string, TeamHours>();

  constructor(bar: number) {
    super(`z-score > ${bar} on the team's mean by hour`);
    this.#bar = bar;
  }

  minute(minute: number, uses: readonly SimUse[]): void {
    const touched = new Map<string, SimUse>();
    for (const use of uses) {
      const team = this.#team(use.team, minute);
      roll(team, minute);
      const at = minute % 60;
      team.ring[at] = (team.ring[at] ?? 0) + use.usd;
      team.sum += use.usd;
      team.hourSum += use.usd;
      touched.set(use.team, use);
    }
    for (const [name, use] of touched) this.#judge(this.#team(name, minute), minute, use);
  }

  #judge(team: TeamHours, minute: number, use: SimUse): void {
    if (minute - team.firstMinute < LEARN_DAYS * DAY) return;
    const slot = slotOf(Math.floor(minute / 60));
    const [count = 0, sum = 0, squares = 0] = team.past.slice(slot, slot + 3);
    if (count < 3) return;
    const mean = sum / count;
    const sd = Math.sqrt(Math.max(0, squares / count - mean * mean));
    const score = (team.sum - mean) / sd;
    if (score <= this.#bar || team.sum - mean < GATE_USD) return;
    const money = { actualUsd: team.sum, expectedUsd: mean, excessUsd: team.sum - mean };
    this.page(minute, use, { score, bar: this.#bar, ...money });
  }

  #team(name: string, minute: number): TeamHours {
    const known = this.#teams.get(name);
    if (known !== undefined) return known;
    const team: TeamHours = {
      ring: new Float64Array(60),
      sum: 0,
      at: minute,
      past: new Float64Array(2 * HOURS * 3),
      hour: Math.floor(minute / 60),
      hourSum: 0,
      firstMinute: minute,
    };
    this.#teams.set(name, team);
    return team;
  }
}

/** Forgets minutes older than an hour, and writes down hours that are over. */
function roll(team: TeamHours, minute: number): void {
  for (; team.at < minute; team.at++) {
    const next = (team.at + 1) % 60;
    team.sum = Math.max(0, team.sum - (team.ring[next] ?? 0));
    team.ring[next] = 0;
    const hour = Math.floor((team.at + 1) / 60);
    if (hour === team.hour) continue;
    const slot = slotOf(team.hour);
    team.past[slot] = (team.past[slot] ?? 0) + 1;
    team.past[slot + 1] = (team.past[slot + 1] ?? 0) + team.hourSum;
    team.past[slot + 2] = (team.past[slot + 2] ?? 0) + team.hourSum ** 2;
    team.hour = hour;
    team.hourSum = 0;
  }
}

/** Today's dollars of a team against its mean day of four weeks. */
export class DailyAverageRule extends Rule {
  readonly #times: number;
  readonly #teams = new Map<string, { day: number; sum: number; readonly past: number[] }>();

  constructor(times: number) {
    super(`${times} x daily average`);
    this.#times = times;
  }

  minute(minute: number, uses: readonly SimUse[]): void {
    const day = Math.floor(minute / DAY);
    for (const use of uses) {
      const team = this.#teams.get(use.team) ?? { day, sum: 0, past: [] };
      this.#teams.set(use.team, team);
      while (team.day < day) {
        team.past.push(team.sum);
        if (team.past.length > 28) team.past.shift();
        team.sum = 0;
        team.day++;
      }
      team.sum += use.usd;
      if (team.past.length < LEARN_DAYS) continue;
      const mean = team.past.reduce((sum, one) => sum + one, 0) / team.past.length;
      if (team.sum <= this.#times * mean || team.sum - mean < GATE_USD) continue;
      const money = { actualUsd: team.sum, expectedUsd: mean, excessUsd: team.sum - mean };
      this.page(minute, use, { windowMinutes: DAY, ...money });
    }
  }
}

/** A user with a model that this user has never used. */
export class NewPairRule extends Rule {
  readonly #seen = new Set<string>();
  readonly #first = new Map<string, number>();

  constructor() {
    super("a user x model pair never seen");
  }

  minute(minute: number, uses: readonly SimUse[]): void {
    for (const use of uses) {
      const pair = `${use.user}\n${use.model}`;
      const first = this.#first.get(use.team) ?? minute;
      this.#first.set(use.team, first);
      if (this.#seen.has(pair)) continue;
      this.#seen.add(pair);
      if (minute - first >= LEARN_DAYS * DAY) this.page(minute, use, { actualUsd: use.usd });
    }
  }
}

/** A user who spends in an hour more than the gate in rows that read nothing from a cache. */
export class NoCacheRule extends Rule {
  readonly #hours = new Map<string, { hour: number; sum: number }>();

  constructor() {
    super("rows without cache reads");
  }

  minute(minute: number, uses: readonly SimUse[]): void {
    const hour = Math.floor(minute / 60);
    for (const use of uses) {
      if (use.cacheReadTokens > 0) continue;
      const held = this.#hours.get(use.user) ?? { hour, sum: 0 };
      this.#hours.set(use.user, held);
      if (held.hour !== hour) {
        held.hour = hour;
        held.sum = 0;
      }
      held.sum += use.usd;
      if (held.sum > GATE_USD / 2) this.page(minute, use, { actualUsd: held.sum });
    }
  }
}

export function allRules(): Rule[] {
  return [
    ...[3, 4, 6].map((bar) => new ZScoreRule(bar)),
    ...[2, 3, 5].map((times) => new DailyAverageRule(times)),
    new NewPairRule(),
    new NoCacheRule(),
  ];
}

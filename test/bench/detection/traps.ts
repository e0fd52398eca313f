import { Random } from "../../../src/demo/random.ts";
import { DAY, dateOf, epochDayOf, isoDate, lastWorkday, midnight, weekdayOf } from "./calendar.ts";
import { companyClockChanges, STREAM, type Company } from "./company.ts";
import { bulk } from "./habits.ts";
import type { Team } from "./staff.ts";
import type { Edit, SessionPlan, Who } from "./sessions.ts";
import type { CompanyCalendar, Trap } from "./types.ts";

/** Ordinary events that look like trouble, and what each does to the stream. Days are indices from the company's first. */
export interface Backfill {
  readonly team: number;
  readonly who: Who;
  readonly windows: readonly { from: number; to: number; usdPerMinute: number }[];
}
interface Window {
  readonly from: number;
  readonly to: number;
}
export interface LateData extends Window {
  readonly team: string;
  readonly delay: number;
}
export interface Gap extends Window {
  /** "": everybody's feed. */
  readonly department: string;
  readonly isLost: boolean;
}
export interface Move {
  readonly people: ReadonlySet<number>;
  readonly fromDay: number;
  readonly to: Team;
}
export interface ModelTrial extends Window {
  readonly people: ReadonlySet<number>;
}

export class Traps {
  readonly list: Trap[] = [];
  readonly backfills: Backfill[] = [];
  readonly late: LateData[] = [];
  readonly gaps: Gap[] = [];
  readonly moves: Move[] = [];
  readonly trials: ModelTrial[] = [];
  readonly errorBursts: Window[] = [];
  readonly rotations = new Map<number, number>();
  /** Who tries another model tries the one that people talk about. */
  readonly trialEdit: Edit = { model: (used) => (used === "opus" ? "sonnet" : "opus") };
  readonly #company: Company;
  readonly #random: Random;
  readonly #monthEnds = new Map<number, number>();
  readonly #hackathons = new Map<number, { day: number; factor: number }>();
  readonly #adoptions = new Map<number, { day: number; gain: number }>();

  constructor(company: Company) {
    this.#company = company;
    this.#random = new Random(company.seed, STREAM.plan, 1);
    this.#drawDemand();
    this.#drawBackfills();
    this.#drawFeed();
    this.#drawPeople();
    for (const day of company.holidays) {
      const at = midnight(company.home, day);
      this.#note("holiday", "", { from: at, to: at + 2 * DAY });
    }
    for (const day of companyClockChanges(company)) {
      const at = midnight(company.home, day);
      this.#note("dst", "", { from: at, to: at + 3 * DAY });
    }
  }

  /** Everybody who changes teams. */
  moved(): ReadonlySet<number> {
    return new Set(this.moves.flatMap(({ people }) => [...people]));
  }

  /** A session far longer than its kind: noted, so that a page about it can be told from one about nothing. */
  noteSession({ who, start, turns }: SessionPlan): void {
    const { habit } = who.slot;
    if (turns < 120 || turns < 4 * habit.turns) return;
    const to = start + (turns * habit.paceSeconds) / 40;
    this.#note("long-session", who.team, { from: Math.floor(start), to: Math.ceil(to) });
  }

  calendar(): CompanyCalendar {
    const { holidays, teams } = this.#company;
    return {
      holidays: [...holidays].map(isoDate),
      events: [...this.#hackathons].map(([index, { day }]) => ({
        name: "hackathon",
        team: teams[index]?.name ?? "",
        date: isoDate(this.#company.firstDay + day),
      })),
    };
  }

  /** Factor on what a team does on a day. */
  demand(team: Team, day: number): number {
    const date = this.#company.firstDay + day;
    let factor = 1;
    if (this.#company.holidays.has(date)) factor *= 0.05;
    if (this.#company.holidays.has(date - 1)) factor *= 1.25;
    const monthEnd = this.#monthEnds.get(team.index);
    if (monthEnd !== undefined && isMonthEnd(date)) factor *= monthEnd;
    const hackathon = this.#hackathons.get(team.index);
    if (hackathon?.day === day) factor *= hackathon.factor;
    const adoption = this.#adoptions.get(team.index);
    if (adoption !== undefined && day > adoption.day) {
      factor *= 1 + adoption.gain * Math.min(1, (day - adoption.day) / 21);
    }
    return factor;
  }

  #note(kind: Trap["kind"], team: string, { from, to }: Window): void {
    this.list.push({ kind, team, startMinute: from, endMinute: to });
  }

  #dayWindow(team: Team, day: number): { startMinute: number; endMinute: number } {
    const startMinute = midnight(team.zone, this.#company.firstDay + day);
    return { startMinute, endMinute: startMinute + DAY };
  }

  #workday(): number {
    const { firstDay, days } = this.#company;
    for (;;) {
      const day = this.#random.below(days);
      const weekday = weekdayOf(firstDay + day);
      if (weekday !== 0 && weekday !== 6) return day;
    }
  }

  #peopleTeams(): Team[] {
    return this.#company.teams.filter(({ people }) => people >= 7);
  }

  #drawDemand(): void {
    const random = this.#random;
    const { firstDay, days, teams } = this.#company;
    const offices = this.#peopleTeams();
    if (offices.length === 0) return;
    for (let count = 0; count < 2; count++) {
      const team = random.pick(offices);
      this.#monthEnds.set(team.index, random.between(1.5, 2));
      for (let day = 0; day < days; day++) {
        if (!isMonthEnd(firstDay + day)) continue;
        const { startMinute, endMinute } = this.#dayWindow(team, day);
        this.#note("month-end", team.name, { from: startMinute, to: endMinute });
      }
    }
    const party = random.pick(offices);
    const day = this.#workday();
    this.#hackathons.set(party.index, { day, factor: random.between(2, 3) });
    const { startMinute, endMinute } = this.#dayWindow(party, day);
    this.#note("hackathon", party.name, { from: startMinute, to: endMinute });
    const adopter = random.pick(teams);
    const from = random.below(days);
    this.#adoptions.set(adopter.index, { day: from, gain: random.between(0.25, 0.55) });
    const since = this.#dayWindow(adopter, from).startMinute;
    this.#note("adoption", adopter.name, { from: since, to: since + 24 * DAY });
  }

  /** Once a month at about the same date; every other one under a person's name. */
  #drawBackfills(): void {
    const random = this.#random;
    const { firstDay, days, teams, seed } = this.#company;
    for (let count = 0; count < 2; count++) {
      const team = random.pick(teams);
      const person = random.pick(team.staff);
      const service = random.chance(0.5);
      const user = service ? `svc-${team.name}-backfill` : person.user;
      const { model } = random.weighted(bulk.models);
      const key = `k-${user}`;
      const slot = { habit: { ...bulk, tool: "backfill" }, model, key };
      const windows = [];
      const dayOfMonth = 1 + random.below(28);
      const usd = random.between(25, 110);
      const hours = random.between(3, 9);
      const jitter = new Random(seed, STREAM.plan, 2, count);
      for (let day = 0; day < days; day++) {
        if (dateOf(firstDay + day).day !== dayOfMonth) continue;
        const at = this.#dayWindow(team, day + jitter.below(2)).startMinute;
        const from = Math.floor(at + jitter.between(60, 1200));
        const to = Math.floor(from + hours * 60 * jitter.swing(0.15));
        windows.push({ from, to, usdPerMinute: (usd * jitter.swing(0.2)) / (to - from) });
        this.#note("backfill", team.name, { from, to: to + 60 });
      }
      const who = { department: team.department, team: team.name, user, slot };
      this.backfills.push({ team: team.index, who, windows });
    }
  }

  #drawFeed(): void {
    const random = this.#random;
    const { teams } = this.#company;
    for (let count = 0; count < 3; count++) {
      const { startMinute } = this.#dayWindow(teams[0] as Team, this.#workday());
      const from = Math.floor(startMinute + random.between(300, 1200));
      const to = Math.floor(from + random.between(10, 240));
      const department = random.chance(0.6) ? "" : random.pick(teams).department;
      const isLost = random.chance(0.5);
      this.gaps.push({ from, to, department, isLost });
      this.#note("collection-gap", "", { from, to: to + 120 });
    }
    for (let count = 0; count < 4; count++) {
      const team = random.pick(teams);
      const { startMinute } = this.#dayWindow(team, this.#workday());
      const from = Math.floor(startMinute + random.between(480, 960));
      const delay = Math.floor(Math.exp(random.between(Math.log(10), Math.log(360))));
      const to = Math.floor(from + random.between(30, 240));
      this.late.push({ team: team.name, from, to, delay });
      this.#note("late-data", team.name, { from, to: to + delay + 60 });
    }
    for (let count = 0; count < 4; count++) {
      const { startMinute } = this.#dayWindow(teams[0] as Team, this.#workday());
      const from = Math.floor(startMinute + random.between(0, 1400));
      const to = Math.floor(from + random.between(20, 60));
      this.errorBursts.push({ from, to });
      this.#note("error-burst", "", { from, to: to + 60 });
    }
  }

  #drawPeople(): void {
    const random = this.#random;
    const { teams, firstDay } = this.#company;
    const offices = this.#peopleTeams();
    if (offices.length === 0) return;
    const left = random.pick(offices);
    const to = random.pick(teams);
    if (left !== to) {
      const day = this.#workday();
      const share = random.between(0.15, 0.3);
      const people = new Set(left.staff.filter(() => random.chance(share)).map(({ id }) => id));
      this.moves.push({ people, fromDay: day, to });
      const at = midnight(left.zone, firstDay + day);
      for (const { name } of [left, to]) {
        this.#note("reorganisation", name, { from: at, to: at + 7 * DAY });
      }
    }
    for (let count = 0; count < 4; count++) {
      const team = random.pick(offices);
      const most = Math.max(1, Math.min(3, Math.floor(team.staff.length * 0.1)));
      const people = new Set(
        Array.from({ length: 1 + random.below(most) }, () => random.pick(team.staff).id),
      );
      const from = midnight(team.zone, firstDay + this.#workday());
      const until = from + DAY * (1 + random.below(3));
      this.trials.push({ people, from, to: until });
      this.#note("model-trial", team.name, { from, to: until });
    }
    const rotating = random.pick(teams);
    const day = this.#workday();
    this.rotations.set(rotating.index, day);
    const at = midnight(rotating.zone, firstDay + day);
    this.#note("key-rotation", rotating.name, { from: at, to: at + 3 * DAY });
  }
}

/** The last two working days of a month and the first of the next. */
function isMonthEnd(epochDay: number): boolean {
  const weekday = weekdayOf(epochDay);
  if (weekday === 0 || weekday === 6) return false;
  const { year, month } = dateOf(epochDay);
  const last = lastWorkday(epochDay);
  const before = lastWorkday(epochDayOf(year, month, 1) - 1);
  const first = before + (weekdayOf(before) === 5 ? 3 : 1);
  return epochDay === last || epochDay === last - 1 || epochDay === first;
}

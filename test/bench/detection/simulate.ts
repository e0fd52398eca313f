import {
  applyBackfills,
  applyCopies,
  applyDropAndRetries,
  applyLoops,
  concernsSession,
  playEdited,
} from "./apply.ts";
import { DAY } from "./calendar.ts";
import { drawCompany, spanOf, USUAL, type Company } from "./company.ts";
import { everySession, teamDay, type TeamDay } from "./day.ts";
import { personOf, type Effect } from "./effects.ts";
import { feed } from "./feed.ts";
import { planIncidents } from "./plan.ts";
import { playSession, type Edit } from "./sessions.ts";
import { Traps } from "./traps.ts";
import type {
  CompanyCalendar,
  SimKind,
  SimUse,
  TeamInfo,
  TeamKind,
  Trap,
  TruthIncident,
} from "./types.ts";

export interface SimulationOptions {
  /** Integer; the same seed and options give the same rows. */
  readonly seed: number;
  /** Default 13, of which the first five are history without incidents. */
  readonly weeks?: number;
  /** Default: a company of ten teams of all kinds. */
  readonly teams?: readonly TeamKind[];
  /** false: none; a list: only these kinds. Default: all but the surge, which has companies of its own. */
  readonly incidents?: boolean | readonly SimKind[];
}

export interface SimDay {
  /** Rows by arrival, then by minute. An arrival is never before its minute. */
  readonly uses: readonly SimUse[];
  /** Whatever arrives later arrives at this epoch minute or after it. */
  readonly untilMinute: number;
}

export interface Simulation {
  readonly seed: number;
  readonly startMinute: number;
  readonly endMinute: number;
  /** IANA name of the zone of the company and most of its teams. */
  readonly zone: string;
  readonly teams: readonly TeamInfo[];
  readonly calendar: CompanyCalendar;
  /** Dollars and curves are complete once the days have all been read. */
  readonly incidents: readonly TruthIncident[];
  readonly traps: readonly Trap[];
  /** The stream, a day at a time. May be read once. */
  days(): Generator<SimDay>;
}

/** A company's weeks of use, row by row, with what is wrong in them. Memory: a few days of rows. */
export function simulate(options: SimulationOptions): Simulation {
  const { seed, weeks = 13, teams: kinds = USUAL, incidents = true } = options;
  const company = drawCompany(seed, weeks, kinds);
  const traps = new Traps(company);
  const only = Array.isArray(incidents) ? (incidents as readonly SimKind[]) : null;
  const effects =
    incidents === false ? [] : planIncidents(company, { seed, only, moved: traps.moved() });
  const { start, end } = spanOf(company);
  return {
    seed,
    startMinute: start,
    endMinute: end,
    zone: company.home,
    teams: company.teams,
    calendar: traps.calendar(),
    incidents: effects.map(({ truth }) => truth),
    traps: traps.list,
    days: () => days(company, traps, effects),
  };
}

function* days(company: Company, traps: Traps, effects: readonly Effect[]): Generator<SimDay> {
  let pending: SimUse[] = [];
  for (let day = 0; day < company.days; day++) {
    for (const team of company.teams) {
      if (day < team.firstDay) continue;
      const at = teamDay(company, traps, team, day);
      for (const row of teamRows(at, traps, effects)) pending.push(row);
    }
    const isLast = day === company.days - 1;
    // The easternmost zone's next day begins nine hours before midnight UTC.
    const until = isLast ? Infinity : (company.firstDay + day + 1) * DAY - 600;
    const uses = pending.filter((row) => row.arrival < until);
    pending = pending.filter((row) => row.arrival >= until);
    uses.sort((a, b) => a.arrival - b.arrival || a.minute - b.minute);
    for (const effect of effects) {
      if (isLast || effect.truth.endMinute + DAY < until) effect.finish();
    }
    const end = Math.max((uses.at(-1)?.arrival ?? 0) + 1, spanOf(company).end);
    yield { uses, untilMinute: isLast ? end : until };
  }
}

/** All rows that begin on a team's local day, incidents and traps included. */
function teamRows(at: TeamDay, traps: Traps, effects: readonly Effect[]): SimUse[] {
  const from = at.midnight;
  const active = effects.filter((one) => one.concerns(at.team.name, from - DAY, from + 2 * DAY));
  let rows = ordinaryRows(at, traps, active);
  for (const row of active.length > 0 ? rows : []) {
    for (const effect of active) effect.seeNormal(row);
  }
  for (const effect of active) {
    applyCopies(effect, at, rows);
    applyLoops(effect, at, rows);
  }
  for (const effect of active) rows = applyDropAndRetries(effect, at, rows);
  applyBackfills(traps.backfills, at, rows);
  return feed(rows, at, traps);
}

function ordinaryRows(at: TeamDay, traps: Traps, active: readonly Effect[]): SimUse[] {
  const rows: SimUse[] = [];
  const editing = active.filter(({ change }) => change.what === "edit");
  everySession(at, 0, (plan, playSeed) => {
    const id = personOf(plan.who);
    if (id >= 0) traps.noteSession(plan);
    const effect = editing.find((one) => concernsSession(one, id, plan.start));
    if (effect !== undefined) playEdited(effect, rows, plan, playSeed);
    else playSession(rows, plan, playSeed, trialOf(traps, id, plan.start));
  });
  return rows;
}

function trialOf(traps: Traps, id: number, start: number): Edit | null {
  const isTrial = traps.trials.some(
    ({ people, from, to }) => start >= from && start < to && people.has(id),
  );
  return isTrial ? traps.trialEdit : null;
}

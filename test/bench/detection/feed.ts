import { Random } from "../../../src/demo/random.ts";
import { STREAM } from "./company.ts";
import type { TeamDay } from "./day.ts";
import { personOf } from "./effects.ts";
import type { Move, Traps } from "./traps.ts";
import type { SimUse } from "./types.ts";

type Mutable = { -readonly [Field in keyof SimUse]: SimUse[Field] };

/** A few rows in a hundred arrive some minutes after the others. */
const STRAGGLERS = 0.02;

/** What happens between the use and the detector: people change teams, keys change names, data is late or lost. */
export function feed(rows: SimUse[], at: TeamDay, traps: Traps): SimUse[] {
  const random = new Random(at.company.seed, STREAM.day, at.team.index, at.day, 5);
  const { day, team } = at;
  const begin = at.midnight;
  const end = begin + 2880;
  const moves = traps.moves.filter(({ fromDay }) => day >= fromDay);
  const rotation = traps.rotations.get(team.index) ?? Infinity;
  const late = traps.late.filter((one) => one.team === team.name && one.from < end);
  const gaps = traps.gaps.filter((one) => meets(one, begin, end));
  const bursts = traps.errorBursts.filter((one) => meets(one, begin, end));
  const lost = new Set<SimUse>();
  for (const row of rows as Mutable[]) {
    for (const move of moves) moveRow(row, move);
    if (day >= rotation) row.key = `${row.key}-r2`;
    if (random.chance(STRAGGLERS)) row.arrival = row.minute + 1 + random.below(4);
    if (bursts.some((one) => meets(one, row.minute, row.minute + 1))) failSome(row, random);
    for (const one of late) {
      if (meets(one, row.minute, row.minute + 1)) row.arrival = row.minute + one.delay;
    }
    for (const gap of gaps) {
      if (!meets(gap, row.arrival, row.arrival + 1)) continue;
      if (gap.department !== "" && gap.department !== row.department) continue;
      if (gap.isLost) lost.add(row);
      else row.arrival = gap.to + random.below(4);
    }
  }
  return lost.size === 0 ? rows : rows.filter((row) => !lost.has(row));
}

function meets({ from, to }: { from: number; to: number }, begin: number, end: number): boolean {
  return from < end && to > begin;
}

function moveRow(row: Mutable, { people, to }: Move): void {
  if (!people.has(personOf(row))) return;
  row.team = to.name;
  row.department = to.department;
}

/** A provider's bad hour: calls fail, and most are not made again. */
function failSome(row: Mutable, random: Random): void {
  row.errors = Math.min(row.requests, row.errors + random.poisson(0.2 * row.requests));
}

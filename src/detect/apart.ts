import { expectWindowUsd } from "./expectation.ts";
import type { SeriesNode } from "./series-node.ts";
import type { Heat } from "./statistic.ts";

/** How a heat is distributed on ordinary days: one person in ten is beyond `tenth`, and each `decade` more is ten times rarer. */
interface Shape {
  readonly tenth: number;
  readonly decade: number;
  /** Whether what all of a team have in common is no person's: a month's end, a Friday. A price that rose for most is news. */
  readonly hasCommon: boolean;
}
const SHAPES: Readonly<Record<Heat, Shape>> = {
  sessions: { tenth: 1.2, decade: 1.3, hasCommon: true },
  // One session with a dear model takes somebody far who has never tried any.
  mix: { tenth: 1.5, decade: 2.5, hasCommon: false },
  cache: { tenth: 1.5, decade: 2.5, hasCommon: false },
};
/** The middle of a team and a little more is what it has in common. */
const COMMON = 0.3;
/** With fewer at work nobody tells what they have in common. */
export const LEAST_COMPARED = 3;
/** So many of the furthest are looked at together. */
const MOST = 10;
/** Whom a finding is about; with so many of them it is the team. */
const HOT = 1.5;
const MANY = 3;

/** Which people of a team are looked at: those at work in (minute − window, minute]. */
interface Look {
  readonly minute: number;
  readonly window: number;
  readonly of: Heat;
}

/** One of a team, and how far beyond what the team has in common. */
interface Apart {
  readonly person: SeriesNode;
  heat: number;
}

/** The people of a team at work in a window, the furthest first. */
function apartFrom(team: SeriesNode, { minute, window, of }: Look): readonly Apart[] {
  const people: Apart[] = [];
  for (const person of team.children("user").values()) {
    if (person.lastMinute <= minute - window) continue;
    people.push({ person, heat: person.heats?.[of] ?? 0 });
  }
  people.sort((a, b) => b.heat - a.heat);
  const middle = people[people.length >> 1]?.heat ?? 0;
  const common = SHAPES[of].hasCommon ? Math.max(0, middle + COMMON) : 0;
  for (const one of people) one.heat -= common;
  return people;
}

/**
 * How surprising it is that people of a team are so far beyond what they usually do while the others are not: of the few furthest, −log10 of the chance that as
 * many of them are as far out, for the number at which it is least (Berk & Jones 1979). One alone or some together count alike. 0: nobody is.
 */
export function apartness(team: SeriesNode, look: Look): number {
  const { tenth, decade } = SHAPES[look.of];
  // Asked of every team with each step, and mostly so.
  if (!isAnybodyBeyond(team, look.of, tenth)) return 0;
  const people = apartFrom(team, look);
  if (people.length < LEAST_COMPARED) return 0;
  let most = 0;
  const last = Math.min(MOST, people.length >> 1);
  for (let count = 1; count <= last; count++) {
    const heat = people[count - 1]?.heat ?? 0;
    if (heat <= tenth) break;
    const chance = 10 ** (-1 - (heat - tenth) / decade);
    most = Math.max(most, -Math.log10(atLeast(count, people.length, chance)));
  }
  return most;
}

function isAnybodyBeyond(team: SeriesNode, of: Heat, tenth: number): boolean {
  for (const { heats } of team.children("user").values()) {
    if (heats !== null && heats[of] > tenth) return true;
  }
  return false;
}

/** The chance that `count` or more of `all` do what each does with a small `chance`. */
function atLeast(count: number, all: number, chance: number): number {
  let term = (1 - chance) ** all;
  if (all * chance < SELDOM) {
    term = 1;
    for (let one = 0; one < count; one++) term *= ((all - one) / (one + 1)) * chance;
    return term;
  }
  let fewer = 0;
  for (let one = 0; one < count; one++) {
    fewer += term;
    term *= ((all - one) / (one + 1)) * (chance / (1 - chance));
  }
  return Math.max(Number.EPSILON, 1 - fewer);
}
/** Below it the first term is all, and one less the others is rounding. */
const SELDOM = 1e-3;

/** Dollars of a window. */
interface Spent {
  readonly actualUsd: number;
  readonly expectedUsd: number;
}

/** What the people who are far out spent in the window, and what they were expected to. */
export function spentApart(team: SeriesNode, look: Look): Spent {
  return spentBy(apartFrom(team, look), look);
}

function spentBy(people: readonly Apart[], { minute, window }: Look): Spent {
  let actualUsd = 0;
  let expectedUsd = 0;
  for (const { person, heat } of people) {
    if (heat < HOT) break;
    actualUsd += person.usd(minute, window);
    expectedUsd += expectWindowUsd(person, minute, window);
  }
  return { actualUsd, expectedUsd };
}

/**
 * Who it is about: the one who is furthest out; the team, where there are three and more, unless the others have spent less by as much: then nothing is to be
 * seen at the team.
 */
export function aboutApart(team: SeriesNode, look: Look): SeriesNode {
  const people = apartFrom(team, look);
  const furthest = people[0]?.person ?? team;
  if ((people[MANY - 1]?.heat ?? 0) < HOT) return furthest;
  const { minute, window } = look;
  const { actualUsd, expectedUsd } = spentBy(people, look);
  const more = team.usd(minute, window) - expectWindowUsd(team, minute, window);
  return more >= SEEN_SHARE * (actualUsd - expectedUsd) ? team : furthest;
}
const SEEN_SHARE = 0.5;

import { LEAST_COMPARED } from "./apart.ts";
import type { Calibration } from "./calibration.ts";
import { HEAVY_FROM, HeavyDays } from "./heavy-days.ts";
import { asksForMoney } from "./money.ts";
import { rarityOf } from "./rarity.ts";
import { held, read } from "./readings.ts";
import { BUSY, slotOf } from "./regimes.ts";
import { STEP_MINUTES } from "./rings.ts";
import type { SeriesNode } from "./series-node.ts";
import {
  DOLLARS_FAMILY,
  FAMILIES,
  LONG_FAMILY,
  PAGE_FAMILIES,
  PRICE_FAMILY,
  QUIET_FAMILY,
  SIZE_FAMILY,
  SLOW_FAMILY,
  WASTE_FAMILY,
} from "./families.ts";
import type { Heat, Statistic } from "./statistic.ts";
import { isGroup } from "./statistics.ts";

/** What the other families add to the most surprising one. How far the sum goes on ordinary days is learnt, so this only sets what is found best. */
const OTHERS = 0.3;
/** Of a person they mostly say the same: a heavy session is long, dear and busy. */
const OTHERS_OF_PERSON = 0.1;
/**
 * What a group comes to over hours, its prices and its sizes are seldom what somebody must be woken for, and each more that is looked at raises the bar for all:
 * they have to be rarer by so many powers of ten. Prices have tickets of their own.
 */
const SELDOM: readonly number[] = [PRICE_FAMILY, SIZE_FAMILY, LONG_FAMILY];
const SELDOM_BY = 2;
/** One dear session among a thousand says little of a person, and that they tried a dearer model: what runs at once says more. */
const DOLLARS_OF_PERSON_BY = 1;
const PRICE_OF_PERSON_BY = 0.7;
const QUARTER_DAYS = 91;
/** Parts of the budget: a team's, what all its people share, and that of a department or the organisation, whose page is mostly about several teams. */
const TEAM_PART = 1.4;
const PEOPLE_PART = 0.6;
const WIDE_PART = 0.3;
/** Before a series has had so many days, what its day came to teaches nobody. */
const TEACHES_DAYS = 3;

/** Of one statistic, and the regime that it was found in. */
export interface Surprise {
  readonly surprise: number;
  readonly regime: number;
}

const last = { surprise: 0, regime: BUSY };
const most = new Float64Array(FAMILIES);

/** The evidence of all families together: `surpriseAt` gives a statistic's surprise, 0 where it says nothing. */
export function totalOf(
  node: SeriesNode,
  calibration: Calibration,
  surpriseAt: (index: number) => Surprise,
): number {
  mostOf(node.statistics, surpriseAt);
  let sum = 0;
  let largest = 0;
  for (let family = 0; family < PAGE_FAMILIES; family++) {
    const surprise = most[family] as number;
    if (surprise === 0) continue;
    const worth = calibration.familySurprise(node, family, surprise);
    const one = Math.max(0, worth - handicapOf(node, family));
    sum += one;
    if (one > largest) largest = one;
  }
  const others = node.level === "user" ? OTHERS_OF_PERSON : OTHERS;
  return largest + others * (sum - largest);
}

/** How many powers of ten rarer a family's surprise must be than those of others. */
export function handicapOf({ level }: SeriesNode, family: number): number {
  if (isGroup(level)) return SELDOM.includes(family) ? SELDOM_BY : 0;
  if (level !== "user") return 0;
  if (family === DOLLARS_FAMILY) return DOLLARS_OF_PERSON_BY;
  return family === PRICE_FAMILY ? PRICE_OF_PERSON_BY : 0;
}

/** Of each family the most surprising, into `most`: they say the same in different windows. */
function mostOf(statistics: readonly Statistic[], surpriseAt: (index: number) => Surprise): void {
  most.fill(0);
  for (let index = 0; index < statistics.length; index++) {
    const { surprise, regime } = surpriseAt(index);
    const family = familyIn(statistics[index] as Statistic, regime);
    if (surprise > (most[family] as number)) most[family] = surprise;
  }
}

/** What happens in quiet hours, of whatever statistic, is a family of its own. */
function familyIn({ family }: Statistic, regime: number): number {
  return regime === BUSY || family >= LONG_FAMILY ? family : QUIET_FAMILY;
}

/** What a statistic adds to the evidence by itself: nothing, where its family is no more surprising than its handicap. */
export function worthOf(
  node: SeriesNode,
  statistic: Statistic,
  { surprise, regime }: Surprise,
  calibration: Calibration,
): number {
  const family = familyIn(statistic, regime);
  return calibration.familySurprise(node, family, surprise) - handicapOf(node, family);
}

/** Whether a statistic is looked at in this minute: minutes each minute, hours with each step of five, weeks once an hour; what people are compared by, where there are some. */
function isDue(node: SeriesNode, statistic: Statistic, { minute, judges }: Look): boolean {
  const { window, against } = statistic;
  if (window <= 60) return true;
  const step = Math.floor(minute / STEP_MINUTES);
  if (step === node.lookedAt) return false;
  if (against === "lately") return (node.parent?.children("user").size ?? 0) >= LEAST_COMPARED;
  const every = window > 1440 ? STEPS_OF_HOUR : stepsBetween(node, window, judges);
  return every === 1 || Math.floor(step / every) !== Math.floor(node.lookedAt / every);
}
const STEPS_OF_HOUR = 12;

/** What hours of a group come to moves little in a quarter of one: history, in which nobody waits, is read by those. A person may be gone by then. */
function stepsBetween({ level }: SeriesNode, window: number, judges: boolean): number {
  return judges || window < LONG_MINUTES || !isGroup(level) ? 1 : STEPS_OF_QUARTER;
}
const LONG_MINUTES = 240;
const STEPS_OF_QUARTER = 3;

/** How a series is looked at. */
export interface Look {
  readonly minute: number;
  /** Whether the day learns from it: not while an incident touches the series, what that adds is not normal. */
  readonly notes: boolean;
  /** Whether somebody may be told of it; else it is history. */
  readonly judges: boolean;
}

/** What a series has come to: nothing, or evidence that has to be judged for a ticket, for a page, or both. */
export const COLD = 0;
export const TICKET_HEAT = 1;
export const PAGE_HEAT = 2;

/**
 * Notes what the day's statistics of a series have come to, and tells whether together they are so surprising that it has to be judged. Cheap: it is asked
 * of each series that a minute touches.
 */
export function watch(node: SeriesNode, look: Look, calibration: Calibration): number {
  const { tails, statistics } = node;
  const { minute, notes } = look;
  const isOfMany = isGroup(node.level);
  for (let index = 0; index < statistics.length; index++) {
    const statistic = statistics[index] as Statistic;
    if (!isDue(node, statistic, look)) continue;
    read(node, statistic, minute);
    if (!held.isKnown) {
      tails.setLast(index, 0, BUSY);
      continue;
    }
    const { regime, value } = held;
    const slot = slotOf(index, regime);
    tell(node, statistic, { slot, value, regime }, calibration);
    if (notes) tails.note(slot, value);
    // What only a person's team asks for is no evidence of the person's.
    if (statistic.family === SLOW_FAMILY && !isOfMany) continue;
    tails.setLast(index, surpriseOf(node, { index, regime, value }, minute, calibration), regime);
  }
  node.teamDays?.slow.seeAt(minute, node.hours, notes);
  node.lookedAt = Math.floor(minute / STEP_MINUTES);
  const total = totalOf(node, calibration, (index) => {
    last.surprise = tails.last(index);
    last.regime = tails.lastRegime(index);
    return last;
  });
  remember(node, total, look, calibration);
  const ticket = node.level === "team" && isForTicket(node, calibration) ? TICKET_HEAT : COLD;
  if (total < 1) return ticket;
  return total > calibration.totalAt(node, barOf(node)) ? ticket + PAGE_HEAT : ticket;
}

/** Keeps what the series has come to today: for those it is a part of, for its own later days, and, where that is much, as a heavy day. */
function remember(
  node: SeriesNode,
  total: number,
  { minute, notes }: Look,
  calibration: Calibration,
): void {
  if (notes && calibration.watchedDays(node, minute) >= TEACHES_DAYS) teach(node, total);
  const highest = Math.max(total, node.tails.total);
  node.evidence = highest < 1 ? 0 : calibration.totalSurprise(node, highest);
  if (!notes || total < 1 || node.evidence < HEAVY_FROM) return;
  (node.heavyDays ??= new HeavyDays()).note(node, minute);
}

/** What an ordinary day holds, by family and in all. */
function teach({ tails }: SeriesNode, total: number): void {
  tails.noteTotal(total);
  for (let family = 0; family < FAMILIES; family++) {
    tails.noteFamily(family, most[family] as number);
  }
}

/** Whether a family in `most` goes beyond a ticket's bar. */
function isForTicket(node: SeriesNode, calibration: Calibration): boolean {
  return TICKET_FAMILIES.some((family) => {
    const surprise = most[family] as number;
    if (surprise === 0 || calibration.familyDays(node, family) < TICKET_DAYS) return false;
    return calibration.familySurprise(node, family, surprise) > ticketBarOf(node);
  });
}

/** What is told in working hours when it stands out by itself: nothing of it gets worse within the hour. */
export const TICKET_FAMILIES: readonly number[] = [PRICE_FAMILY, SLOW_FAMILY, WASTE_FAMILY];

/** How surprising one family must be for a ticket. */
export function ticketBarOf({ settings }: SeriesNode): number {
  return Math.log10(QUARTER_DAYS / (TICKETS_PER_FAMILY * settings.pagesPerQuarter));
}
const TICKETS_PER_FAMILY = 0.7;
/** Days of groups, of all together, before what one family comes to is known well enough to be told by itself. */
const TICKET_DAYS = 150;

/** What others ask a series for: how far it is beyond its usual day. */
function tell(
  node: SeriesNode,
  { name, of, against }: Statistic,
  at: { readonly slot: number; readonly value: number; readonly regime: number },
  calibration: Calibration,
): void {
  const { slot, value, regime } = at;
  if (HEATS.has(name)) node.heat = calibration.residual(node, slot, value);
  if (of !== undefined && against !== "apart") {
    heatUp(node, { name, of }, calibration.residual(node, slot, value));
  }
  if (name === DAY_OF_PERSON && node.level === "user" && node.tails.days(slot) >= KNOWN_DAYS) {
    const usual = calibration.usual(node, slot);
    const day = (node.day ??= { rise: 0, weight: 0 });
    day.rise = value - usual;
    day.weight = Math.exp(usual / 2);
  }
  if (node.teamDays !== null && name === DAY_OF_TEAM && regime === BUSY) {
    node.teamDays.slow.add(calibration.residual(node, slot, value));
  }
}

/** Notes how far a person is beyond what they usually do, for `apart`. */
function heatUp(node: SeriesNode, told: { name: string; of: Heat }, heat: number): void {
  const { name, of } = told;
  const heats = (node.heats ??= { sessions: 0, mix: 0, cache: 0 });
  heats[of] = name === LATER_SESSIONS ? Math.max(heats[of], heat) : heat;
}

/** Read after the shorter window. */
const LATER_SESSIONS = "sessions_240m";
/** A person's last 24 hours, for the team; and a team's own. */
const DAY_OF_PERSON = "requests_1440m";
const DAY_OF_TEAM = "people_1440m";
/** Days of work before a person's usual one is known. */
const KNOWN_DAYS = 4;

/** By this statistic children are asked how far they are beyond their usual day: people by what they run at once, groups by their demand. */
const HEATS: ReadonlySet<string> = new Set(["heat_60m", "demand_60m"]);

/** −log10 of the chance that a day of the series holds such a value of one of its statistics. */
export function surpriseOf(
  node: SeriesNode,
  at: { readonly index: number; readonly regime: number; readonly value: number },
  minute: number,
  calibration: Calibration,
): number {
  const { index, regime, value } = at;
  const surprise = calibration.surprise(node, slotOf(index, regime), value);
  if (surprise === 0 || !isSeldom(node.statistics[index] as Statistic, regime)) return surprise;
  return surprise + rarityOf(node, { index, regime }, minute, calibration);
}

/** Whether on most days there is nothing of it: that there is something says something by itself. */
function isSeldom(statistic: Statistic, regime: number): boolean {
  return asksForMoney(statistic, regime) || (statistic.against === "past" && regime !== BUSY);
}

function partOf({ level }: SeriesNode): number {
  if (level === "team") return TEAM_PART;
  return isGroup(level) ? WIDE_PART : PEOPLE_PART;
}

/** How surprising a day must be: so that a team and its people go over it as often as its budget allows. */
export function barOf(node: SeriesNode): number {
  const { pagesPerQuarter } = node.settings;
  const shared = isGroup(node.level) ? 1 : Math.max(1, node.parent?.children("user").size ?? 1);
  return Math.log10((QUARTER_DAYS * shared) / (partOf(node) * pagesPerQuarter));
}

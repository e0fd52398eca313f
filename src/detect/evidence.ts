import type { Calibration } from "./calibration.ts";
import { held, read } from "./readings.ts";
import { BUSY, slotOf } from "./regimes.ts";
import { STEP_MINUTES } from "./rings.ts";
import type { SeriesNode } from "./series-node.ts";
import { FAMILIES, isGroup, QUIET_FAMILY, type Statistic } from "./statistics.ts";

/** What the other families add to the most surprising one. How far the sum goes on ordinary days is learnt, so this only sets what is found best. */
const OTHERS = 0.3;
const QUARTER_DAYS = 91;
/** A team's budget is for it and its people in equal parts. */
const OWN_PART = 0.7;
const RARITY_DAYS = 60;
/** So many of a person's days weigh as much as what their peers do. */
const RARITY_WEIGHT = 20;
const LEAST_SHARE = 0.004;
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
  for (let family = 0; family < FAMILIES; family++) {
    const surprise = most[family] as number;
    if (surprise === 0) continue;
    const one = calibration.familySurprise(node, family, surprise);
    sum += one;
    if (one > largest) largest = one;
  }
  return largest + OTHERS * (sum - largest);
}

/** Of each family the most surprising, into `most`: they say the same in different windows. */
function mostOf(statistics: readonly Statistic[], surpriseAt: (index: number) => Surprise): void {
  most.fill(0);
  for (let index = 0; index < statistics.length; index++) {
    const { surprise, regime } = surpriseAt(index);
    const family = regime === BUSY ? (statistics[index] as Statistic).family : QUIET_FAMILY;
    if (surprise > (most[family] as number)) most[family] = surprise;
  }
}

/** Whether a statistic is looked at in this minute: minutes each minute, hours with each step of five, weeks once an hour. */
function isDue(window: number, minute: number, lookedAt: number): boolean {
  if (window <= 60) return true;
  const step = Math.floor(minute / STEP_MINUTES);
  if (step === lookedAt) return false;
  return window <= 1440 || Math.floor(step / 12) !== Math.floor(lookedAt / 12);
}

/**
 * Notes what the day's statistics of a series have come to, and tells whether together they are so surprising that it has to be judged. Cheap: it is asked
 * of each series that a minute touches. `notes` is false while an incident touches the series: what it adds is not normal.
 */
export function watch(
  node: SeriesNode,
  minute: number,
  calibration: Calibration,
  notes: boolean,
): boolean {
  const { tails, statistics, lookedAt } = node;
  for (let index = 0; index < statistics.length; index++) {
    const statistic = statistics[index] as Statistic;
    if (!isDue(statistic.window, minute, lookedAt)) continue;
    read(node, statistic, minute);
    if (!held.isKnown) {
      tails.setLast(index, 0, BUSY);
      continue;
    }
    const { regime, value } = held;
    const slot = slotOf(index, regime);
    if (HEATS.has(statistic.name)) node.heat = calibration.residual(node, slot, value);
    if (notes) tails.note(slot, value);
    tails.setLast(index, surpriseOf(node, { index, regime, value }, minute, calibration), regime);
  }
  node.lookedAt = Math.floor(minute / STEP_MINUTES);
  const total = totalOf(node, calibration, (index) => {
    last.surprise = tails.last(index);
    last.regime = tails.lastRegime(index);
    return last;
  });
  node.evidence = total;
  if (notes && node.ageDays(minute) >= TEACHES_DAYS) {
    tails.noteTotal(total);
    for (let family = 0; family < FAMILIES; family++) {
      tails.noteFamily(family, most[family] as number);
    }
  }
  if (total < 1) return false;
  return total > calibration.totalAt(node, barOf(node));
}

/** By this statistic children are asked how far they are beyond their usual day: people by what they run at once, groups by their demand. */
const HEATS: ReadonlySet<string> = new Set(["pace_60m", "demand_60m"]);

/** −log10 of the chance that a day of the series holds such a value of one of its statistics. */
export function surpriseOf(
  node: SeriesNode,
  at: { readonly index: number; readonly regime: number; readonly value: number },
  minute: number,
  calibration: Calibration,
): number {
  const { index, regime, value } = at;
  const surprise = calibration.surprise(node, slotOf(index, regime), value);
  return surprise === 0 ? 0 : surprise + rarityOf(node, { index, regime }, minute, calibration);
}

/** −log10 of the chance that a person works at all at such an hour: most never do. As long as a person's days are few, their team's people say it. */
function rarityOf(
  node: SeriesNode,
  { index, regime }: { readonly index: number; readonly regime: number },
  minute: number,
  calibration: Calibration,
): number {
  const { against } = node.statistics[index] as Statistic;
  if ((against !== "past" && against !== "pace") || regime === BUSY) return 0;
  const days = Math.min(node.ageDays(minute), RARITY_DAYS);
  const active = Math.min(days, node.tails.days(slotOf(index, regime)));
  const peers = Math.max(LEAST_SHARE, calibration.shareOfDays(node, index, regime));
  return -Math.log10((active + RARITY_WEIGHT * peers) / (days + RARITY_WEIGHT));
}

/** How surprising a day must be: so that a team and its people go over it as often as its budget allows. */
export function barOf(node: SeriesNode): number {
  const { pagesPerQuarter } = node.settings;
  const shared = isGroup(node.level) ? 1 : Math.max(1, node.parent?.children("user").size ?? 1);
  return Math.log10((QUARTER_DAYS * shared) / (OWN_PART * pagesPerQuarter));
}

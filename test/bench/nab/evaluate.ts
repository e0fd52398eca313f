import { SeriesScorer } from "../../../src/score/series-scorer.ts";
import type { Corpus, LabelledSeries } from "./corpus.ts";
import { nabScore, type NabProfile } from "./nab-score.ts";

export const FOLDS = 3;

/** The scores that `spikewatch score` prints, one array a series. */
export function scoresOf(series: readonly LabelledSeries[]): Float64Array[] {
  return series.map(({ times, values }) => {
    const scorer = new SeriesScorer();
    return Float64Array.from(times, (timeMs, row) => scorer.next(timeMs, values[row] ?? null));
  });
}

/** One profile over all series. */
export function scoreOn(corpus: Corpus, scores: readonly Float64Array[], profile: string): number {
  return nabScore(corpus.series, scores, profileOf(corpus, profile)).score;
}

/**
 * The threshold is NAB's only free setting of a finished detector. Here it is chosen on the other folds, every third series being held out, so that no
 * series has a say in its own.
 */
export function heldOutScores(
  corpus: Corpus,
  scores: readonly Float64Array[],
  profile: string,
): number[] {
  const weights = profileOf(corpus, profile);
  return Array.from({ length: FOLDS }, (_, fold) => {
    const take = <T>(all: readonly T[], held: boolean): T[] =>
      all.filter((_, at) => (at % FOLDS === fold) === held);
    const { threshold } = nabScore(take(corpus.series, false), take(scores, false), weights);
    const cut = take(scores, true).map((one) => one.map((score) => (score >= threshold ? 1 : 0)));
    return atThreshold(take(corpus.series, true), cut, weights);
  });
}

/** The score with every row at 1 an alert and none at 0; may be negative. */
function atThreshold(
  series: readonly LabelledSeries[],
  alerts: readonly Float64Array[],
  profile: NabProfile,
): number {
  return nabScore(series, alerts, profile, 1).score;
}

function profileOf({ profiles }: Corpus, name: string): NabProfile {
  const profile = profiles[name];
  if (profile === undefined) throw new Error(`profiles.json has no profile ${name}`);
  return profile;
}

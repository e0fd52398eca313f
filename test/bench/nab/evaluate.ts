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

/** Every third series, three times: which those are does not depend on any score. */
function fold<T>(all: readonly T[], fold: number, isHeldOut: boolean): T[] {
  return all.filter((_, at) => (at % FOLDS === fold) === isHeldOut);
}

/** The folds' scores with the threshold chosen on the two others, so that no series has a say in its own; may be negative. */
export function heldOutScores(
  corpus: Corpus,
  scores: readonly Float64Array[],
  profile: string,
): number[] {
  const weights = profileOf(corpus, profile);
  return Array.from({ length: FOLDS }, (_, one) => {
    const { series } = corpus;
    const others = nabScore(fold(series, one, false), fold(scores, one, false), weights);
    const held = nabScore(
      fold(series, one, true),
      fold(scores, one, true),
      weights,
      others.threshold,
    );
    return held.score;
  });
}

/** The folds' scores at one threshold for all. */
export function foldScoresAt(
  corpus: Corpus,
  scores: readonly Float64Array[],
  { profile, threshold }: { readonly profile: string; readonly threshold: number },
): number[] {
  const weights = profileOf(corpus, profile);
  return Array.from({ length: FOLDS }, (_, one) => {
    const [series, of] = [fold(corpus.series, one, true), fold(scores, one, true)];
    return nabScore(series, of, weights, threshold).score;
  });
}

function profileOf({ profiles }: Corpus, name: string): NabProfile {
  const profile = profiles[name];
  if (profile === undefined) throw new Error(`profiles.json has no profile ${name}`);
  return profile;
}

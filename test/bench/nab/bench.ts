import { env } from "node:process";
import { SeriesScorer } from "../../../src/score/series-scorer.ts";
import type { Bench } from "../harness.ts";
import { PROFILES } from "./board.ts";
import { CORPUS_VARIABLE, readCorpus, SAMPLES } from "./corpus.ts";
import { scoreOn } from "./evaluate.ts";

/**
 * What does a value of any series cost `spikewatch score`, beside a mean and a deviation over the last 6,400 values, and what does NAB say of both? The
 * corpus is the folder that SPIKEWATCH_NAB names, else the three samples. `npx tsx test/bench/nab/report.ts` prints the whole comparison.
 */
export const scoreBench: Bench = {
  name: "score",
  question: "a value of a series scored (corpus: SPIKEWATCH_NAB, else three samples)",
  unit: "value",
  peer: "windowed Gaussian",
  variants: {
    spikewatch: () => Promise.resolve(workOf(() => new SeriesScorer())),
    peer: () => Promise.resolve(workOf(() => new WindowedGaussian())),
  },
};

interface Scorer {
  next(timeMs: number, value: number | null): number;
}

function workOf(make: () => Scorer) {
  const corpus = readCorpus(env[CORPUS_VARIABLE] ?? SAMPLES);
  let scores: Float64Array[] = [];
  return {
    isLong: true,
    pass: () => {
      scores = corpus.series.map(({ times, values }) => {
        const scorer = make();
        return Float64Array.from(times, (timeMs, row) => scorer.next(timeMs, values[row] ?? null));
      });
      return scores.reduce((sum, { length }) => sum + length, 0);
    },
    notes: () =>
      Object.fromEntries(
        PROFILES.map(([short, profile]) => [`NAB ${short}`, scoreOn(corpus, scores, profile)]),
      ),
  };
}

/** How many deviations a value is from the mean of the last 6,400. */
class WindowedGaussian {
  readonly #values = new Float64Array(6_400);
  #seen = 0;
  #sum = 0;
  #squares = 0;

  next(_timeMs: number, value: number | null): number {
    if (value === null) return 0;
    const count = Math.min(this.#seen, this.#values.length);
    const mean = this.#sum / Math.max(1, count);
    const deviation = Math.sqrt(Math.max(1e-12, this.#squares / Math.max(1, count) - mean * mean));
    const at = this.#seen++ % this.#values.length;
    const old = this.#values[at] ?? 0;
    this.#values[at] = value;
    this.#sum += value - old;
    this.#squares += value * value - old * old;
    return count < 2 ? 0 : Math.abs(value - mean) / deviation;
  }
}

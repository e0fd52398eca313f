import { describe, expect, it } from "@jest/globals";
import { ALERT_SCORE } from "../../../src/score/series-scorer.ts";
import { readCorpus, SAMPLES } from "./corpus.ts";
import { foldScoresAt, scoreOn, scoresOf } from "./evaluate.ts";
import { probationOf } from "./nab-score.ts";

describe("the series detector on the samples", () => {
  const corpus = readCorpus(SAMPLES);
  const scores = scoresOf(corpus.series);

  it("finds the day that jumps up, once, and nothing else in that series", () => {
    const at = corpus.series.findIndex(({ name }) => name.includes("jumpsup"));
    const { rows, windows } = corpus.series[at]!;

    const alerts = [...scores[at]!.entries()].filter(
      ([row, score]) => row >= probationOf(rows) && score >= ALERT_SCORE,
    );

    expect(alerts.length).toBeGreaterThanOrEqual(1);
    expect(alerts.every(([row]) => row >= windows[0]![0] && row <= windows[0]![1])).toBe(true);
  });

  it("scores the same at a threshold that is given, fold by fold", () => {
    const options = { profile: "standard", threshold: ALERT_SCORE };

    const folds = foldScoresAt(corpus, scores, options);

    expect(folds).toHaveLength(3);
    expect(scoreOn(corpus, scores, "standard")).toBeGreaterThan(0);
  });
});

/**
 * How does `spikewatch score` do on the Numenta Anomaly Benchmark, beside the published board?
 *
 *   npx tsx test/bench/nab/report.ts [--corpus FOLDER]        (or SPIKEWATCH_NAB=FOLDER; without either the three samples)
 *
 * FOLDER has NAB's layout, `labels/` included, with all or some of its series.
 */
import { cpuUsage, env, stdout } from "node:process";
import { parseArgs } from "node:util";
import { PROFILES, PUBLISHED } from "./board.ts";
import { CORPUS_VARIABLE, readCorpus, SAMPLES } from "./corpus.ts";
import { ALERT_SCORE } from "../../../src/score/series-scorer.ts";
import { foldScoresAt, heldOutScores, scoreOn, scoresOf } from "./evaluate.ts";

const { values: flags } = parseArgs({ options: { corpus: { type: "string" } } });
const corpus = readCorpus(flags.corpus ?? env[CORPUS_VARIABLE] ?? SAMPLES);

const before = cpuUsage();
const scores = scoresOf(corpus.series);
const { user, system } = cpuUsage(before);
const rows = corpus.series.reduce((sum, one) => sum + one.rows, 0);
const windows = corpus.series.reduce((sum, one) => sum + one.windows.length, 0);
const oracle = corpus.series.map(({ rows, instants }) => {
  const alerts = new Float64Array(rows);
  for (const row of instants) alerts[row] = 1;
  return alerts;
});

const ours = PROFILES.map(([, profile]) => scoreOn(corpus, scores, profile));
const board = [
  ["**spikewatch score**, on this corpus", ...ours] as const,
  [
    "an alert at every labelled instant, on this corpus",
    ...PROFILES.map(([, one]) => scoreOn(corpus, oracle, one)),
  ] as const,
  ...PUBLISHED,
];
stdout.write(`${corpus.series.length} series, ${rows} rows, ${windows} windows\n\n`);
stdout.write(
  `| detector | ${PROFILES.map(([short]) => short).join(" | ")} |\n| --- | ---: | ---: | ---: |\n`,
);
for (const [name, ...of] of board) {
  stdout.write(`| ${name} | ${of.map((one) => one.toFixed(1)).join(" | ")} |\n`);
}
stdout.write(
  "\nThe published scores are over all 58 series, ours over those of this corpus; several of them are given the minimum, the maximum or the length of\n" +
    "the whole file, ours nothing but the rows before. The threshold is the best for the profile, as NAB does it.\n\n",
);
const mean = (folds: readonly number[]): string => {
  const said = folds.map((one) => one.toFixed(1)).join(", ");
  return `${said}; mean ${(folds.reduce((sum, one) => sum + one, 0) / folds.length).toFixed(1)}`;
};
for (const [short, profile] of PROFILES) {
  const shipped = foldScoresAt(corpus, scores, { profile, threshold: ALERT_SCORE });
  const held = heldOutScores(corpus, scores, profile);
  stdout.write(
    `${short}, three folds: at the shipped alert score ${ALERT_SCORE}: ${mean(shipped)}\n`,
  );
  stdout.write(`${short}, three folds: threshold from the other two: ${mean(held)}\n`);
}
const us = (user + system) / rows;
stdout.write(`\n${us.toFixed(0)} µs a value, ${(1e6 / us).toFixed(0)} rows a CPU second\n`);

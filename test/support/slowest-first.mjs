// Long files first: with two at a time, one that began last would run alone at the end. In a fresh clone jest knows no durations and goes by file size.
import sequencer from "@jest/test-sequencer";

/** By the end of their paths; seconds in the gate, on two cores. */
const SLOW = [
  ["million/million-kafka", 200],
  ["chaos/workers", 160],
  ["million/million-replay", 155],
  ["chaos/kafka", 120],
  ["chaos/store", 110],
  ["detect/spend-detector", 100],
  ["store/folder", 95],
  ["store/fold-kills", 75],
  ["chaos/mutants", 55],
  ["detect/spend-detector-edges", 50],
  ["acceptance/standby", 50],
  ["bench/run", 45],
  ["commands/backtest-store", 40],
];

function seconds({ path }) {
  return SLOW.find(([end]) => path.endsWith(`/${end}.test.ts`))?.[1] ?? 0;
}

const Sequencer = sequencer.default ?? sequencer;

export default class SlowestFirst extends Sequencer {
  sort(tests) {
    return super.sort(tests).sort((a, b) => seconds(b) - seconds(a));
  }
}

import type { Verdict } from "./detector.ts";
import { expectWindow } from "./expectation.ts";
import { BUSY } from "./regimes.ts";
import type { SeriesNode } from "./series-node.ts";

/** What a rule found: how far its evidence goes, in its own measure, and what that must pass. */
type Found = Pick<Verdict, "kind" | "severity" | "statistic" | "score" | "bar"> & {
  readonly window: number;
};

/** The verdict of a rule by structure: it has decided, and the dollars are those of its window. */
export function ruleVerdict(node: SeriesNode, minute: number, found: Found): Verdict {
  const { window, kind, severity, statistic, score, bar } = found;
  const expected = expectWindow(node, minute, window);
  const actualUsd = node.usd(minute, window);
  return {
    kind,
    severity,
    statistic,
    factor: kind === "waste" ? "requests_per_active_user" : "dollars",
    windowMinutes: window,
    basis: "profile",
    actualUsd,
    expected,
    expectedUsd: expected.usd,
    excessUsd: actualUsd - expected.usd,
    score,
    bar,
    regime: BUSY,
    fires: true,
  };
}

import type { Outcome } from "./scenario.ts";

export interface Row {
  readonly name: string;
  readonly fault: string;
  /** Why it could not be played to its end, where it is a text. */
  readonly outcome: Outcome | string;
}

const HEAD = ["fault", "runs", "events", "lost", "double", "recovery p50 / max"];

/** The results as a Markdown table. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(({ name, fault, outcome }) => {
    const title = `${name}: ${fault}`;
    if (typeof outcome === "string") return [title, "FAILED", "", "", "", ""];
    const { runs, verdict, recoveriesMs } = outcome;
    const isExact = verdict.differences.length === 0;
    return [
      isExact ? title : `${title} (NOT EXACT)`,
      String(runs),
      verdict.records.toLocaleString("en"),
      String(verdict.lost),
      String(verdict.double),
      `${seconds(quantile(recoveriesMs, 0.5))} / ${seconds(quantile(recoveriesMs, 1))}`,
    ];
  });
  return [HEAD, HEAD.map(() => "---"), ...lines]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/** The smallest value that at least this share of them does not exceed; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

function seconds(ms: number): string {
  return Number.isNaN(ms) ? "–" : `${(ms / 1000).toFixed(1)} s`;
}

import type { Incident } from "../detect/incident.ts";
import type { BacktestRun, BacktestScale, FileCounts } from "./backtest-run.ts";
import { unfinishedText } from "./replay-summary.ts";

/** What a backtest found. */
export interface BacktestResult {
  /** One, or with `--compare` two. */
  readonly runs: readonly BacktestRun[];
  readonly scale: BacktestScale;
  /** Of a file; null: it came from ClickHouse. */
  readonly file: FileCounts | null;
  /** Rows of ClickHouse that were judged, history before `--since` among them; null: it came from a file. */
  readonly rows: number | null;
}

/** One incident as a line of the output: field names and times as analysts read them. A contract: fields are only ever added. */
export function lineOf(incident: Incident): Record<string, unknown> {
  return {
    incident_id: incident.id,
    kind: incident.kind,
    severity: incident.severity,
    scope: incident.scope,
    opened_at: iso(incident.openedAtMs),
    paged_at: iso(incident.pagedAtMs),
    resolved_at: iso(incident.resolvedAtMs),
    expected_usd: round(incident.expectedUsd),
    actual_usd: round(incident.actualUsd),
    excess_usd: round(incident.excessUsd),
    contributors: incident.contributors.map((one) => ({
      dimension: one.dimension,
      value: one.value,
      share: round(one.share),
      actual_usd: round(one.actualUsd),
      expected_usd: round(one.expectedUsd),
    })),
  };
}

/** The summary as one object; `more` is added to it. */
export function summaryJson(result: BacktestResult, more: Record<string, unknown> = {}): string {
  const { runs, scale, file, rows } = result;
  const counts = count(runs[0]?.incidents ?? []);
  const summary =
    file === null
      ? {
          rows,
          since: iso(scale.span?.fromMs ?? null),
          until: iso(scale.span?.toMs ?? null),
          ...counts,
        }
      : {
          records: file.records,
          accepted: file.accepted,
          rejected: file.rejected,
          ...counts,
          unfinished_bytes: file.unfinishedBytes,
        };
  return `${JSON.stringify({ ...summary, ...more })}\n`;
}

/** The summary in a sentence. `out` is where the incidents went, null: nowhere. */
export function summaryText(result: BacktestResult, out: string | null): string {
  const { runs, scale, file, rows } = result;
  const { pages, tickets } = count(runs[0]?.incidents ?? []);
  const span =
    scale.span === null
      ? "nothing stored"
      : `${iso(scale.span.fromMs) ?? ""} to ${iso(scale.span.toMs) ?? ""}`;
  const judged =
    file === null
      ? `${rows ?? 0} rows of usage judged (${span})`
      : `${file.accepted} events judged (${file.rejected} rejected)`;
  const where = out === null ? "" : ` → ${out}`;
  const lines = [
    `${judged}: ${pages} pages, ${tickets} tickets${where}`,
    ...(file !== null && file.unfinishedBytes > 0
      ? [`${unfinishedText(file.unfinishedBytes)}: not judged`]
      : []),
  ];
  return `${lines.join("\n")}\n`;
}

export function count(incidents: readonly Incident[]): { pages: number; tickets: number } {
  const pages = incidents.filter(({ severity }) => severity === "page").length;
  return { pages, tickets: incidents.length - pages };
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

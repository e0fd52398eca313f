import type { Pipeline } from "../config/pipeline.ts";
import type { Incident } from "../detect/incident.ts";
import { usesOfPanes } from "../detect/pane-uses.ts";
import type { PaneUse } from "../detect/series-tree.ts";
import type { DetectionSettings } from "../detect/settings.ts";
import { SpendDetector } from "../detect/spend-detector.ts";
import { createIngest } from "../ingest.ts";
import { AppError } from "../runtime/errors.ts";
import type { MinuteSpan, UseHistory } from "../store/use-history.ts";
import { Metrics } from "../telemetry/metrics.ts";
import { HISTORY_MS } from "../workers/detect-history.ts";
import { DiscardStore } from "../workers/discard-store.ts";
import type { CommandContext } from "./command.ts";
import { openInput } from "./input-source.ts";
import { untilDone } from "./until-done.ts";

/** A flush by time would make the result depend on how fast the machine is: backtests cut by rows alone. */
const NEVER_MS = 3_600_000;
const HISTORY_MINUTES = HISTORY_MS / 60_000;

/** What one pipeline's settings made of the stream. */
export interface BacktestRun {
  /** The pipeline file, as it was given. */
  readonly file: string;
  readonly settings: DetectionSettings;
  /** In the order in which they opened. */
  readonly incidents: readonly Incident[];
}

/** What was judged. */
export interface BacktestScale {
  /** Event time of the first and the last minute told of, ms; null where nothing was. */
  readonly span: { readonly fromMs: number; readonly toMs: number } | null;
  readonly teams: number;
  readonly usd: number;
}

/** Of a file or stdin: what became of its events. */
export interface FileCounts {
  readonly records: number;
  readonly accepted: number;
  readonly rejected: number;
  /** Bytes of a last line that is not whole: not judged. */
  readonly unfinishedBytes: number;
}

/** Settings side by side on one stream. Each has a detector of its own; the stream is read once. */
export class Contest {
  readonly #contenders: readonly {
    readonly file: string;
    readonly settings: DetectionSettings;
    readonly detector: SpendDetector;
    readonly incidents: Map<string, Incident>;
  }[];
  readonly #sinceMinute: number;
  readonly #teams = new Set<string>();
  #firstMinute = Infinity;
  #lastMinute = -Infinity;
  #usd = 0;

  /** Incidents that open before `sinceMinute` are part of the past: they mask what they added, and nobody is told of them. */
  constructor(
    pipelines: readonly { readonly file: string; readonly pipeline: Pipeline }[],
    sinceMinute = -Infinity,
  ) {
    this.#sinceMinute = sinceMinute;
    this.#contenders = pipelines.map(({ file, pipeline }) => ({
      file,
      settings: pipeline.detection,
      detector: new SpendDetector(pipeline.detection),
      incidents: new Map(),
    }));
  }

  observe(uses: readonly PaneUse[], newestMs: number): void {
    for (const use of uses) this.#measure(use);
    for (const { detector, incidents } of this.#contenders) {
      for (const { incident } of detector.observe(uses, newestMs)) {
        if (incident.openedAtMs < this.#sinceMinute * 60_000) continue;
        incidents.set(incident.id, incident);
      }
    }
  }

  get runs(): BacktestRun[] {
    return this.#contenders.map(({ file, settings, incidents }) => ({
      file,
      settings,
      incidents: [...incidents.values()],
    }));
  }

  get scale(): BacktestScale {
    const fromMs = this.#firstMinute * 60_000;
    const toMs = (this.#lastMinute + 1) * 60_000;
    const span = this.#firstMinute === Infinity ? null : { fromMs, toMs };
    return { span, teams: this.#teams.size, usd: this.#usd };
  }

  #measure({ minute, team, usd }: PaneUse): void {
    if (minute < this.#sinceMinute) return;
    this.#firstMinute = Math.min(this.#firstMinute, minute);
    this.#lastMinute = Math.max(this.#lastMinute, minute);
    this.#teams.add(team);
    this.#usd += usd;
  }
}

/** Plays a file or stdin, read as `pipeline` says. Throws AppError `input` when it is interrupted. */
export async function playFile(
  contest: Contest,
  { input, pipeline }: { readonly input: string; readonly pipeline: Pipeline },
  context: CommandContext,
): Promise<FileCounts> {
  const unhurried = { ...pipeline, flush: { ...pipeline.flush, everyMs: NEVER_MS } };
  const store = new DiscardStore();
  const { source } = await openInput({ input, stdin: context.stdin, pipeline: unhurried }, store);
  const ingest = createIngest({
    pipeline: unhurried,
    source,
    store,
    clock: context.clock,
    logger: context.logger,
    metrics: new Metrics(),
    onStored: (panes, { maxEventMs }) => contest.observe(usesOfPanes(panes), maxEventMs),
  });
  if (!(await untilDone(ingest, context.signal))) throw interrupted();
  const { records, accepted, rejected } = ingest.totals;
  return { records, accepted, rejected, unfinishedBytes: source.unfinished ?? 0 };
}

/** What to take from ClickHouse: the minutes told of, and before them as much as a detector that starts live reads back. */
export function historyOf(stored: MinuteSpan, asked: Partial<MinuteSpan>): MinuteSpan {
  const from = Math.max(stored.from, (asked.from ?? stored.from) - HISTORY_MINUTES);
  return { from, to: Math.min(stored.to, asked.to ?? stored.to) };
}

/** Plays what ClickHouse has counted, minute by minute. Gives the rows read. Throws AppError `input` when it is interrupted. */
export async function playStore(
  contest: Contest,
  { history, span }: { readonly history: UseHistory; readonly span: MinuteSpan },
  { signal }: Pick<CommandContext, "signal">,
): Promise<number> {
  let rows = 0;
  for await (const uses of history.uses(span)) {
    if (signal.aborted) throw interrupted();
    rows += uses.length;
    contest.observe(uses, (uses.at(-1)?.minute ?? 0) * 60_000 + 59_999);
  }
  return rows;
}

function interrupted(): AppError {
  return new AppError("interrupted before the end, so nothing is written: run it again", {
    code: "input",
  });
}

import { loadPipeline } from "../config/load.ts";
import type { Pipeline } from "../config/pipeline.ts";
import { createIngest } from "../ingest.ts";
import { DeadLetterSource } from "../source/dead-letter-source.ts";
import { MAX_PLACES, replayTopic, type DeadLetterFilter } from "../store/dead-letter-queries.ts";
import type {
  DeadLetterCount,
  DeadLetterStore,
  ReplayedRecord,
  Selection,
} from "../store/dead-letter-store.ts";
import { openStore, type OpenStore } from "../store/open-store.ts";
import type { PaneStore } from "../store/store.ts";
import { Metrics } from "../telemetry/metrics.ts";
import { DiscardStore } from "../workers/discard-store.ts";
import type { CommandContext } from "./command.ts";
import { pipelinePath, settingsFor } from "./flags.ts";
import { ProgressLine } from "./progress-line.ts";
import { readLetters } from "./topic-letters.ts";
import { untilDone } from "./until-done.ts";

export interface ReplayRequest {
  readonly pipeline: string | undefined;
  readonly reason?: string;
  readonly topic?: string;
  /** Only events that the pipeline's dead-letter topic holds. */
  readonly fromTopic: boolean;
  readonly dryRun: boolean;
  readonly data: string | undefined;
  readonly json: boolean;
}

/** So many are selected at once: the selection is one insert. */
const MAX_EVENTS = 1_000_000;

/** What was read again, in this run. */
interface Replayed {
  /** Interrupted selections that were gone on with. */
  resumed: number;
  read: number;
  good: number;
  duplicates: number;
  ignored: number;
  readonly bad: Map<string, number>;
  finished: boolean;
}

/** Reads rejected events again and counts those that are good now. Gives the exit code. */
export async function replayDeadLetters(
  request: ReplayRequest,
  context: CommandContext,
): Promise<number> {
  const loaded = loadPipeline(pipelinePath(request.pipeline));
  // That many of them are bad is known already: no reason to stop.
  const pipeline = { ...loaded, limits: { ...loaded.limits, rejectShare: 1 } };
  const settings = settingsFor(context.settings, request.data);
  const mode = request.dryRun ? "read" : "attach";
  const store = await openStore({ settings, logger: context.logger, mode });
  try {
    const kept = await store.deadLetters();
    const filter = filterOf(request, pipeline);
    const replay = new Replay({ pipeline, kept, store, context });
    if (!request.dryRun) await replay.resume();
    for (const one of await selections(request, filter, { pipeline, context })) {
      if (request.dryRun) await replay.tryOut(one);
      else await replay.run(one);
    }
    const report = { ...replay.replayed, left: await kept.counts(filter), dryRun: request.dryRun };
    const text = request.json ? reportJson(report) : reportText(report, replay.others);
    context.stdout.write(`${text}\n`);
    return report.finished ? 0 : 1;
  } finally {
    await store.close();
  }
}

function filterOf({ reason, topic }: ReplayRequest, { source }: Pipeline): DeadLetterFilter {
  const own = { topics: source.kafka?.topics ?? [], files: true };
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(topic === undefined ? own : { topics: [topic] }),
  };
}

/** One selection of all that is open; or several of what the topic holds as well, since the places of each stand in its text. */
async function selections(
  { fromTopic, topic }: ReplayRequest,
  filter: DeadLetterFilter,
  { pipeline, context }: { readonly pipeline: Pipeline; readonly context: CommandContext },
): Promise<DeadLetterFilter[]> {
  if (!fromTopic) return [filter];
  const asked = topic === undefined ? { limit: 0 } : { limit: 0, topic };
  const places = (await readLetters(pipeline, asked, context)).places();
  return Array.from({ length: Math.ceil(places.length / MAX_PLACES) }, (_, index) => ({
    ...filter,
    places: places.slice(index * MAX_PLACES, (index + 1) * MAX_PLACES),
  }));
}

class Replay {
  readonly replayed: Replayed = {
    resumed: 0,
    read: 0,
    good: 0,
    duplicates: 0,
    ignored: 0,
    bad: new Map(),
    finished: true,
  };
  /** Pipelines that left a selection behind. */
  readonly others = new Set<string>();
  readonly #parts: {
    readonly pipeline: Pipeline;
    readonly kept: DeadLetterStore;
    readonly store: OpenStore;
    readonly context: CommandContext;
  };

  constructor(parts: {
    readonly pipeline: Pipeline;
    readonly kept: DeadLetterStore;
    readonly store: OpenStore;
    readonly context: CommandContext;
  }) {
    this.#parts = parts;
  }

  /** What an earlier run left, as it was selected then: before anything new. */
  async resume(): Promise<void> {
    const { pipeline, kept } = this.#parts;
    for (const left of await kept.unfinished()) {
      if (left.pipeline !== pipeline.name) this.others.add(left.pipeline);
      else if (this.replayed.finished) {
        this.replayed.resumed++;
        await this.#count(left);
      }
    }
  }

  /** A new selection. */
  async run(filter: DeadLetterFilter): Promise<void> {
    if (!this.replayed.finished) return;
    const { pipeline, kept, context } = this.#parts;
    const { signal } = context;
    const selected = await kept.select(pipeline.name, filter, { limit: MAX_EVENTS, signal });
    if (selected !== null) await this.#count(selected);
  }

  async #count({ replay, events }: Selection): Promise<void> {
    const { kept, store } = this.#parts;
    const read = (from: number, signal: AbortSignal): Promise<ReplayedRecord[]> =>
      kept.read(replay, from, signal);
    const source = new DeadLetterSource({ topic: replayTopic(replay), events, read });
    await this.#ingest(source, store.paneStore());
  }

  /** The same without a selection, into nothing. */
  async tryOut(filter: DeadLetterFilter): Promise<void> {
    const { kept } = this.#parts;
    const records = kept.replayable(filter, MAX_EVENTS);
    const read = async (): Promise<ReplayedRecord[]> => {
      const next = await records.next();
      return next.done === true ? [] : next.value;
    };
    const source = new DeadLetterSource({ topic: "dead-letter:dry-run", events: -1, read });
    await this.#ingest(source, new DiscardStore());
  }

  async #ingest(source: DeadLetterSource, store: PaneStore): Promise<void> {
    const { pipeline, context } = this.#parts;
    const { clock, logger, stderr, signal } = context;
    const ingest = createIngest({
      pipeline,
      source,
      store,
      clock,
      logger,
      metrics: new Metrics(),
    });
    const progress = new ProgressLine({ clock, output: stderr });
    progress.start(
      () => `dead-letter replay: ${ingest.totals.records.toLocaleString("en-US")} events read`,
    );
    try {
      this.replayed.finished = await untilDone(ingest, signal);
    } finally {
      await progress.stop();
    }
    const { totals } = ingest;
    this.replayed.read += totals.records;
    this.replayed.good += totals.accepted;
    this.replayed.duplicates += totals.duplicates;
    this.replayed.ignored += totals.ignored;
    const { bad } = this.replayed;
    for (const [reason, count] of totals.rejectedByReason) {
      if (count > 0) bad.set(reason, (bad.get(reason) ?? 0) + count);
    }
  }
}

type Report = Replayed & { readonly left: readonly DeadLetterCount[]; readonly dryRun: boolean };

function sumOf(left: readonly DeadLetterCount[], pick: (one: DeadLetterCount) => number): number {
  return left.reduce((sum, one) => sum + pick(one), 0);
}

function reportJson(report: Report): string {
  const { left, dryRun, bad, ...counts } = report;
  return JSON.stringify({
    ...counts,
    still_bad: Object.fromEntries(bad),
    dry_run: dryRun,
    left: sumOf(left, ({ events }) => events),
    cut: sumOf(left, ({ cut }) => cut),
  });
}

function reportText(report: Report, others: ReadonlySet<string>): string {
  const { read, good, duplicates, ignored, bad, resumed, finished, dryRun, left } = report;
  const grouped = (count: number): string => count.toLocaleString("en-US");
  const row = (label: string, count: number): string => `  ${label.padEnd(30)} ${grouped(count)}`;
  const stillBad = [...bad.values()].reduce((sum, count) => sum + count, 0);
  const cut = sumOf(left, (one) => one.cut);
  const lines = [headline(report)];
  if (resumed > 0) lines.push("  with what an interrupted replay had left");
  if (read > 0) {
    lines.push(
      row(dryRun ? "would be good" : "good now, counted", good),
      row("still bad", stillBad),
      ...[...bad].map(([reason, count]) => row(`  ${reason}`, count)),
      ...(duplicates > 0 ? [row("duplicates within the replay", duplicates)] : []),
      ...(ignored > 0 ? [row("no usage, ignored", ignored)] : []),
    );
  }
  if (cut > 0) lines.push(row("kept only in part, not replayed", cut));
  for (const name of others) {
    lines.push(`  pipeline ${name} left a replay unfinished: run it with that pipeline to go on`);
  }
  if (!finished) lines.push("  what is stored counts once; run the same command to go on");
  return lines.join("\n");
}

function headline({ read, dryRun, finished }: Report): string {
  if (!finished) return "dead-letter replay: interrupted";
  if (read === 0) return "dead-letter replay: nothing to replay";
  return `dead-letter replay: ${read.toLocaleString("en-US")} read again${dryRun ? ", nothing changed" : ""}`;
}

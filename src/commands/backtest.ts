import { existsSync } from "node:fs";
import { open, rm, type FileHandle } from "node:fs/promises";
import { loadPipeline } from "../config/load.ts";
import type { Incident } from "../detect/incident.ts";
import { SpendDetector } from "../detect/spend-detector.ts";
import { usesOfPanes } from "../detect/pane-uses.ts";
import { createIngest } from "../ingest.ts";
import { AppError, messageOf } from "../runtime/errors.ts";
import { Metrics } from "../telemetry/metrics.ts";
import { DiscardStore } from "../workers/discard-store.ts";
import type { Command, CommandContext } from "./command.ts";
import { misuse, parseFlags, pipelinePath, required } from "./flags.ts";
import { openInput, requireInput } from "./input-source.ts";
import { unfinishedText } from "./replay-summary.ts";
import { untilDone } from "./until-done.ts";

const help = `spikewatch backtest: what would have been paged, when, at what cost

Runs detection over recorded events in event time, at full speed, with the code that runs live. Stores nothing.

Usage: spikewatch backtest --input FILE|- --incidents OUT.ndjson [--pipeline FILE] [--json]

  --input FILE      NDJSON events, oldest first; - reads stdin
  --incidents FILE  one line an incident; - writes to stdout
  --pipeline FILE   how to read them, and the detection settings (default pipelines/canonical-json.yaml)
  --json            the summary as one JSON object

Example: spikewatch backtest --input usage.ndjson --incidents incidents.ndjson
`;

/** A flush by time would make the result depend on how fast the machine is: backtests cut by rows alone. */
const NEVER_MS = 3_600_000;

export const backtestCommand: Command = {
  name: "backtest",
  summary: "run detection over recorded events and list what would have been paged",
  help,
  async run(argv, context) {
    const flags = parseFlags(argv, {
      input: { type: "string" },
      pipeline: { type: "string" },
      incidents: { type: "string" },
      json: { type: "boolean" },
    });
    const input = required(flags.input, "--input", "usage.ndjson");
    const out = required(flags.incidents, "--incidents", "incidents.ndjson");
    await requireInput(input);
    const from = { input, pipeline: pipelinePath(flags.pipeline) };
    const result = await withOutput(out, context, async (write) => {
      const found = await backtest(from, context);
      await write(found.incidents.map((one) => JSON.stringify(lineOf(one)) + "\n").join(""));
      return found;
    });
    const answer = out === "-" ? context.stderr : context.stdout;
    answer.write(flags.json === true ? summaryJson(result) : summaryText(result, out));
    return 0;
  },
};

interface BacktestResult {
  readonly incidents: readonly Incident[];
  readonly records: number;
  readonly accepted: number;
  readonly rejected: number;
  /** Bytes of a last line that is not whole: not judged. */
  readonly unfinishedBytes: number;
}

function summaryJson({ incidents, unfinishedBytes, ...counts }: BacktestResult): string {
  const summary = { ...counts, ...count(incidents), unfinished_bytes: unfinishedBytes };
  return `${JSON.stringify(summary)}\n`;
}

function summaryText(result: BacktestResult, out: string): string {
  const { incidents, accepted, rejected, unfinishedBytes } = result;
  const { pages, tickets } = count(incidents);
  const lines = [
    `${accepted} events judged (${rejected} rejected): ${pages} pages, ${tickets} tickets → ${out}`,
    ...(unfinishedBytes > 0 ? [`${unfinishedText(unfinishedBytes)}: not judged`] : []),
  ];
  return `${lines.join("\n")}\n`;
}

async function backtest(
  from: { readonly input: string; readonly pipeline: string },
  context: CommandContext,
): Promise<BacktestResult> {
  const read = loadPipeline(from.pipeline);
  const pipeline = { ...read, flush: { ...read.flush, everyMs: NEVER_MS } };
  const store = new DiscardStore();
  const detector = new SpendDetector(pipeline.detection);
  const incidents = new Map<string, Incident>();
  const { source } = await openInput({ input: from.input, stdin: context.stdin, pipeline }, store);
  const ingest = createIngest({
    pipeline,
    source,
    store,
    clock: context.clock,
    logger: context.logger,
    metrics: new Metrics(),
    onStored: (panes, { maxEventMs }) => {
      for (const { incident } of detector.observe(usesOfPanes(panes), maxEventMs)) {
        incidents.set(incident.id, incident);
      }
    },
  });
  if (!(await untilDone(ingest, context.signal))) {
    throw new AppError("interrupted before the end, so nothing is written: run it again", {
      code: "input",
    });
  }
  const { records, accepted, rejected } = ingest.totals;
  const unfinishedBytes = source.unfinished ?? 0;
  return { incidents: [...incidents.values()], records, accepted, rejected, unfinishedBytes };
}

/** One incident as a line of the output: field names and times as analysts read them. */
function lineOf(incident: Incident): Record<string, unknown> {
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

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

function count(incidents: readonly Incident[]): { pages: number; tickets: number } {
  const pages = incidents.filter(({ severity }) => severity === "page").length;
  return { pages, tickets: incidents.length - pages };
}

/** Opens what `--incidents` names before the work and not after: a long run must not end with nowhere to write to. */
async function withOutput<T>(
  path: string,
  { stdout }: CommandContext,
  work: (write: (text: string) => Promise<void>) => Promise<T>,
): Promise<T> {
  if (path === "-") {
    return work((text) => {
      stdout.write(text);
      return Promise.resolve();
    });
  }
  const isNew = !existsSync(path);
  const file = await openForWriting(path);
  try {
    return await work(async (text) => {
      // What was there stays until now; a pipe or a device cannot be cut and need not be.
      if ((await file.stat()).isFile()) await file.truncate();
      await file.writeFile(text).catch((cause: unknown) => {
        throw new AppError(`cannot write ${path}: ${messageOf(cause)}`, { code: "input", cause });
      });
    });
  } catch (error) {
    if (isNew) await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

async function openForWriting(path: string): Promise<FileHandle> {
  try {
    return await open(path, "a");
  } catch (error) {
    throw misuse(
      `cannot write ${path}: ${messageOf(error)}; name another file with --incidents`,
      error,
    );
  }
}

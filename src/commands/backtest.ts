import { loadPipeline } from "../config/load.ts";
import type { Pipeline } from "../config/pipeline.ts";
import { AppError } from "../runtime/errors.ts";
import { openStore } from "../store/open-store.ts";
import type { MinuteSpan } from "../store/use-history.ts";
import { compareRuns, comparisonJson, comparisonText } from "./backtest-compare.ts";
import { reportHtml } from "./backtest-html.ts";
import { lineOf, summaryJson, summaryText, type BacktestResult } from "./backtest-report.ts";
import { Contest, historyOf, playFile, playStore } from "./backtest-run.ts";
import type { Command, CommandContext } from "./command.ts";
import { misuse, parseFlags, pipelinePath, required, settingsFor } from "./flags.ts";
import { requireInput } from "./input-source.ts";
import { withOutput, type WriteOutput } from "./output-file.ts";
import { timeOf } from "./time-flag.ts";

const help = `spikewatch backtest: what would have been paged, when, at what cost

Runs detection over recorded events, or over what ClickHouse has counted, in event time, at full speed, with the code that runs live. Stores nothing.

Usage: spikewatch backtest (--input FILE|- | --from-store [--data DIR] [--since TIME] [--until TIME]) [--incidents OUT.ndjson]
                           [--pipeline FILE] [--compare FILE] [--html REPORT.html] [--json]

  --input FILE      NDJSON events, oldest first; - reads stdin
  --from-store      what ClickHouse has counted, minute by minute, instead of events. Works also while \`run\` counts
  --data DIR        data directory to use instead of SPIKEWATCH_CLICKHOUSE_URL or SPIKEWATCH_DATA_DIR (default .spikewatch)
  --since, --until TIME
                    tell only of incidents that open from then on, judge only up to then, like 2026-11-01T00:00Z; the five weeks before
                    --since are judged as well, so that what is normal is known by then
  --incidents FILE  one line an incident; - writes to stdout. May be left out with --compare or --html
  --pipeline FILE   how to read events, and the detection settings (default pipelines/canonical-json.yaml)
  --compare FILE    another pipeline: its detection settings see the same stream beside the first ones. Prints pages and tickets by kind and
                    team, and which incidents only one of them has; --incidents stays with the first
  --html FILE       a report to look at: settings, incidents, for each a chart of actual against expected, who and why. One file, no network
  --json            the summary as one JSON object

Examples:
  spikewatch backtest --input usage.ndjson --incidents incidents.ndjson
  spikewatch backtest --from-store --since 2026-11-01T00:00Z --compare stricter.yaml --html report.html

Exit code: 0 done · 1 failed · 2 used wrongly
`;

export const backtestCommand: Command = {
  name: "backtest",
  summary: "run detection over recorded events and list what would have been paged",
  help,
  async run(argv, context) {
    const request = await parse(argv);
    const result = await withOutputs(request, context, async (writeLines, writeHtml) => {
      const found = await backtest(request, context);
      const [first] = found.runs;
      const incidents = first?.incidents ?? [];
      await writeLines(incidents.map((one) => JSON.stringify(lineOf(one)) + "\n").join(""));
      await writeHtml(() => reportHtml(found));
      return found;
    });
    const answer =
      request.incidents === "-" || request.html === "-" ? context.stderr : context.stdout;
    answer.write(answerOf(result, request));
    return 0;
  },
};

interface Request {
  readonly from:
    | { readonly kind: "file"; readonly input: string }
    | {
        readonly kind: "store";
        readonly data: string | undefined;
        readonly asked: Partial<MinuteSpan>;
      };
  /** The pipeline, and that of `--compare`. */
  readonly files: readonly string[];
  readonly incidents: string | null;
  readonly html: string | null;
  readonly json: boolean;
}

async function parse(argv: readonly string[]): Promise<Request> {
  const flags = parseFlags(argv, {
    input: { type: "string" },
    "from-store": { type: "boolean" },
    data: { type: "string" },
    since: { type: "string" },
    until: { type: "string" },
    pipeline: { type: "string" },
    compare: { type: "string" },
    incidents: { type: "string" },
    html: { type: "string" },
    json: { type: "boolean" },
  });
  const from = flags["from-store"] === true ? storeOf(flags) : fileOf(flags);
  const isShown = flags.compare !== undefined || flags.html !== undefined;
  const incidents =
    flags.incidents ?? (isShown ? null : required(undefined, "--incidents", "incidents.ndjson"));
  if (incidents !== null && incidents === flags.html)
    throw misuse(`--incidents and --html both name ${incidents}: give each its own file`);
  if (from.kind === "file") await requireInput(from.input);
  const files = [
    pipelinePath(flags.pipeline),
    ...(flags.compare === undefined ? [] : [pipelinePath(flags.compare, "--compare")]),
  ];
  return { from, files, incidents, html: flags.html ?? null, json: flags.json === true };
}

interface SourceFlags {
  readonly input?: string | undefined;
  readonly data?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

function fileOf({ input, data, since, until }: SourceFlags): Request["from"] {
  const stray = Object.entries({ data, since, until }).find(([, value]) => value !== undefined);
  if (stray !== undefined) throw misuse(`--${stray[0]} goes with --from-store: add it`);
  return { kind: "file", input: required(input, "--input", "usage.ndjson") };
}

function storeOf({ input, data, since, until }: SourceFlags): Request["from"] {
  if (input !== undefined) throw misuse("--input and --from-store are both given: keep one");
  const asked = {
    ...(since === undefined ? {} : { from: Math.ceil(timeOf("--since", since) / 60_000) }),
    ...(until === undefined ? {} : { to: Math.floor(timeOf("--until", until) / 60_000) }),
  };
  if ((asked.from ?? -Infinity) >= (asked.to ?? Infinity))
    throw misuse("between --since and --until lies no whole minute: move one of them");
  return { kind: "store", data, asked };
}

async function backtest(request: Request, context: CommandContext): Promise<BacktestResult> {
  const pipelines = request.files.map((file) => ({ file, pipeline: loadPipeline(file) }));
  const [first, other] = pipelines.map(({ pipeline }) => pipeline);
  if (first === undefined) throw new AppError("no pipeline", { code: "internal" });
  const { from } = request;
  if (from.kind === "store") {
    const contest = new Contest(pipelines, from.asked.from);
    const rows = await fromStore(contest, from, context);
    return { runs: contest.runs, scale: contest.scale, file: null, rows };
  }
  if (other !== undefined) warnOfReading(first, other, request, context);
  const contest = new Contest(pipelines);
  const file = await playFile(contest, { input: from.input, pipeline: first }, context);
  return { runs: contest.runs, scale: contest.scale, file, rows: null };
}

async function fromStore(
  contest: Contest,
  { data, asked }: Extract<Request["from"], { readonly kind: "store" }>,
  context: CommandContext,
): Promise<number> {
  const { logger } = context;
  const settings = settingsFor(context.settings, data);
  const store = await openStore({ settings, logger, mode: "read" });
  try {
    const history = await store.useHistory();
    const stored = await history.span();
    if (stored === null) return 0;
    return await playStore(contest, { history, span: historyOf(stored, asked) }, context);
  } finally {
    await store.close();
  }
}

/** What decides how events are read; it is the first pipeline's for both. */
const READING = [
  "format",
  "mapping",
  "defaults",
  "labels",
  "dedupe",
  "prices",
  "costSource",
  "inputIncludesCache",
] as const satisfies readonly (keyof Pipeline)[];

function warnOfReading(a: Pipeline, b: Pipeline, { files }: Request, context: CommandContext) {
  const differs = READING.filter((key) => JSON.stringify(a[key]) !== JSON.stringify(b[key]));
  if (differs.length === 0) return;
  const names = differs.map((key) => key.replace(/[A-Z]/g, (one) => `_${one.toLowerCase()}`));
  context.stderr.write(
    `spikewatch: ${files[1] ?? ""} also differs in ${names.join(", ")}: events are read as ${files[0] ?? ""} says, only detection is compared\n`,
  );
}

function answerOf(result: BacktestResult, { incidents, json }: Request): string {
  const [a, b] = result.runs;
  const found = a !== undefined && b !== undefined ? compareRuns(a, b) : null;
  if (a === undefined || b === undefined || found === null)
    return json ? summaryJson(result) : summaryText(result, incidents);
  if (json) return summaryJson(result, { compare: comparisonJson(a, b, found) });
  return `${summaryText(result, incidents)}\n${comparisonText(a, b, found)}`;
}

/** Opens what is to be written before the work. */
async function withOutputs<T>(
  { incidents, html }: Request,
  context: CommandContext,
  work: (writeLines: WriteOutput, writeHtml: (text: () => string) => Promise<void>) => Promise<T>,
): Promise<T> {
  const optional = (path: string | null, flag: string, next: (write: WriteOutput) => Promise<T>) =>
    path === null
      ? next(() => Promise.resolve())
      : withOutput({ path, flag }, context, (write) => next(write));
  return optional(incidents, "--incidents", (writeLines) =>
    optional(html, "--html", (writeHtml) =>
      work(writeLines, (text) => (html === null ? Promise.resolve() : writeHtml(text()))),
    ),
  );
}

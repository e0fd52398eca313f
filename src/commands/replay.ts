import { loadPipeline } from "../config/load.ts";
import { createIngest } from "../ingest.ts";
import { openStore } from "../store/open-store.ts";
import { Metrics } from "../telemetry/metrics.ts";
import { untilDone } from "./until-done.ts";
import type { Command, CommandContext } from "./command.ts";
import { parseFlags, pipelinePath, required, settingsFor } from "./flags.ts";
import { openInput, requireInput, type OpenedInput } from "./input-source.ts";
import { ProgressLine } from "./progress-line.ts";
import { storedInAll, summaryJson, summaryText } from "./replay-summary.ts";

const help = `spikewatch replay: load recorded events

Reads a file or stdin through the ingest path: decoded, priced, deduplicated, stored exactly once. A file is known by its
content: the same file again changes nothing, a grown file adds its new lines, a run that was killed goes on where it ended.

Usage: spikewatch replay --input FILE|- [--pipeline FILE] [--data DIR] [--again] [--source-name NAME] [--json]

  --input FILE        NDJSON, one record a line; - reads stdin
  --pipeline FILE     how to read them (default pipelines/canonical-json.yaml)
  --data DIR          data directory of the embedded engine (default SPIKEWATCH_DATA_DIR or .spikewatch)
  --again             count the file once more, on purpose
  --source-name NAME  stdin goes on where the stdin of this name ended; without it each run is new
  --json              the summary as one JSON object

Example: spikewatch replay --input usage.ndjson --data ./data
         spikewatch query "SELECT team, sum(cost_usd) FROM usage_by_minute GROUP BY team" --data ./data
`;

export const replayCommand: Command = {
  name: "replay",
  summary: "load recorded events from a file or stdin, exactly once",
  help,
  async run(argv, context) {
    const flags = parseFlags(argv, {
      input: { type: "string" },
      pipeline: { type: "string" },
      data: { type: "string" },
      again: { type: "boolean" },
      "source-name": { type: "string" },
      json: { type: "boolean" },
    });
    const input = required(flags.input, "--input", "usage.ndjson");
    const sourceName = flags["source-name"];
    await requireInput(input, { again: flags.again ?? false, sourceName });
    const pipeline = loadPipeline(pipelinePath(flags.pipeline));
    const settings = settingsFor(context.settings, flags.data);
    const metrics = new Metrics();
    const store = await openStore({ settings, logger: context.logger, metrics, mode: "attach" });
    try {
      const panes = store.paneStore();
      const opened = await openInput(
        {
          input,
          stdin: context.stdin,
          pipeline,
          again: flags.again ?? false,
          ...(sourceName === undefined ? {} : { sourceName }),
        },
        panes,
      );
      const { clock, logger } = context;
      const ingest = createIngest({
        pipeline,
        source: opened.source,
        store: panes,
        clock,
        logger,
        metrics,
      });
      const started = clock.now();
      const finished = await watch(ingest, opened, context);
      const found = await opened.found();
      const run = {
        input: found,
        totals: ingest.totals,
        inAll: await storedInAll(await store.auditStore(), found.topic),
        seconds: (clock.now() - started) / 1000,
        finished,
      };
      const text = flags.json === true ? JSON.stringify(summaryJson(run)) : summaryText(run);
      context.stdout.write(`${text}\n`);
      return finished ? 0 : 1;
    } finally {
      await store.close();
    }
  },
};

/** Runs to the end with a progress line on a terminal. */
async function watch(
  ingest: ReturnType<typeof createIngest>,
  input: OpenedInput,
  { clock, stderr, signal }: CommandContext,
): Promise<boolean> {
  const progress = new ProgressLine({ clock, output: stderr });
  progress.start(() => {
    const { records, accepted } = ingest.totals;
    return `${input.name}: ${records.toLocaleString("en-US")} records read, ${accepted.toLocaleString("en-US")} events stored`;
  });
  try {
    return await untilDone(ingest, signal);
  } finally {
    await progress.stop();
  }
}

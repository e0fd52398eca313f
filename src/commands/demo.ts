import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startApp, type App } from "../app.ts";
import { loadPipeline } from "../config/load.ts";
import type { Pipeline } from "../config/pipeline.ts";
import { parseRoles } from "../config/roles.ts";
import { SETTINGS_SCHEMA, type Settings } from "../config/settings.ts";
import { createCompany, type Company } from "../demo/company.ts";
import { historyFeed, lastWorkingDay, LiveDayFeed } from "../demo/demo-feed.ts";
import { showLiveDay, type LiveDay } from "../demo/live-day.ts";
import { createIngest } from "../ingest.ts";
import { AppError } from "../runtime/errors.ts";
import { StdinSource } from "../source/file-source.ts";
import { openStore, type OpenStore } from "../store/open-store.ts";
import { Metrics } from "../telemetry/metrics.ts";
import type { Command, CommandContext } from "./command.ts";
import { parseFlags } from "./flags.ts";
import { ProgressLine } from "./progress-line.ts";
import { usdOf } from "./replay-summary.ts";
import { untilDone } from "./until-done.ts";

const help = `spikewatch demo: see it catch a spike

Four weeks of history and one day in time-lapse of a company of 376 people, whose requests are drawn from real traces, with one
runaway agent. Everything is real: the ingest path, the embedded ClickHouse, the detector, the page. No server, no key, no setting.

Usage: spikewatch demo [--seed N] [--exit] [--data DIR]

  --seed N    another company, another culprit (default 1)
  --exit      end after the story, with exit code 0 when the culprit was named
  --data DIR  keep the data there (default: a temporary directory, removed at the end)

Example: npm run demo -- --seed 7
`;

export const demoCommand: Command = {
  name: "demo",
  summary: "watch it catch a runaway agent, with no server and no setting",
  help,
  async run(argv, context) {
    const flags = parseFlags(argv, {
      seed: { type: "string" },
      exit: { type: "boolean" },
      data: { type: "string" },
    });
    const seed = seedOf(flags.seed);
    const temporary = flags.data === undefined;
    const directory = flags.data ?? mkdtempSync(join(tmpdir(), "spikewatch-demo-"));
    try {
      return await demo({ seed, directory, exit: flags.exit ?? false }, context);
    } finally {
      if (temporary) rmSync(directory, { recursive: true, force: true });
    }
  },
};

interface DemoOptions {
  readonly seed: number;
  readonly directory: string;
  readonly exit: boolean;
}

function seedOf(text: string | undefined): number {
  const seed = Number(text ?? "1");
  if (Number.isSafeInteger(seed)) return seed;
  throw new AppError(`--seed ${text ?? ""} is no whole number: give one like 7`, { code: "usage" });
}

async function demo(options: DemoOptions, context: CommandContext): Promise<number> {
  const { clock, stdout } = context;
  const startMs = lastWorkingDay(clock.now());
  const company = createCompany({ seed: options.seed, startMs });
  const { teams, people } = company;
  stdout.write(
    `spikewatch demo (seed ${options.seed}): ${people.length} people in ${teams.length} teams, one runaway agent among them.\n\n`,
  );
  const settings = demoSettings(context.settings, options.directory);
  const metrics = new Metrics();
  const store = await openStore({ settings, logger: context.logger, metrics, mode: "write" });
  try {
    stdout.write(`1/3  ClickHouse engine ready, analysts ask it at ${store.readerUrl}\n`);
    await loadHistory(company, store, context);
    if (context.signal.aborted) return 1;
    const feed = new LiveDayFeed({ company, startMs, clock, signal: context.signal });
    const region = showLiveDay({ company, feed, startMs, context });
    const panes = store.paneStore();
    const source = new StdinSource({
      stream: feed.stream(),
      sourceName: "demo-live-day",
      known: [],
    });
    const app = await startApp({
      settings,
      pipeline: demoPipeline(),
      roles: parseRoles(undefined),
      store,
      input: { panes, source },
      clock,
      logger: context.logger,
      metrics,
      receivers: {
        console: { output: region, width: 100, colour: context.colour },
        consoleAlways: true,
        commandOptions: ` --data ${options.directory}`,
      },
    });
    return await watch(app, region, options, context);
  } finally {
    await store.close();
  }
}

async function watch(
  app: App,
  day: LiveDay,
  options: DemoOptions,
  context: CommandContext,
): Promise<number> {
  try {
    const named = await day.tell(app);
    if (context.signal.aborted) return 0;
    day.sayWhatNext(app.url, options.directory);
    if (options.exit) return named ? 0 : 1;
    await new Promise<void>((resolve) => {
      context.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    return 0;
  } finally {
    await app.stop();
  }
}

/** Four weeks through the very path that live events take. */
async function loadHistory(
  company: Company,
  store: OpenStore,
  context: CommandContext,
): Promise<void> {
  const { clock, logger, stdout } = context;
  const source = new StdinSource({
    stream: historyFeed(company),
    sourceName: "demo-history",
    known: [],
  });
  const ingest = createIngest({
    pipeline: demoPipeline(),
    source,
    store: store.paneStore(),
    clock,
    logger,
    metrics: new Metrics(),
  });
  const started = clock.now();
  const progress = new ProgressLine({ clock, output: stdout });
  progress.start(
    () =>
      `2/3  loading four weeks of history: ${ingest.totals.accepted.toLocaleString("en-US")} events`,
  );
  await untilDone(ingest, context.signal);
  await progress.stop();
  const seconds = (clock.now() - started) / 1000;
  const { accepted } = ingest.totals;
  const cost = Number(usdOf(ingest.totals.sum("cost_nanos"))).toLocaleString("en-US", {
    maximumFractionDigits: 2,
  });
  stdout.write(
    `2/3  four weeks of history stored: ${accepted.toLocaleString("en-US")} events, $${cost}, in ${seconds.toFixed(1)} s\n`,
  );
}

/** Servers and receivers named in the environment are for `run`: the demo keeps to itself. */
function demoSettings(given: Settings, directory: string): Settings {
  const { HTTP_HOST, HTTP_PORT, CLICKHOUSE_PORT, LOG_LEVEL } = given;
  const defaults = SETTINGS_SCHEMA.parse({});
  return { ...defaults, HTTP_HOST, HTTP_PORT, CLICKHOUSE_PORT, LOG_LEVEL, DATA_DIR: directory };
}

function demoPipeline(): Pipeline {
  const path = fileURLToPath(new URL("../../pipelines/canonical-json.yaml", import.meta.url));
  const pipeline = loadPipeline(path);
  // The story's clock stands still when the day is over: by the wall's, days of silence would follow, and the page would show those.
  return { ...pipeline, idleAfterMs: Infinity, flush: { ...pipeline.flush, everyMs: 500 } };
}

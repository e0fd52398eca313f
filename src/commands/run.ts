import { startApp, type App } from "../app.ts";
import { loadPipeline } from "../config/load.ts";
import type { Pipeline } from "../config/pipeline.ts";
import { parseRoles, requireServers, type Role } from "../config/roles.ts";
import type { Settings } from "../config/settings.ts";
import { messageOf } from "../runtime/errors.ts";
import { KafkaDeadLetters } from "../source/kafka-dead-letters.ts";
import { KafkaSource } from "../source/kafka-source.ts";
import type { Source } from "../source/source.ts";
import { openStore, type OpenStore } from "../store/open-store.ts";
import type { PaneStore } from "../store/store.ts";
import { Metrics } from "../telemetry/metrics.ts";
import type { Command, CommandContext } from "./command.ts";
import { misuse, parseFlags, pipelinePath, settingsFor } from "./flags.ts";
import { openInput } from "./input-source.ts";
import { kafkaSecurity } from "./kafka-security.ts";
import { kafkaTopics, sharingOf } from "./sharing.ts";

const help = `spikewatch run: count, watch and alert

Reads events, stores exact rollups, learns what is normal, pages on spikes, serves the page and /metrics.
Without any setting: reads stdin or the pipeline's file, keeps data in an embedded ClickHouse, shows alerts here.

Usage: spikewatch run [--pipeline FILE] [--data DIR] [--roles ROLES] [--exit]

  --pipeline FILE  what to read and how (default pipelines/canonical-json.yaml)
  --data DIR       data directory of the embedded engine (default SPIKEWATCH_DATA_DIR or .spikewatch)
  --roles ROLES    ingest counts, detect watches and pages, serve shows the page (default ingest,detect,serve)
  --exit           end when a file or stdin has been read to its end, instead of serving on

With Kafka and a ClickHouse server any number of processes may run, of one pipeline and any roles: they share the counting, and one of
those that detect watches while the others stand by.

Settings, all optional (SPIKEWATCH_…; with _FILE appended: read from a file):
  KAFKA_BROKERS, KAFKA_SSL, KAFKA_SASL_…   read the pipeline's topics from Kafka
  CLICKHOUSE_URL                            a ClickHouse server instead of the embedded engine
  SLACK_TOKEN, SLACK_CHANNEL                page to Slack
  SMTP_URL, EMAIL_FROM, EMAIL_TO            mail too
  HTTP_HOST, HTTP_PORT, PUBLIC_URL          where the page is, and how messages link to it

Example: SPIKEWATCH_KAFKA_BROKERS=localhost:9092 spikewatch run --pipeline pipelines/canonical-json.yaml
`;

export const runCommand: Command = {
  name: "run",
  summary: "count, watch and alert: the process you deploy",
  help,
  async run(argv, context) {
    const flags = parseFlags(argv, {
      pipeline: { type: "string" },
      data: { type: "string" },
      roles: { type: "string" },
      exit: { type: "boolean" },
    });
    const roles = parseRoles(flags.roles);
    if (flags.exit === true && !roles.has("ingest")) {
      throw misuse("--exit ends with the input, and without the role ingest there is none");
    }
    const pipeline = loadPipeline(pipelinePath(flags.pipeline));
    const settings = settingsFor(context.settings, flags.data);
    requireServers(roles, settings);
    const { logger, clock } = context;
    const metrics = new Metrics({ processMetrics: true });
    const store = await openStore({ settings, logger, metrics, mode: "write" });
    try {
      const panes = store.paneStore();
      const parts = { settings, pipeline, panes, metrics };
      const counts = roles.has("ingest");
      const input = counts
        ? { panes, source: await sourceOf(parts, context), ...deadLettersOf(parts, context) }
        : undefined;
      const sharing = sharingOf({ roles, settings, pipeline }, { clock, logger });
      const app = await startApp({
        settings,
        pipeline,
        roles,
        store,
        ...(input === undefined ? {} : { input }),
        ...(sharing === undefined ? {} : { sharing }),
        ...(counts && pipeline.fold.enabled
          ? { fold: { folder: store.folder(), afterMs: pipeline.fold.afterMs } }
          : {}),
        metrics,
        clock,
        logger,
        receivers: receiversOf(settings, context),
      });
      announce({ app, store, roles, reads: input?.source.name }, context);
      return await serve(app, flags.exit ?? false, context);
    } finally {
      await store.close();
    }
  },
};

/** Serves until a signal, until the input ends where asked to, or until a part cannot go on. */
async function serve(app: App, exit: boolean, context: CommandContext): Promise<number> {
  try {
    await untilOver(app, exit, context);
  } catch (error) {
    // Why it cannot go on matters more than how it ended.
    await app.stop().catch((trouble: unknown) => {
      context.logger.warn({ reason: messageOf(trouble) }, "stopped after a failure");
    });
    throw error;
  }
  await app.stop();
  return 0;
}

async function untilOver(app: App, exit: boolean, context: CommandContext): Promise<void> {
  const { signal, logger } = context;
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await Promise.race([app.done, aborted]);
  if (!signal.aborted) {
    logger.info({ events: app.ingest?.totals.accepted }, "input read to its end");
  }
  if (!exit) await aborted;
  // after a signal it is `stop` that lets deliveries end, in its time
  if (!signal.aborted) await Promise.race([app.idle(), aborted]);
}

async function sourceOf(
  parts: {
    readonly settings: Settings;
    readonly pipeline: Pipeline;
    readonly panes: PaneStore;
    readonly metrics: Metrics;
  },
  { clock, logger, stdin }: CommandContext,
): Promise<Source> {
  const { settings, pipeline, panes, metrics } = parts;
  const { KAFKA_BROKERS: brokers } = settings;
  if (brokers === undefined) {
    const input = pipeline.source.file?.path ?? "-";
    return (await openInput({ input, stdin, pipeline }, panes)).source;
  }
  const kafka = kafkaTopics(pipeline);
  return new KafkaSource({
    brokers,
    groupId: kafka.group,
    topics: kafka.topics,
    sessionTimeoutMs: kafka.sessionTimeoutMs,
    ...kafkaSecurity(settings),
    logger,
    metrics,
    clock,
  });
}

/** Where rejected events go beside the store, if the pipeline names a topic for them and records come from Kafka. */
function deadLettersOf(
  {
    settings,
    pipeline,
    metrics,
  }: Pick<Parameters<typeof sourceOf>[0], "settings" | "pipeline" | "metrics">,
  { clock, logger }: CommandContext,
): { readonly deadLetters?: KafkaDeadLetters } {
  const { KAFKA_BROKERS: brokers } = settings;
  const topic = pipeline.source.kafka?.deadLetterTopic;
  if (brokers === undefined || topic === undefined) return {};
  const security = kafkaSecurity(settings);
  const options = { brokers, ...security, topic, pipeline: pipeline.name, logger, metrics, clock };
  return { deadLetters: new KafkaDeadLetters(options) };
}

function receiversOf(
  settings: Settings,
  { stdout, colour }: CommandContext,
): Parameters<typeof startApp>[0]["receivers"] {
  return {
    console: { output: stdout, width: 100, colour },
    commandOptions: settings.CLICKHOUSE_URL === undefined ? ` --data ${settings.DATA_DIR}` : "",
  };
}

function announce(
  what: {
    readonly app: App;
    readonly store: OpenStore;
    readonly roles: ReadonlySet<Role>;
    readonly reads: string | undefined;
  },
  { stderr }: CommandContext,
): void {
  const { app, store, roles, reads } = what;
  const does = reads === undefined ? `runs as ${[...roles].join(" and ")}` : `reads ${reads}`;
  const page = roles.has("serve") ? "page and metrics " : "metrics and health";
  stderr.write(
    [
      `spikewatch ${does}`,
      `  ${page} ${app.url}`,
      `  analysts          ${store.readerUrl}`,
      "",
    ].join("\n"),
  );
}

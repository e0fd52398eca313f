import { loadPipeline } from "../config/load.ts";
import { loadPriceBook } from "../price/load-price-book.ts";
import { AppError, messageOf } from "../runtime/errors.ts";
import { KafkaScan } from "../source/kafka-scan.ts";
import { openStore } from "../store/open-store.ts";
import type { Verification } from "../verify/verification.ts";
import { END_OF_TIME, Verifier } from "../verify/verifier.ts";
import type { Command, CommandContext } from "./command.ts";
import { parseFlags, pipelinePath, settingsFor } from "./flags.ts";
import { kafkaSecurity } from "./kafka-security.ts";
import { ProgressLine } from "./progress-line.ts";
import { timeOf } from "./time-flag.ts";
import { unknownJson, verificationJson, verificationText } from "./verify-report.ts";

const help = `spikewatch verify: prove that ClickHouse holds what the topic holds

Reads the topic once more from its first record to where ClickHouse has counted it, decodes, prices and deduplicates event by event, and
compares the sums with ClickHouse: requests, errors, every kind of token, cost and unpriced tokens per team, model and minute; records, events,
duplicates and rejected per partition; and the chain of stored offsets, which must have neither gap nor overlap.
Changes nothing, and may run beside \`run\`: what is written or stored later does not matter. It reads in a consumer group of its own, named
GROUP-verify-… after the pipeline's, commits nothing there and removes it. Minutes of which retention has removed
records are left out, and what other topics and files brought into the same database.

Usage: spikewatch verify [--pipeline FILE] [--topic NAME]… [--data DIR] [--since TIME] [--until TIME] [--limit N] [--json]

  --pipeline FILE  how the topics were read (default pipelines/canonical-json.yaml)
  --topic NAME     instead of the pipeline's topics; may be repeated. Topics that one pipeline reads together are verified together
  --data DIR       data directory of the embedded engine (default SPIKEWATCH_DATA_DIR or .spikewatch)
  --since, --until TIME
                   compare only minutes of this part of event time, like 2026-11-20T09:00Z
  --limit N        differences to show (default 20; 0: all)
  --json           one JSON object, for machines
  SPIKEWATCH_KAFKA_BROKERS and, without --data, SPIKEWATCH_CLICKHOUSE_URL say where both are

Example: SPIKEWATCH_KAFKA_BROKERS=localhost:9092 spikewatch verify --pipeline pipelines/canonical-json.yaml --data ./data

Exit code: 0 exact · 1 different · 2 cannot tell, and why`;

export const verifyCommand: Command = {
  name: "verify",
  summary: "recount a topic and compare it with ClickHouse, to the unit",
  help,
  run,
};

const EXIT = { exact: 0, different: 1, unknown: 2 } as const;

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const flags = parseFlags(argv, {
    pipeline: { type: "string" },
    topic: { type: "string", multiple: true },
    data: { type: "string" },
    since: { type: "string" },
    until: { type: "string" },
    limit: { type: "string" },
    json: { type: "boolean" },
  });
  const limit = limitOf(flags.limit);
  const range = rangeOf(flags.since, flags.until);
  const say = (text: string): void => void context.stdout.write(`${text}\n`);
  try {
    const { topic, data, pipeline } = flags;
    const verification = await verify({ topic, data, pipeline, range }, context);
    say(
      flags.json === true
        ? verificationJson(verification, limit)
        : verificationText(verification, limit),
    );
    return EXIT[verification.verdict];
  } catch (error) {
    // Whatever went wrong: 1 would say that they differ.
    if (error instanceof AppError && error.code === "usage") throw error;
    if (!(error instanceof AppError)) context.logger.error({ err: error }, "verify failed");
    if (flags.json === true) say(unknownJson(messageOf(error)));
    context.stderr.write(`spikewatch: cannot tell: ${messageOf(error)}\n`);
    return EXIT.unknown;
  }
}

interface Request {
  readonly topic: readonly string[] | undefined;
  readonly data: string | undefined;
  readonly pipeline: string | undefined;
  readonly range: { readonly from: number; readonly to: number } | null;
}

async function verify(request: Request, context: CommandContext): Promise<Verification> {
  const { clock, logger, signal } = context;
  const settings = settingsFor(context.settings, request.data);
  const pipeline = loadPipeline(pipelinePath(request.pipeline));
  const topics = [...new Set(request.topic ?? pipeline.source.kafka?.topics ?? [])];
  const { KAFKA_BROKERS: brokers } = settings;
  if (brokers === undefined || topics.length === 0) {
    const missing =
      brokers === undefined
        ? "SPIKEWATCH_KAFKA_BROKERS is not set: set it to host:port of the brokers"
        : `pipeline ${pipeline.path} names no Kafka topics: name one with --topic`;
    throw new AppError(missing, { code: "usage" });
  }
  const book = loadPriceBook(pipeline.prices);
  const store = await openStore({ settings, logger, mode: "read" });
  try {
    const scan = new KafkaScan({
      brokers,
      ...kafkaSecurity(settings),
      topics,
      groupPrefix: `${pipeline.source.kafka?.group ?? "spikewatch"}-verify`,
      clock,
      logger,
      signal,
    });
    const audit = await store.auditStore(signal);
    const range = request.range === null ? {} : { range: request.range };
    const options = { pipeline, topics, book, scan, audit, clock, ...range };
    return await retried(() => watch(new Verifier(options), context));
  } finally {
    await store.close();
  }
}

/** Once more where folding of old commits came between. */
async function retried(work: () => Promise<Verification>): Promise<Verification> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError && error.code === "checkpoint_conflict") return work();
    throw error;
  }
}

/** Runs it with a progress line. */
async function watch(verifier: Verifier, { clock, stderr }: CommandContext): Promise<Verification> {
  const line = new ProgressLine({ clock, output: stderr });
  line.start(() => {
    const { read, total } = verifier.progress;
    return `verify: ${read.toLocaleString("en-US")} of ${total.toLocaleString("en-US")} offsets read again`;
  });
  try {
    return await verifier.run();
  } finally {
    await line.stop();
  }
}

function limitOf(given: string | undefined): number {
  if (given === undefined) return 20;
  if (!/^\d{1,9}$/.test(given)) {
    throw new AppError(`--limit ${given} is no number: give one like --limit 100, or 0 for all`, {
      code: "usage",
    });
  }
  return Number(given) === 0 ? Infinity : Number(given);
}

/** Whole minutes in epoch seconds; null where neither end is given. */
function rangeOf(
  since: string | undefined,
  until: string | undefined,
): { from: number; to: number } | null {
  if (since === undefined && until === undefined) return null;
  const from = since === undefined ? 0 : Math.ceil(timeOf("--since", since) / 60_000) * 60;
  const to = until === undefined ? END_OF_TIME : Math.floor(timeOf("--until", until) / 60_000) * 60;
  if (from < to) return { from, to };
  throw new AppError("between --since and --until lies no whole minute: move one of them", {
    code: "usage",
  });
}

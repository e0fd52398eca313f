import { parseArgs } from "node:util";
import { cleanName } from "../notify/escape.ts";
import { formatTime } from "../notify/format.ts";
import { AppError, messageOf } from "../runtime/errors.ts";
import { Dictionaries } from "../decode/event-batch.ts";
import type { CheckpointStep, PaneTable } from "../reduce/pane.ts";
import { openStore } from "../store/open-store.ts";
import type { Checkpoint, PaneStore } from "../store/store.ts";
import type { Command, CommandContext } from "./command.ts";
import { required, settingsFor } from "./flags.ts";
import { textTable } from "./text-table.ts";

const help = `spikewatch checkpoints: how far every topic and file is counted

  spikewatch checkpoints list [--json]                                  where reading goes on, by partition
  spikewatch checkpoints restart --topic T [--partition N] [--yes]      count the topic from its beginning, besides what is stored

\`restart\` is for a topic that was deleted and created again: \`run\` refuses it, since the same offsets are other records now. What was counted
of the old topic stays; the new one begins a new incarnation. On a topic that was not created again it counts everything twice, so it only says
what it would do until --yes is given. A running spikewatch notices and goes on from there; one that was refused must be started again.

  --topic T      the topic, as \`list\` shows it
  --partition N  only this partition (default: all that are stored)
  --yes          do it
  --data DIR     data directory to use instead of SPIKEWATCH_CLICKHOUSE_URL or SPIKEWATCH_DATA_DIR (default: .spikewatch)
  --json         one line a partition, for machines
  --help         this text

Example: spikewatch checkpoints restart --topic token-usage --yes

Exit code: 0 done · 1 failed, or nothing stored of that topic · 2 used wrongly, or --yes missing`;

export const checkpointsCommand: Command = {
  name: "checkpoints",
  summary: "how far each topic is counted; take on a topic that was created again",
  help,
  async run(argv, context) {
    const request = parse(argv);
    if (request === "help") {
      context.stdout.write(`${help}\n`);
      return 0;
    }
    const { settings, logger } = context;
    const mode = request.action === "list" ? "read" : "attach";
    const store = await openStore({ settings: settingsFor(settings, request.data), logger, mode });
    try {
      const work = request.action === "list" ? list : restart;
      return await work(store.paneStore(), request, context);
    } finally {
      await store.close();
    }
  },
};

type Known = Checkpoint & { readonly storedAtMs: number };

interface Request {
  readonly action: "list" | "restart";
  readonly topic: string;
  readonly partition: number | null;
  readonly yes: boolean;
  readonly json: boolean;
  readonly data: string | undefined;
}

const OPTIONS = {
  topic: { type: "string" },
  partition: { type: "string" },
  yes: { type: "boolean" },
  data: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

function parse(argv: readonly string[]): Request | "help" {
  const { values, positionals } = words(argv);
  if (values.help === true) return "help";
  const [action, ...stray] = positionals;
  if (stray.length > 0 || (action !== "list" && action !== "restart")) {
    throw usage("type `checkpoints list` or `checkpoints restart --topic T`");
  }
  const isRestart = action === "restart";
  if (!isRestart && (values.topic ?? values.partition ?? values.yes) !== undefined) {
    throw usage("--topic, --partition and --yes belong to `checkpoints restart`");
  }
  return {
    action,
    topic: isRestart ? required(values.topic, "--topic", "token-usage") : "",
    partition: partitionOf(values.partition),
    yes: values.yes === true,
    json: values.json === true,
    data: values.data,
  };
}

function words(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw usage(messageOf(error).replace(/\. To specify.*$/, ""));
  }
}

function partitionOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^\d{1,9}$/.test(text)) throw usage(`--partition takes a number, not "${cleanName(text)}"`);
  return Number(text);
}

function usage(message: string): AppError {
  return new AppError(message, { code: "usage" });
}

async function list(store: PaneStore, { json }: Request, context: CommandContext): Promise<number> {
  const known = inOrder(await store.knownSources("", context.signal));
  const { stdout } = context;
  if (json) for (const one of known) stdout.write(`${JSON.stringify(lineOf(one))}\n`);
  else if (known.length === 0) stdout.write("Nothing is counted yet.\n");
  else stdout.write(textTable([HEAD, ...known.map(cellsOf)]));
  return 0;
}

async function restart(
  store: PaneStore,
  request: Request,
  { stdout, stderr, signal }: CommandContext,
): Promise<number> {
  const { topic, partition, yes, json } = request;
  const known = inOrder(await store.knownSources(topic, signal)).filter(
    (one) => one.topic === topic && (partition === null || one.partition === partition),
  );
  if (known.length === 0) {
    const which = partition === null ? "" : ` partition ${partition}`;
    throw new AppError(
      `nothing is stored of topic "${cleanName(topic, 249)}"${which}: \`spikewatch checkpoints list\` shows what is`,
      { code: "input" },
    );
  }
  if (yes) await begin(store, known, signal);
  for (const one of known) {
    const { incarnation, endOffset } = one;
    const next = { incarnation: incarnation + 1, end_offset: 0 };
    if (json) stdout.write(`${JSON.stringify({ ...lineOf(one), ...next, done: yes })}\n`);
    else
      stdout.write(
        `${cleanName(topic, 249)}/${one.partition}: incarnation ${incarnation} ${yes ? "ends" : "would end"} at offset ${endOffset}, incarnation ${next.incarnation} begins at 0\n`,
      );
  }
  if (!yes) {
    stderr.write(
      "nothing was changed: add --yes if the topic was deleted and created again; if not, every event in it would count twice\n",
    );
  }
  return yes ? 0 : 2;
}

/** A new chain for each partition, by the same guarded commit as any worker's: one that still reads them is superseded and starts there. */
async function begin(
  store: PaneStore,
  known: readonly Known[],
  signal: AbortSignal,
): Promise<void> {
  await store.claim(known, signal);
  const outcome = await store.append({ panes: noPanes(), steps: known.map(firstStep) }, signal);
  if (outcome.kind === "stored") return;
  throw new AppError(
    "a worker counted on in the same moment: nothing was changed; stop it, or try again",
    { code: "checkpoint_conflict", retryable: true },
  );
}

function noPanes(): PaneTable {
  return {
    rows: 0,
    keys: new Int32Array(),
    counters: new Float64Array(),
    dictionaries: new Dictionaries(),
    priceVersions: [],
    labelNames: [],
  };
}

function firstStep({ topic, partition, incarnation }: Known): CheckpointStep {
  return {
    topic,
    partition,
    incarnation: incarnation + 1,
    expectedEnd: null,
    firstOffset: 0,
    endOffset: 0,
    watermarkMs: -1,
    maxEventMs: -1,
    tailOffset: 0,
    tailProgressMs: -1,
    fingerprint: "",
    counts: { records: 0, accepted: 0, rejected: 0, duplicates: 0, ignored: 0 },
  };
}

function inOrder(known: readonly Known[]): Known[] {
  return [...known].sort((a, b) =>
    a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1,
  );
}

const HEAD = ["TOPIC", "PARTITION", "INCARNATION", "NEXT OFFSET", "NEWEST EVENT", "STORED"];

function cellsOf(one: Known): string[] {
  return [
    cleanName(one.topic, 80),
    String(one.partition),
    String(one.incarnation),
    String(one.endOffset),
    one.maxEventMs < 0 ? "none" : formatTime(one.maxEventMs),
    formatTime(one.storedAtMs),
  ];
}

function lineOf(one: Known): Record<string, unknown> {
  return {
    topic: one.topic,
    partition: one.partition,
    incarnation: one.incarnation,
    end_offset: one.endOffset,
    newest_event: one.maxEventMs < 0 ? null : new Date(one.maxEventMs).toISOString(),
    stored_at: new Date(one.storedAtMs).toISOString(),
  };
}

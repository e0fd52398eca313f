import { duration } from "../config/quantity.ts";
import { REJECT_REASONS } from "../decode/usage-event.ts";
import type { Command, CommandContext } from "./command.ts";
import { listDeadLetters } from "./dead-letter-list.ts";
import { replayDeadLetters } from "./dead-letter-replay.ts";
import { misuse, parseWords, required } from "./flags.ts";

const help = `spikewatch dead-letter: look at rejected events, and count them after all

  spikewatch dead-letter list                        how many of each reason, and the newest
  spikewatch dead-letter replay --pipeline FILE      read what is kept again, by the (mended) pipeline, and count what is good now

\`replay\` counts each event once, also when it is killed and run again: it selects first what it will read, and goes on with an interrupted selection before it
makes another. What is still bad stays, and may be replayed once more. It reads the events of the pipeline's topics, and of files and stdin, of which nobody
knows any more how they were read; --topic names one input instead. Events of more than 64 KiB are kept only in part and cannot be replayed.
What is still to be counted the table alone says, also with --from-topic: the topic may hold events that were counted after all, by the next run when the first
one was killed before its commit; those are left out.
An event whose producer sent it once more meanwhile, mended, would count twice: ids are compared within the replay only, not with what is stored.

  --reason R       only events of this reason, like invalid_json
  --topic T        only events that came from this topic, \`file:…\` or \`stdin:…\`
  --since 24h      list: only what was rejected within this time
  --limit N        list: how many of the newest to show (default 20)
  --all            list: also events that were replayed
  --from-topic     list: read the dead-letter topic of --pipeline instead of the table; replay: only events that this topic holds
  --pipeline FILE  replay: how to read them (default pipelines/canonical-json.yaml)
  --dry-run        replay: count what would be good, and change nothing
  --data DIR       data directory to use instead of SPIKEWATCH_CLICKHOUSE_URL or SPIKEWATCH_DATA_DIR (default: .spikewatch)
  --json           list: one line an event, whole, raw_base64 where it is no UTF-8; replay: one object

Example: spikewatch check pipelines/canonical-json.yaml
         spikewatch dead-letter replay --pipeline pipelines/canonical-json.yaml --dry-run

Exit code: 0 done · 1 failed or interrupted · 2 used wrongly`;

export const deadLetterCommand: Command = {
  name: "dead-letter",
  summary: "look at rejected events; count them after mending the pipeline, exactly once",
  help,
  async run(argv, context) {
    const { values, positionals } = parseWords(argv, OPTIONS);
    const [action, ...stray] = positionals;
    if (stray.length > 0 || (action !== "list" && action !== "replay")) {
      throw misuse("type `dead-letter list` or `dead-letter replay --pipeline FILE`");
    }
    requireOwnFlags(action, values);
    const which = {
      ...(values.reason === undefined ? {} : { reason: reasonOf(values.reason) }),
      ...(values.topic === undefined ? {} : { topic: values.topic }),
      data: values.data,
      json: values.json === true,
    };
    const { pipeline } = values;
    const fromTopic = values["from-topic"] === true;
    if (action === "replay") {
      const dryRun = values["dry-run"] === true;
      return replayDeadLetters({ ...which, pipeline, fromTopic, dryRun }, context);
    }
    if (fromTopic) required(pipeline, "--pipeline", "pipelines/canonical-json.yaml");
    return listDeadLetters(
      {
        ...which,
        ...(fromTopic && pipeline !== undefined ? { fromTopicOf: pipeline } : {}),
        ...(values.since === undefined ? {} : { sinceMs: sinceOf(values.since, context) }),
        limit: limitOf(values.limit),
        all: values.all === true,
      },
      context,
    );
  },
};

const OPTIONS = {
  reason: { type: "string" },
  topic: { type: "string" },
  since: { type: "string" },
  limit: { type: "string" },
  all: { type: "boolean" },
  "from-topic": { type: "boolean" },
  pipeline: { type: "string" },
  "dry-run": { type: "boolean" },
  data: { type: "string" },
  json: { type: "boolean" },
} as const;

function requireOwnFlags(
  action: "list" | "replay",
  values: Readonly<Record<string, unknown>>,
): void {
  const foreign = action === "list" ? ["dry-run"] : ["since", "limit", "all"];
  const name = foreign.find((one) => values[one] !== undefined);
  const other = action === "list" ? "replay" : "list";
  if (name !== undefined) throw misuse(`--${name} belongs to \`dead-letter ${other}\``);
  if (action === "replay") return;
  if (values["from-topic"] === true && values["all"] === true) {
    throw misuse("--all belongs to the table: the topic does not tell what was replayed");
  }
  if (values["pipeline"] !== undefined && values["from-topic"] !== true) {
    throw misuse("--pipeline belongs to `dead-letter replay`, and to `list --from-topic`");
  }
}

function reasonOf(given: string): string {
  if ((REJECT_REASONS as readonly string[]).includes(given)) return given;
  throw misuse(`--reason ${given} is none: there are ${REJECT_REASONS.join(", ")}`);
}

function sinceOf(given: string, { clock }: CommandContext): number {
  const ms = duration({ minMs: 1, maxMs: 1e15 }).safeParse(given);
  if (ms.success) return clock.now() - ms.data;
  throw misuse(`--since ${given} is no duration: write a number and m, h or d, like 24h`);
}

function limitOf(given: string | undefined): number {
  if (given === undefined) return 20;
  if (/^\d{1,9}$/.test(given)) return Number(given);
  throw misuse(`--limit ${given} is no number: give one like --limit 100`);
}

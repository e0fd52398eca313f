import { cleanName } from "../notify/escape.ts";
import { AppError } from "../runtime/errors.ts";
import { openStore, type OpenStore } from "../store/open-store.ts";
import type { Command, CommandContext } from "./command.ts";
import { decisionOf, explainedOf, type StoredIncident } from "./explain-decision.ts";
import { contributorsSql, PAST_WEEKS, revisionsSql, windowSql } from "./explain-sql.ts";
import {
  explanationJson,
  explanationText,
  type Explanation,
  type StoredWeek,
} from "./explain-text.ts";
import { misuse, parseWords, settingsFor } from "./flags.ts";
import { suffixOf } from "./incidents.ts";

const help = `spikewatch explain INCIDENT [--data DIR] [--json]

Why an incident was opened: the window, what was expected, the statistic and the bar it passed, who carries the excess; what ClickHouse holds of the window
and of the same time of up to ${PAST_WEEKS} weeks before; and the SQL that says so, to paste into \`spikewatch query\`. Works also while another process uses the data directory.

An INCIDENT may be cut short as long as it stays clear which one is meant; \`spikewatch incidents list --all\` names them.

  --data DIR  data directory to use instead of SPIKEWATCH_CLICKHOUSE_URL or SPIKEWATCH_DATA_DIR (default: .spikewatch)
  --json      one JSON object, for machines
  --help      this text

Example:
  spikewatch explain inc-7f3a --data ./data

Exit code: 0 explained · 1 failed, or no such incident · 2 used wrongly`;

const WEEK_MINUTES = 7 * 1440;

export const explainCommand: Command = {
  name: "explain",
  summary: "why an incident was opened, and the SQL that shows it",
  help,
  async run(argv, context) {
    const { values, positionals } = parseWords(argv, {
      data: { type: "string" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    });
    if (values.help === true) {
      context.stdout.write(`${help}\n`);
      return 0;
    }
    const id = idOf(positionals);
    const settings = settingsFor(context.settings, values.data);
    const store = await openStore({ settings, logger: context.logger, mode: "read" });
    try {
      const explanation = await explain(store, { id, suffix: suffixOf(values) }, context);
      const text = values.json === true ? explanationJson : explanationText;
      context.stdout.write(text(explanation));
      return 0;
    } finally {
      await store.close();
    }
  },
};

function idOf(words: readonly string[]): string {
  const [id = "", ...more] = words;
  if (id !== "" && more.length === 0) return id;
  throw misuse(
    `\`explain\` takes one incident, ${words.length} given: \`spikewatch incidents list --all\` names them`,
  );
}

async function explain(
  store: OpenStore,
  asked: { readonly id: string; readonly suffix: string },
  { signal }: CommandContext,
): Promise<Explanation> {
  const { first, newest } = await find(store, asked, signal);
  const decision = decisionOf(first);
  const explained = explainedOf(first, decision);
  const sql = { window: windowSql(explained), contributors: contributorsSql(explained) };
  const rows = await rowsOf<RawWeek>(store, sql.window, signal);
  const span = await (await store.useHistory()).span();
  const known = weeksStored(explained.fromMinute, span?.from ?? explained.fromMinute);
  const weeks = Array.from({ length: known + 1 }, (_, weeksAgo): StoredWeek => {
    const found = rows.find((row) => Number(row.weeks_ago) === weeksAgo);
    return {
      weeks_ago: weeksAgo,
      usd: Number(found?.usd ?? 0),
      tokens: Number(found?.tokens ?? 0),
      requests: Number(found?.requests ?? 0),
      users: Number(found?.users ?? 0),
    };
  });
  return { newest, decision, explained, weeks, sql, suffix: asked.suffix };
}

/** Weeks before the window of which something could be stored: what is not known is not nothing. */
function weeksStored(fromMinute: number, firstMinute: number): number {
  const weeks = Math.floor((fromMinute - firstMinute) / WEEK_MINUTES);
  return Math.max(0, Math.min(PAST_WEEKS, weeks));
}

/** Numbers that may be larger than a double holds come as text. */
type RawWeek = Record<keyof StoredWeek, string | number>;

interface Revisions {
  readonly incident_id: string;
  readonly first: string;
  readonly newest: string;
}

/** The one incident that is meant. Throws `input` where there is none, or more than one. */
async function find(
  store: OpenStore,
  { id, suffix }: { readonly id: string; readonly suffix: string },
  signal: AbortSignal,
): Promise<{ readonly first: StoredIncident; readonly newest: StoredIncident }> {
  const found = /^[\w-]+$/.test(id) ? await rowsOf<Revisions>(store, revisionsSql(id), signal) : [];
  const exact = found.find((one) => one.incident_id === id);
  const [only] = exact === undefined ? found : [exact];
  if (only !== undefined && (exact !== undefined || found.length === 1)) {
    // We wrote the documents ourselves, in this shape.
    const [first, newest] = [only.first, only.newest].map(
      (one) => JSON.parse(one) as StoredIncident,
    ) as [StoredIncident, StoredIncident];
    return { first, newest };
  }
  const shown = cleanName(id, 128);
  const message =
    only === undefined
      ? `no incident begins with "${shown}": see \`spikewatch incidents list --all${suffix}\` for those there are`
      : `"${shown}" could be ${found.map((one) => cleanName(one.incident_id, 128)).join(", ")}: give more of the ID`;
  throw new AppError(message, { code: "input" });
}

async function rowsOf<Row>(store: OpenStore, sql: string, signal: AbortSignal): Promise<Row[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.query(sql, "JSONEachRow", signal)) chunks.push(chunk);
  const lines = Buffer.concat(chunks).toString("utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Row);
}

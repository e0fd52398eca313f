import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { AppError } from "../runtime/errors.ts";
import { openStore } from "../store/open-store.ts";
import type { Command, CommandContext } from "./command.ts";
import { parseWords, settingsFor } from "./flags.ts";

const help = `spikewatch query "SQL" [--data DIR] [--format FORMAT]

Runs one read-only statement and prints what ClickHouse answers. Works also while another process uses the data directory.
Start with the views usage_by_minute and spend_by_team_day; DESCRIBE shows their columns with comments.

  --data DIR       data directory to use instead of SPIKEWATCH_CLICKHOUSE_URL or SPIKEWATCH_DATA_DIR (default: .spikewatch)
  --format FORMAT  any output format of ClickHouse: JSONEachRow, CSVWithNames, PrettyCompact, Vertical…
                   (default: a table on a terminal, else TabSeparatedWithNames)
  --help           this text

Example:
  spikewatch query "SELECT team, sum(spend_usd) AS usd FROM spend_by_team_day GROUP BY team ORDER BY usd DESC" --format JSONEachRow

Exit code: 0 answered · 1 failed · 2 used wrongly`;

export const queryCommand: Command = {
  name: "query",
  summary: "run one read-only SQL statement over what is stored",
  help,
  run,
};

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { stdout, settings, logger, signal } = context;
  const { values, positionals } = parseWords(argv, {
    data: { type: "string" },
    format: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help === true) {
    stdout.write(`${help}\n`);
    return 0;
  }
  const sql = statementOf(positionals);
  const format = formatOf(values.format, stdout.isTTY === true);
  const store = await openStore({
    settings: settingsFor(settings, values.data),
    logger,
    mode: "read",
  });
  try {
    await pipeline(Readable.from(store.query(sql, format, signal)), stdout, { end: false });
    return 0;
  } finally {
    await store.close();
  }
}

function statementOf(positionals: readonly string[]): string {
  const [sql = "", ...more] = positionals;
  if (sql.trim() !== "" && more.length === 0) return sql;
  const what = more.length > 0 ? `${positionals.length} arguments` : "no SQL";
  throw new AppError(
    `${what} given: give one statement in quotes, like \`spikewatch query "SELECT count() FROM usage_by_minute"\``,
    { code: "usage" },
  );
}

function formatOf(given: string | undefined, isTerminal: boolean): string {
  if (given === undefined) return isTerminal ? "PrettyCompactMonoBlock" : "TabSeparatedWithNames";
  if (/^[A-Za-z0-9]+$/.test(given)) return given;
  throw new AppError(`--format ${given} is no name of a format: give one like JSONEachRow`, {
    code: "usage",
  });
}

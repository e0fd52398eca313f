import { openStore } from "../store/open-store.ts";
import type { MigrationReport } from "../store/migrations.ts";
import type { Command, CommandContext } from "./command.ts";
import { parseFlags, settingsFor } from "./flags.ts";

const help = `spikewatch migrate [--data DIR] [--json]

Brings the schema of the database up to date: schemas/clickhouse in order, each file once. May be repeated.
The embedded engine's schema is also brought up to date by \`run\`; a server's (SPIKEWATCH_CLICKHOUSE_URL) only by this command.

  --data DIR  data directory to use instead of SPIKEWATCH_CLICKHOUSE_URL or SPIKEWATCH_DATA_DIR (default: .spikewatch)
  --json      one JSON object on stdout, for machines
  --help      this text

Example:
  SPIKEWATCH_CLICKHOUSE_URL=http://user:password@clickhouse:8123/spikewatch spikewatch migrate

Exit code: 0 up to date · 1 failed · 2 used wrongly`;

export const migrateCommand: Command = {
  name: "migrate",
  summary: "bring the ClickHouse schema up to date",
  help,
  run,
};

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { stdout, settings, logger } = context;
  const flags = parseFlags(argv, {
    data: { type: "string" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  });
  if (flags.help === true) {
    stdout.write(`${help}\n`);
    return 0;
  }
  const store = await openStore({
    settings: settingsFor(settings, flags.data),
    logger,
    mode: "migrate",
  });
  try {
    const report = store.migrations ?? { applied: [], alreadyApplied: [] };
    stdout.write(flags.json === true ? `${JSON.stringify(report)}\n` : toText(report));
    return 0;
  } finally {
    await store.close();
  }
}

function toText({ applied, alreadyApplied }: MigrationReport): string {
  const lines = applied.map((name) => `applied ${name}`);
  lines.push(`the schema is up to date: ${applied.length + alreadyApplied.length} migrations`);
  return `${lines.join("\n")}\n`;
}

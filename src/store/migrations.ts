import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "../runtime/errors.ts";
import type { Connection } from "./connect.ts";
import { MIGRATIONS } from "./queries.ts";

/** One file of schemas/clickhouse: `0001-usage.sql`. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** What `spikewatch migrate` reports. */
export interface MigrationReport {
  readonly applied: readonly string[];
  readonly alreadyApplied: readonly string[];
}

const FOLDER = fileURLToPath(new URL("../../schemas/clickhouse/", import.meta.url));

/** The files of `folder` in order. */
export function readMigrations(folder: string = FOLDER): Migration[] {
  return readdirSync(folder)
    .filter((file) => /^\d{4}-[a-z0-9-]+\.sql$/.test(file))
    .sort()
    .map((file) => {
      const sql = readFileSync(join(folder, file), "utf8").replaceAll("\r\n", "\n");
      const checksum = createHash("sha256").update(sql).digest("hex");
      return { number: Number(file.slice(0, 4)), name: file, sql, checksum };
    });
}

/** What a statement may be answered because another process runs the same one in the same moment; said again, it finds the other's work done. */
const RACING_CODES = new Set([
  57, // TABLE_ALREADY_EXISTS
  60, // UNKNOWN_TABLE: the temporary name of the other's CREATE OR REPLACE
  81, // UNKNOWN_DATABASE: likewise, while the tables of a database are exchanged
  218, // TABLE_IS_DROPPED
  390, // CANNOT_GET_CREATE_TABLE_QUERY: likewise
  517, // CANNOT_ASSIGN_ALTER
]);
const RACES = 20;

/**
 * Brings the database up to `migrations`. Every statement may be repeated without changing a row (no file may replace or drop a table), and the record of
 * a file is written after its statements: so a crash, or two processes at once, only repeat. Throws `store_inconsistent` where an applied file was
 * changed or is not known here.
 */
export async function migrate(
  connection: Connection,
  migrations: readonly Migration[] = readMigrations(),
): Promise<MigrationReport> {
  await connection.command(MIGRATIONS.createTable);
  const known = await appliedChecksums(connection);
  refuseStrange(known, migrations);
  const pending = migrations.filter(({ name }) => !known.has(name));
  for (const { number, name, sql, checksum } of pending) {
    for (const statement of statementsOf(sql)) await apply(connection, statement);
    await connection.command(MIGRATIONS.record, { params: { number, name, checksum } });
  }
  return {
    applied: pending.map(({ name }) => name),
    alreadyApplied: migrations.map(({ name }) => name).filter((name) => known.has(name)),
  };
}

async function apply(connection: Connection, statement: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await connection.command(statement);
      return;
    } catch (error) {
      const code =
        error instanceof AppError
          ? Number((error.cause as { code?: string } | undefined)?.code)
          : 0;
      if (!RACING_CODES.has(code) || attempt === RACES) throw error;
    }
  }
}

/** Throws `config` where the database is behind, `store_inconsistent` where it is not ours or ahead. */
export async function requireSchema(
  connection: Connection,
  migrations: readonly Migration[] = readMigrations(),
): Promise<void> {
  const [found] = await connection.rows<{ tables: string }>(MIGRATIONS.exists);
  const known =
    Number(found?.tables) > 0 ? await appliedChecksums(connection) : new Map<string, string>();
  refuseStrange(known, migrations);
  const missing = migrations.filter(({ name }) => !known.has(name)).length;
  if (missing === 0) return;
  throw new AppError(
    `${missing} of ${migrations.length} schema migrations are not applied to the ClickHouse database: run \`spikewatch migrate\``,
    { code: "config" },
  );
}

async function appliedChecksums(connection: Connection): Promise<Map<string, string>> {
  const rows = await connection.rows<{ name: string; checksum: string }>(MIGRATIONS.applied);
  return new Map(rows.map(({ name, checksum }) => [name, checksum]));
}

function refuseStrange(known: ReadonlyMap<string, string>, migrations: readonly Migration[]): void {
  const expected = new Map(migrations.map(({ name, checksum }) => [name, checksum]));
  for (const [name, checksum] of known) {
    const here = expected.get(name);
    if (here === checksum) continue;
    const why =
      here === undefined
        ? "was applied by another version and is unknown to this one: run that version or a newer one"
        : "was changed after it was applied: restore the file, and put changes into a new one";
    throw new AppError(`schema migration ${name} ${why}`, { code: "store_inconsistent" });
  }
}

/** Statements end with a semicolon at the end of a line. */
function statementsOf(sql: string): string[] {
  return sql
    .split(/;[ \t]*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

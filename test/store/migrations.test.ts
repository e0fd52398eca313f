import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { AppError } from "../../src/runtime/errors.ts";
import type { Connection } from "../../src/store/connect.ts";
import { migrate, readMigrations, requireSchema } from "../../src/store/migrations.ts";
import { startTestEngine, type TestEngine } from "../support/clickhouse/engine.ts";

let test: TestEngine;
let connection: Connection;

beforeAll(async () => {
  test = await startTestEngine({ schema: false });
  connection = test.connect();
});
afterAll(() => test.stop());

const VIEW = [
  "minute",
  "department",
  "team",
  "user",
  "key",
  "agent",
  "provider",
  "model",
  "tool",
  "service_tier",
  "requests",
  "errors",
  "uncached_input_tokens",
  "cache_read_input_tokens",
  "cache_write_5m_input_tokens",
  "cache_write_1h_input_tokens",
  "output_tokens",
  "reasoning_output_tokens",
  "cost_usd",
  "unpriced_tokens",
  "labels",
];

describe("migrate", () => {
  it("names the command to run while the schema is not there, then applies every file once", async () => {
    const names = readMigrations().map(({ name }) => name);
    await expect(requireSchema(connection)).rejects.toMatchObject({
      code: "config",
      message: expect.stringContaining("spikewatch migrate"),
    });

    const [first, second] = [await migrate(connection), await migrate(connection)];

    expect(first).toEqual({ applied: names, alreadyApplied: [] });
    expect(second).toEqual({ applied: [], alreadyApplied: names });
    await expect(requireSchema(connection)).resolves.toBeUndefined();
  });

  it("may run in two processes at once", async () => {
    await connection.command(
      "INSERT INTO usage (kind, team, writer, batch, arrived) SELECT 'delta', 'kept', generateUUIDv4(1), generateUUIDv4(2), now64(3)",
    );
    for (let round = 0; round < 8; round++) {
      await connection.command("TRUNCATE TABLE schema_migrations");
      await Promise.all([migrate(connection), migrate(connection), migrate(connection)]);
    }

    expect((await migrate(connection)).applied).toEqual([]);
    expect(await connection.rows("SELECT team FROM usage")).toEqual([{ team: "kept" }]);
  });

  it("says a statement again that another process's twin of it has tripped", async () => {
    await connection.command("TRUNCATE TABLE schema_migrations");
    let trips = 0;
    const tripped: Connection = {
      ...connection,
      command: async (sql, options) => {
        if (sql.startsWith("CREATE OR REPLACE") && trips++ === 0) {
          const cause = { code: "390", message: "Table `_tmp_replace_1` doesn't exist" };
          throw new AppError("clickhouse answered code 390", { code: "store_refused", cause });
        }
        return connection.command(sql, options);
      },
    };

    const report = await migrate(tripped);

    expect(report.applied).toEqual(readMigrations().map(({ name }) => name));
    expect(trips).toBeGreaterThan(1);
  });

  it("has no statement that could lose rows when it is repeated", () => {
    const statements = readMigrations().flatMap(({ sql }) => sql.match(/^[A-Z][A-Z ]+/gm)!);

    expect(
      statements.filter((text) => /^(DROP|TRUNCATE|CREATE OR REPLACE TABLE)/.test(text)),
    ).toEqual([]);
  });

  it("refuses a file that was changed after it was applied", async () => {
    const migrations = readMigrations();
    const folder = mkdtempSync(join(tmpdir(), "spikewatch-sql-"));
    migrations.forEach(({ name, sql }, index) =>
      writeFileSync(join(folder, name), index === 1 ? `${sql}-- later\n` : sql),
    );

    const changed = migrate(connection, readMigrations(folder));

    await expect(changed).rejects.toMatchObject({
      code: "store_inconsistent",
      message: expect.stringContaining(migrations[1]!.name),
    });
    rmSync(folder, { recursive: true });
  });

  it("refuses a database that a newer version has changed", async () => {
    const older = readMigrations().slice(0, -1);

    await expect(migrate(connection, older)).rejects.toMatchObject({ code: "store_inconsistent" });
  });

  it("brings a database of before the sessions up to now, with its rows, in two processes at once", async () => {
    const engine = await startTestEngine({ schema: false });
    const older = engine.connect();
    const migrations = readMigrations();
    await migrate(older, migrations.slice(0, 4));
    const insert = `INSERT INTO usage (kind, team, requests, writer, batch, arrived)
      SELECT 'delta', 'kept', 7, generateUUIDv4(1), generateUUIDv4(2), now64(3)`;
    await older.command(insert);
    const before = await older.rows("SELECT * FROM usage");

    await expect(requireSchema(older)).rejects.toMatchObject({ code: "config" });
    await Promise.all([migrate(older), migrate(older), migrate(older)]);

    await expect(requireSchema(older)).resolves.toBeUndefined();
    const added = { top_session: "", top_session_cost_usd: 0 };
    expect(await older.rows("SELECT * FROM usage")).toEqual([
      { ...(before[0] as object), ...added },
    ]);
    const tables = ["usage", "usage_stage"].map((table) => `${table}.top_session`);
    expect(
      await older.rows(
        `SELECT concat(table, '.', name) AS column FROM system.columns WHERE database = currentDatabase() AND name = 'top_session' ORDER BY column`,
      ),
    ).toEqual(tables.map((column) => ({ column })));
    await engine.stop();
  });

  it("gives analysts the promised columns in the promised order", async () => {
    const columns = await connection.rows<{ name: string }>(
      "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'usage_by_minute' ORDER BY position",
    );

    expect(columns.map(({ name }) => name)).toEqual(VIEW);
  });

  it("explains every table and every column", async () => {
    const silent = await connection.rows(
      `SELECT name FROM system.tables WHERE database = currentDatabase() AND comment = ''
       UNION ALL
       SELECT concat(table, '.', name) FROM system.columns WHERE database = currentDatabase() AND comment = ''`,
    );

    expect(silent).toEqual([]);
  });

  it("lets a predicate on team and minute of the base view skip what the sorting key can skip", async () => {
    await connection.command(
      `INSERT INTO usage (kind, minute, team, requests, writer, batch, arrived)
       SELECT 'delta', toDateTime(1790000000 + intDiv(number, 200) * 60, 'UTC'), concat('team-', toString(number % 200)), 1,
         generateUUIDv4(), toUUID('00000000-0000-0000-0000-000000000000'), toDateTime64('2026-11-01 00:00:00', 3, 'UTC') FROM numbers(400000)`,
    );
    const read = async (where: string): Promise<number> => {
      const plan = await connection.rows<{ explain: string }>(
        `EXPLAIN indexes = 1 SELECT sum(requests) FROM usage_by_minute WHERE ${where}`,
      );
      const granules = plan
        .map(({ explain }) => /Granules: (\d+)\/\d+/.exec(explain))
        .filter((match) => match !== null);
      return Number(granules.at(-1)![1]);
    };

    expect(await read("1")).toBeGreaterThan(40);
    expect(await read("team = 'team-7'")).toBeLessThan(5);
    expect(
      await read("team = 'team-7' AND minute >= toDateTime(1790000000, 'UTC') + INTERVAL 1 DAY"),
    ).toBeLessThan(5);
  });
});

import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { migrateCommand } from "../../src/commands/migrate.ts";
import { readMigrations } from "../../src/store/migrations.ts";
import { temporaryDirectory } from "../support/clickhouse/engine.ts";
import { runCommand } from "../support/clickhouse/run-command.ts";

const names = readMigrations().map(({ name }) => name);
let directory: string;
beforeAll(() => {
  directory = temporaryDirectory();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("migrate", () => {
  it("says what it applied, and then that there is nothing to do", async () => {
    const first = await runCommand(migrateCommand, ["--data", directory]);
    const second = await runCommand(migrateCommand, ["--data", directory, "--json"]);

    expect(first.code).toBe(0);
    expect(first.stdout.split("\n").slice(0, names.length)).toEqual(
      names.map((name) => `applied ${name}`),
    );
    expect(JSON.parse(second.stdout)).toEqual({ applied: [], alreadyApplied: names });
  });

  it("refuses flags it does not know", async () => {
    await expect(runCommand(migrateCommand, ["--force"])).rejects.toMatchObject({ code: "usage" });
  });
});

import { existsSync, rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { migrateCommand } from "../../src/commands/migrate.ts";
import { queryCommand } from "../../src/commands/query.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { openStore, type OpenStore } from "../../src/store/open-store.ts";
import { temporaryDirectory } from "../support/clickhouse/engine.ts";
import { aBatch, aStep } from "../support/clickhouse/pane-builders.ts";
import { runCommand } from "../support/clickhouse/run-command.ts";

const SPEND = "SELECT team, requests FROM usage_by_minute ORDER BY team";
let directory: string;

/** As `run` does. */
async function store(): Promise<OpenStore> {
  const opened = await openStore({
    settings: { DATA_DIR: directory, CLICKHOUSE_PORT: 0 },
    logger: silentLogger,
    mode: "write",
  });
  return opened;
}

beforeAll(async () => {
  directory = temporaryDirectory();
  const opened = await store();
  const panes = opened.paneStore();
  await panes.claim([{ topic: "t", partition: 0 }]);
  await panes.append(
    aBatch(
      [aStep({ topic: "t", endOffset: 2 })],
      [
        { team: "search", requests: 3 },
        { team: "ads", requests: 2 },
      ],
    ),
  );
  await opened.close();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const query = (argv: readonly string[], data = directory) =>
  runCommand(queryCommand, [...argv, "--data", data]);

describe("query", () => {
  it("prints tab-separated rows with names where nobody looks at a terminal", async () => {
    expect(await query([SPEND])).toEqual({
      code: 0,
      stdout: "team\trequests\nads\t2\nsearch\t3\n",
    });
  });

  it("prints the format asked for", async () => {
    const { stdout } = await query([SPEND, "--format", "JSONEachRow"]);

    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { team: "ads", requests: 2 },
      { team: "search", requests: 3 },
    ]);
  });

  it("leaves a format that the statement names as it is", async () => {
    expect((await query([`${SPEND} FORMAT CSV`])).stdout).toBe('"ads",2\n"search",3\n');
  });

  it("reads through the engine of the process that holds the directory, and leaves it running", async () => {
    const holder = await store();

    const both = await Promise.all([query([SPEND]), query(["SELECT count() FROM rejected"])]);

    expect(both.map(({ stdout }) => stdout)).toEqual([
      "team\trequests\nads\t2\nsearch\t3\n",
      "count()\n0\n",
    ]);
    expect(await holder.incidentStore.loadIncidents(0)).toEqual([]);
    await holder.close();
  });

  it.each([
    ["DROP TABLE usage", "497"],
    ["INSERT INTO claims SELECT 't', 0, 1, generateUUIDv4(), now64(3)", "497"],
    ["SELECT file('/etc/passwd')", "395"],
    ["SELECT nonsense", "47"],
    ["SELEC 1 FROM", "62"],
    ["", null],
  ])("answers %j with one clear line", async (sql, code) => {
    const answer = query([sql]);

    await expect(answer).rejects.toMatchObject(
      code === null
        ? { code: "usage" }
        : {
            code: "store_refused",
            message: expect.stringMatching(new RegExp(`^clickhouse answered code ${code} .*$`)),
          },
    );
  });

  it("fails when the engine fails after the answer has begun, and prints only rows", async () => {
    const late = query([
      "SELECT throwIf(number = 3000000, 'late') FROM numbers(4000000) SETTINGS max_block_size = 1000",
    ]);

    await expect(late).rejects.toMatchObject({ message: expect.stringContaining("late") });
  });

  it("refuses a directory without data and creates none", async () => {
    const nowhere = `${directory}-none`;

    await expect(query([SPEND], nowhere)).rejects.toMatchObject({
      code: "data_dir",
      message: expect.stringContaining("--data"),
    });
    expect(existsSync(nowhere)).toBe(false);
  });

  it.each([
    [["--nonsense", SPEND]],
    [[]],
    [["SELECT 1", "SELECT 2"]],
    [["SELECT 1", "--format", "CSV; DROP"]],
  ])("refuses to be used wrongly: %j", async (argv) => {
    await expect(runCommand(queryCommand, argv)).rejects.toMatchObject({ code: "usage" });
  });
});

describe("query and migrate on a server", () => {
  it("read and change the server's database, read-only where asked to read", async () => {
    const holder = await store();
    const { port } = new URL(holder.readerUrl);
    const { readFileSync } = await import("node:fs");
    const secrets = JSON.parse(readFileSync(`${directory}/secrets.json`, "utf8")) as {
      writerPassword: string;
    };
    const CLICKHOUSE_URL = `http://writer:${secrets.writerPassword}@127.0.0.1:${port}/spikewatch`;

    const migrated = await runCommand(migrateCommand, ["--json"], { CLICKHOUSE_URL });
    const read = await runCommand(queryCommand, [SPEND], { CLICKHOUSE_URL });
    const write = runCommand(queryCommand, ["DROP TABLE usage"], { CLICKHOUSE_URL });

    expect(JSON.parse(migrated.stdout)).toMatchObject({ applied: [] });
    expect(read.stdout).toBe("team\trequests\nads\t2\nsearch\t3\n");
    await expect(write).rejects.toMatchObject({
      code: "store_refused",
      message: expect.stringContaining("164"),
    });
    await holder.close();
  });

  it("say that a server does not answer", async () => {
    const nobody = runCommand(queryCommand, ["SELECT 1"], {
      CLICKHOUSE_URL: "http://127.0.0.1:1/x",
    });

    await expect(nobody).rejects.toMatchObject({ code: "store_unavailable" });
  });
});

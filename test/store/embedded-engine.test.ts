import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { SystemClock } from "../../src/runtime/clock.ts";
import { DataDir } from "../../src/store/data-dir.ts";
import { EmbeddedEngine } from "../../src/store/embedded-engine.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { startTestEngine, type TestEngine } from "../support/clickhouse/engine.ts";

const clock = new SystemClock();
const anEngine = (directory: string, port = 0): EmbeddedEngine =>
  new EmbeddedEngine({ directory: new DataDir(directory), port, clock, logger: silentLogger });

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("waited in vain");
    await clock.sleep(10);
  }
}

describe("EmbeddedEngine", () => {
  let test: TestEngine;
  beforeAll(async () => {
    test = await startTestEngine();
    await test
      .connect()
      .command("INSERT INTO claims VALUES ('t', 0, 1, generateUUIDv4(), now64(3))");
  });
  afterAll(() => test.stop());

  const asReader = (sql: string, query = ""): Promise<{ status: number; body: string }> =>
    http(`/?user=reader${query}`, sql);
  const http = (
    path: string,
    body: string,
    headers = {},
  ): Promise<{ status: number; body: string; headers: object }> =>
    new Promise((resolve, reject) => {
      const { port } = new URL(test.engine.url);
      const call = request(
        { host: "127.0.0.1", port, path, method: "POST", headers, agent: false },
        (response) => {
          let text = "";
          response.on("data", (chunk: Buffer) => (text += chunk.toString()));
          response.on("end", () =>
            resolve({ status: response.statusCode!, body: text, headers: response.headers }),
          );
        },
      );
      call.on("error", reject).end(body);
    });

  it("answers the reader without a password, by GET as curl asks", async () => {
    const response = await fetch(
      `${test.engine.url}/?user=reader&query=${encodeURIComponent("SELECT count() FROM claims")}`,
    );

    expect([response.status, await response.text()]).toEqual([200, "1\n"]);
  });

  it.each([
    "INSERT INTO claims VALUES ('t', 0, 9, generateUUIDv4(), now64(3))",
    "CREATE TABLE x (a Int8) ENGINE = Memory",
    "CREATE TEMPORARY TABLE x (a Int8) ENGINE = Memory",
    "CREATE VIEW x AS SELECT 1",
    "CREATE FUNCTION f AS (x) -> x",
    "CREATE OR REPLACE FUNCTION file AS (x) -> x",
    "DROP FUNCTION file",
    "CREATE DATABASE x",
    "CREATE USER x",
    "CREATE DICTIONARY d (a UInt64) PRIMARY KEY a SOURCE(FILE(path '/etc/passwd' format 'CSV')) LAYOUT(FLAT()) LIFETIME(0)",
    "ATTACH TABLE x (a String) ENGINE = File(LineAsString, '/etc/passwd')",
    "DROP TABLE claims",
    "TRUNCATE TABLE claims",
    "RENAME TABLE claims TO c",
    "ALTER TABLE claims DELETE WHERE 1",
    "ALTER TABLE claims ADD COLUMN x Int8",
    "DELETE FROM claims WHERE 1",
    "OPTIMIZE TABLE claims",
    "BACKUP TABLE claims TO Disk('default', 'x')",
    "SYSTEM SHUTDOWN",
    "SYSTEM STOP LISTEN HTTP",
    "SYSTEM STOP MERGES usage",
    "SYSTEM FLUSH LOGS",
    "KILL QUERY WHERE 1",
    "GRANT ALL ON *.* TO reader",
    "SHOW GRANTS FOR writer",
    "SHOW CREATE USER writer",
    "SHOW USERS",
    "SHOW PROCESSLIST",
    "SELECT * FROM system.users",
    "SELECT * FROM system.processes",
    "SELECT * FROM system.macros",
    "SELECT * FROM system.server_settings",
    "SELECT * FROM merge('system', '^users$')",
    "SET readonly = 0",
    "SELECT 1 SETTINGS readonly = 0",
    "SET max_memory_usage = 0",
    "SET max_execution_time = 0",
    "SET add_http_cors_header = 1",
    "SELECT 1 INTO OUTFILE '/tmp/spikewatch-stolen'",
    "SELECT file('/etc/passwd')",
    "SELECT file('/etc/passwd', 'none')",
    "SELECT * APPLY(file) FROM (SELECT '/etc/passwd' AS a)",
    "SELECT arrayMap(x -> file(x), ['/etc/passwd'])",
    "SELECT file('/etc/passwd') SETTINGS enable_analyzer = 0",
    "SELECT * FROM file('/etc/passwd', LineAsString)",
    "SELECT * FROM filesystem('/etc')",
    "SELECT * FROM url('http://127.0.0.1:1/', LineAsString)",
    "SELECT * FROM remote('127.0.0.1', system.one)",
    "SELECT * FROM executable('id', TSV, 'a String')",
    "SELECT * FROM s3('http://127.0.0.1:1/bucket/x.csv', 'CSV')",
    "SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
    "INSERT INTO FUNCTION file('/tmp/spikewatch-stolen', CSV, 'a Int8') VALUES (1)",
    "SELECT 1; DROP TABLE claims",
  ])("refuses the reader: %s", async (sql) => {
    const { status, body } = await asReader(sql);

    expect(status).not.toBe(200);
    expect(body).toMatch(/^Code: (60|62|164|358|395|36|452|497|636)\b/);
    expect(existsSync("/tmp/spikewatch-stolen")).toBe(false);
    expect((await asReader("SELECT count() FROM claims")).body).toBe("1\n");
  });

  it.each([
    "&readonly=0",
    "&readonly=1&max_result_rows=0",
    "&max_memory_usage=9000000000",
    "&add_http_cors_header=1",
  ])("refuses the reader to raise its rights by URL: %s", async (settings) => {
    expect((await asReader("SELECT 1", settings)).status).not.toBe(200);
  });

  it("refuses the boot session's user over HTTP", async () => {
    expect((await http("/", "SYSTEM STOP LISTEN HTTP")).body).toMatch(/QUOTA_EXCEEDED/);
    expect((await http("/?user=default", "SELECT * FROM system.numbers LIMIT 1")).status).not.toBe(
      200,
    );
    expect((await http("/?user=default", "SELECT * FROM spikewatch.claims")).status).not.toBe(200);
    expect((await http("/?user=default", "CREATE DATABASE x")).status).not.toBe(200);
  });

  it("refuses the writer without its password", async () => {
    expect((await http("/?user=writer", "SELECT 1")).status).not.toBe(200);
    expect((await http("/?user=writer&password=writer", "SELECT 1")).status).not.toBe(200);
  });

  it("does not answer to a foreign Host, so that no web page reaches it by a name of its own", async () => {
    expect((await http("/?user=reader", "SELECT 1", { host: "evil.example:8123" })).status).toBe(
      404,
    );
    expect((await http("/?user=reader", "SELECT 1", { host: "localhost:8123" })).status).toBe(200);
  });

  it("keeps everything of its own for its owner only", () => {
    const modes = readdirSync(test.directory).map((name) => [
      name,
      (statSync(join(test.directory, name)).mode & 0o777).toString(8),
    ]);

    expect(Object.fromEntries(modes)).toEqual({
      "config.xml": "600",
      data: "700",
      "engine.json": "600",
      "holder.lock": "600",
      "secrets.json": "600",
      "users.xml": "600",
    });
    expect((statSync(test.directory).mode & 0o777).toString(8)).toBe("700");
  });

  it("shows no secret in the process list and gives the engine none of our environment", () => {
    const secrets = JSON.parse(readFileSync(join(test.directory, "secrets.json"), "utf8")) as {
      writerPassword: string;
    };
    const process = `/proc/${test.engine.pid!}`;

    expect(secrets.writerPassword).toHaveLength(32);
    expect(readFileSync(`${process}/cmdline`, "utf8")).not.toContain(secrets.writerPassword);
    expect(readFileSync(`${process}/environ`, "utf8")).not.toContain("PATH=");
  });

  it("is started again on the same port when it dies, with what was stored", async () => {
    const before = test.engine.pid!;

    process.kill(before, "SIGKILL");
    await until(() => test.engine.pid !== before);
    await until(
      async () => (await asReader("SELECT count() FROM claims").catch(() => null))?.body === "1\n",
    );

    expect(test.engine.pid).not.toBe(before);
    const metric = await test.metrics.engineRestarts.get();
    expect(metric.values[0]!.value).toBe(1);
  });

  it("refuses a second engine on the same directory and names the holder", async () => {
    await expect(anEngine(test.directory).start()).rejects.toMatchObject({
      code: "data_dir",
      message: expect.stringContaining(`process ${process.pid}`),
    });
    expect((await asReader("SELECT 1")).status).toBe(200);
  });

  it("refuses a directory whose engine runs, although the lock of its holder is gone", async () => {
    const lock = join(test.directory, "holder.lock");
    const text = readFileSync(lock, "utf8");
    rmSync(lock);

    await expect(anEngine(test.directory).start()).rejects.toMatchObject({ code: "data_dir" });
    writeFileSync(lock, text, { mode: 0o600 });
  }, 30_000);
});

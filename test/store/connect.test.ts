import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { connect, type Connection } from "../../src/store/connect.ts";
import { claimQuery } from "../../src/store/queries.ts";

/** Answers every statement with nothing, and keeps what it was asked: address and text. */
let server: Server;
let url: string;
let asked: { readonly address: URL; readonly text: string }[];
const opened: Connection[] = [];

function open(options: Omit<Parameters<typeof connect>[0], "url"> = {}): Connection {
  const connection = connect({ url, ...options });
  opened.push(connection);
  return connection;
}

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const address = new URL(request.url ?? "", "http://localhost");
      asked.push({ address, text: Buffer.concat(chunks).toString("utf8") });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  for (const connection of opened.splice(0)) await connection.close();
  await new Promise((resolve) => server.close(resolve));
});

/** Seconds that the engine is given for the only statement: the statement's own setting goes before that of the request. */
function limit(): number {
  expect(asked).toHaveLength(1);
  const [{ address, text } = { address: new URL(url), text: "" }] = asked;
  const sql = `${address.searchParams.get("query") ?? ""} ${text}`;
  const own = /max_execution_time = (\d+)/.exec(sql)?.[1];
  return Number(own ?? address.searchParams.get("max_execution_time") ?? NaN);
}

describe("connect", () => {
  it.each<[string, number, (connection: Connection) => Promise<unknown>]>([
    ["rows", 30, (one) => one.rows("SELECT 1")],
    ["rowChunks", 300, (one) => one.rowChunks("SELECT 1")[Symbol.asyncIterator]().next()],
    ["command", 60, (one) => one.command("ALTER TABLE usage DROP PART 'x'")],
    ["insert", 60, (one) => one.insert("INSERT INTO t FORMAT RowBinary", [Buffer.from("x")])],
    ["text", 60, (one) => one.text("SELECT sleep(3)")[Symbol.asyncIterator]().next()],
  ])("limits the time that the engine may take for %s: %i s", async (_, seconds, call) => {
    await call(open());

    expect(limit()).toBe(seconds);
  });

  it("limits a statement of a read-only connection, and one that may take an hour", async () => {
    await open({ readOnly: true }).command("SELECT 1");
    expect(limit()).toBe(60);
    expect(asked[0]?.address.searchParams.get("readonly")).toBe("2");

    asked = [];
    await open({ requestTimeoutMs: 3_600_000 }).command("OPTIMIZE TABLE usage FINAL");
    expect(limit()).toBe(3_600);
  });

  it("leaves a statement its own limit: a claim must not be stored long after it was made", async () => {
    const writer = "00000000-0000-4000-8000-000000000001";
    const { sql, params } = claimQuery([{ topic: "token-usage", partition: 0 }], writer, 0);

    await open().command(sql, { params });

    expect(limit()).toBe(10);
  });
});

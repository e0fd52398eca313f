import { rmSync } from "node:fs";
import { ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { openStore, type OpenStore, type OpenStoreOptions } from "../../src/store/open-store.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import {
  startTestEngine,
  temporaryDirectory,
  type TestEngine,
} from "../support/clickhouse/engine.ts";
import { aBatch, aStep } from "../support/clickhouse/pane-builders.ts";

let directory: string;
const opened: OpenStore[] = [];
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(async () => {
  for (const store of opened.splice(0).reverse()) await store.close();
  rmSync(directory, { recursive: true, force: true });
});

async function open(mode: OpenStoreOptions["mode"], url?: string): Promise<OpenStore> {
  const settings = { DATA_DIR: directory, CLICKHOUSE_PORT: 0, CLICKHOUSE_URL: url };
  const store = await openStore({ settings, logger: silentLogger, mode });
  opened.push(store);
  return store;
}

async function answer(store: OpenStore, sql: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.query(sql, "TSV")) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8").trim();
}

const anAction = {
  action_id: "a",
  incident_id: "i",
  action: "acknowledge",
  actor: "ana",
  at_ms: 1_000,
  until_ms: null,
} as const;

describe("openStore", () => {
  it("starts the engine, applies the schema, and prints an address that curl can use", async () => {
    const store = await open("write");

    const response = await fetch(`${store.readerUrl}&query=SELECT+count()+FROM+usage_by_minute`);

    expect(store.migrations?.applied.length).toBeGreaterThan(0);
    expect([response.status, await response.text()]).toEqual([200, "0\n"]);
  });

  it("lets the real client read as reader, and write nothing", async () => {
    const store = await open("write");
    const panes = store.paneStore();
    await panes.claim([{ topic: "t", partition: 0 }]);
    await panes.append(aBatch([aStep({ topic: "t", endOffset: 1 })], [{ team: "a", requests: 5 }]));
    const client = createClient({
      url: new URL(store.readerUrl).origin,
      username: "reader",
      database: "spikewatch",
      log: { level: ClickHouseLogLevel.OFF },
    });

    const rows = await (
      await client.query({
        query: "SELECT team, requests FROM usage_by_minute",
        format: "JSONEachRow",
      })
    ).json();

    expect(rows).toEqual([{ team: "a", requests: 5 }]);
    await expect(
      client.insert({ table: "claims", values: [{ topic: "x" }], format: "JSONEachRow" }),
    ).rejects.toThrow(/ACCESS_DENIED|Not enough privileges/i);
    await client.close();
  });

  it("attaches to the engine of the holder for small writes, and stops nothing when it closes", async () => {
    const holder = await open("write");

    const visitor = await open("attach");
    await visitor.incidentStore.saveAction(anAction);
    await visitor.close();

    expect(await holder.incidentStore.loadActions(0)).toEqual([anAction]);
  });

  it("attaches to a directory that nobody holds by holding it for the moment", async () => {
    const visitor = await open("attach");
    await visitor.incidentStore.saveAction(anAction);
    await visitor.close();

    expect(await answer(await open("read"), "SELECT actor FROM incident_actions")).toBe("ana");
  });

  it("lets only one process write", async () => {
    await open("write");

    await expect(open("write")).rejects.toMatchObject({ code: "data_dir" });
  });

  describe("with a server", () => {
    let server: TestEngine;
    beforeEach(async () => (server = await startTestEngine({ schema: false })));
    afterEach(() => server.stop());
    const url = (): string => {
      const { port } = new URL(server.engine.url);
      return `http://writer:${server.engine.writerPassword}@127.0.0.1:${port}/spikewatch`;
    };

    it("wants the schema to be applied by the command for it, and never shows the password", async () => {
      await expect(open("write", url())).rejects.toMatchObject({
        code: "config",
        message: expect.stringContaining("spikewatch migrate"),
      });
      await open("migrate", url());

      const store = await open("write", url());

      expect(store.migrations).toBeNull();
      expect(store.readerUrl).not.toContain(server.engine.writerPassword);
      expect(await answer(store, "SELECT count() FROM usage")).toBe("0");
      await expect(answer(store, "TRUNCATE TABLE usage")).rejects.toMatchObject({
        code: "store_refused",
      });
    });
  });
});

import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Connection } from "../../src/store/connect.ts";
import { openStore, type OpenStore } from "../../src/store/open-store.ts";
import type { CommittedUse } from "../../src/store/rows.ts";
import { UseHistory } from "../../src/store/use-history.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { startTestEngine, type TestEngine } from "../support/clickhouse/engine.ts";
import { aBatch, aStep } from "../support/clickhouse/pane-builders.ts";

let engine: TestEngine;
let store: OpenStore;

const open = (mode: "read" | "attach"): Promise<OpenStore> =>
  openStore({
    settings: { DATA_DIR: engine.directory, CLICKHOUSE_PORT: 0 },
    logger: silentLogger,
    mode,
  });

beforeAll(async () => {
  engine = await startTestEngine();
  store = await open("read");
});
afterAll(async () => {
  await store.close();
  await engine.stop();
});

async function all(history: UseHistory, span: { from: number; to: number }) {
  const chunks: CommittedUse[][] = [];
  for await (const chunk of history.uses(span)) chunks.push([...chunk]);
  return chunks;
}

describe("UseHistory", () => {
  it("knows of nothing where nothing is stored", async () => {
    expect(await (await store.useHistory()).span()).toBeNull();
  });

  it("gives what commits added, summed by minute and names, in order of time", async () => {
    const writer = await open("attach");
    const panes = writer.paneStore();
    await panes.claim([{ topic: "t", partition: 0 }]);
    const day = 29_000_160;
    const rows = [
      { minuteMs: 60_000 * (day + 1440), team: "b", requests: 7 },
      { minuteMs: 60_000 * (day + 3), team: "b", requests: 2, session: ["s", 1e9] as const },
      { minuteMs: 60_000 * (day + 3), team: "a", requests: 1 },
    ];
    await panes.append(aBatch([aStep({ topic: "t", endOffset: 3 })], rows));
    await panes.append(aBatch([aStep({ topic: "t", expectedEnd: 3, endOffset: 4 })], [rows[1]!]));

    await writer.close();
    const history = await store.useHistory();
    const span = await history.span();

    expect(span).toEqual({ from: day + 3, to: day + 1441 });
    const found = (await all(history, span!)).flat();
    expect(found.map(({ minute, team, requests }) => [minute - day, team, requests])).toEqual([
      [3, "a", 1],
      [3, "b", 4],
      [1440, "b", 7],
    ]);
    expect(found.map(({ session, sessionUsd }) => [session, sessionUsd])).toEqual([
      ["", 0],
      ["s", 2],
      ["", 0],
    ]);
    expect((await all(history, { from: day + 4, to: day + 1440 })).flat()).toEqual([]);
  });

  it("parts no minute, however rows arrive", async () => {
    const row = (minute: number) => ({ minute, requests: "1", usd: 1 });
    const chunks = [[row(1), row(2)], [row(2), row(2)], [row(2), row(3), row(4)], [row(4)]];
    const connection = {
      async *rowChunks() {
        for (const chunk of chunks) yield await Promise.resolve(chunk);
      },
    } as unknown as Connection;

    const found = await all(new UseHistory(connection), { from: 0, to: 10 });

    expect(found.map((chunk) => chunk.map(({ minute }) => minute))).toEqual([
      [1],
      [2, 2, 2, 2, 3],
      [4, 4],
    ]);
  });
});

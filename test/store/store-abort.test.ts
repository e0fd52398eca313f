import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { SystemClock } from "../../src/runtime/clock.ts";
import { ClickHouseStore } from "../../src/store/clickhouse-store.ts";
import { connect, type Connection } from "../../src/store/connect.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";

/** Takes connections and never says a word, as a host behind a broken network does. */
let silent: Server;
let sockets: Socket[] = [];
let connection: Connection;
let asked: Promise<void>;

beforeEach(async () => {
  sockets = [];
  asked = new Promise((resolve) => {
    silent = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => undefined).once("data", () => resolve());
    });
  });
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const { port } = silent.address() as AddressInfo;
  connection = connect({ url: `http://127.0.0.1:${port}` });
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await connection.close();
  await new Promise((resolve) => silent.close(resolve));
});

describe("ClickHouseStore whose caller gives up", () => {
  it("ends a claim that waits for an answer, at once", async () => {
    const clock = new SystemClock();
    const store = new ClickHouseStore({
      connection,
      writer: "00000000-0000-4000-8000-000000000001",
      clock,
      logger: silentLogger,
    });
    const giveUp = new AbortController();
    const claimed = store.claim([{ topic: "token-usage", partition: 0 }], giveUp.signal);
    claimed.catch(() => undefined);
    await asked;
    const startedMs = clock.now();

    giveUp.abort();

    await expect(claimed).rejects.toMatchObject({ code: "store_unavailable" });
    expect(clock.now() - startedMs).toBeLessThan(2_000);
  });
});

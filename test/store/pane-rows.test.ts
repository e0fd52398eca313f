import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { SystemClock } from "../../src/runtime/clock.ts";
import { ClickHouseStore } from "../../src/store/clickhouse-store.ts";
import type { Connection } from "../../src/store/connect.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { startTestEngine, truncateAll, type TestEngine } from "../support/clickhouse/engine.ts";
import { aBatch, aPaneTable, aStep } from "../support/clickhouse/pane-builders.ts";

const P0 = { topic: "token-usage", partition: 0 };
let test: TestEngine;
let connection: Connection;

beforeAll(async () => {
  test = await startTestEngine();
  connection = test.connect();
});
afterAll(() => test.stop());
beforeEach(() => truncateAll(connection));

function aStore(writer: string = randomUUID()): ClickHouseStore {
  return new ClickHouseStore({
    connection,
    writer,
    clock: new SystemClock(),
    logger: silentLogger,
    metrics: test.metrics,
  });
}

describe("PaneRowEncoder", () => {
  it.each([
    "__proto__",
    "constructor",
    `o'clock "x" \\ back`,
    "tab\tline\nend",
    "x".repeat(127),
    "x".repeat(128),
    "日本 🚀 \u{1F469}\u200D\u{1F4BB}",
    "",
  ])("keeps the name %j exactly", async (name) => {
    const store = aStore();
    const source = { topic: `file:${name}`, partition: 0 };
    await store.claim([source]);
    const session = [name, 3] as const;
    const panes = aPaneTable([{ team: name, user: name, label1: name, requests: 1, session }], {
      labelNames: [name],
    });

    const outcome = await store.append({
      steps: [aStep({ ...source, endOffset: 1, fingerprint: name })],
      panes,
    });

    expect(outcome).toEqual({ kind: "stored" });
    expect(await connection.rows("SELECT team, user, labels FROM usage_by_minute")).toEqual([
      { team: name, user: name, labels: Object.fromEntries([[name, name]]) },
    ]);
    expect(
      await connection.rows(
        "SELECT top_session, toString(top_session_cost_usd) AS usd FROM usage WHERE kind = 'delta'",
      ),
    ).toEqual([{ top_session: name, usd: "0.000000003" }]);
    expect(await aStore().claim([source])).toMatchObject([
      { topic: source.topic, fingerprint: name },
    ]);
  });

  it("keeps large counters and nano-dollars to the unit", async () => {
    const store = aStore();
    await store.claim([P0]);
    const big = 2 ** 52;

    await store.append(
      aBatch(
        [aStep({ endOffset: 1 })],
        [
          {
            team: "a",
            output_tokens: big,
            cost_nanos: big - 1,
            max_event_cost_nanos: 1,
            cost_usd_squared: 0.1,
          },
          { team: "a", output_tokens: 1, cost_nanos: 3, agent: "other" },
        ],
      ),
    );

    expect(
      await connection.rows(
        `SELECT toString(sum(cost_usd)) AS cost, sum(output_tokens) AS tokens FROM usage_by_minute WHERE team = 'a'`,
      ),
    ).toEqual([{ cost: "4503599.627370498", tokens: String(big + 1) }]);
    expect(
      await connection.rows(
        "SELECT toString(max(max_event_cost_usd)) AS dearest, sum(cost_usd_squared) AS squares FROM usage",
      ),
    ).toEqual([{ dearest: "0.000000001", squares: 0.1 }]);
  });

  it.each([
    ["a fraction", { output_tokens: 1.5 }],
    ["a negative number", { output_tokens: -1 }],
    ["no number", { cost_nanos: Number.NaN }],
    ["an infinite square", { cost_usd_squared: Infinity }],
    ["a minute after 2106", { minuteMs: Date.UTC(2107, 0, 1) }],
  ])("throws on %s instead of storing something else", async (_what, spec) => {
    const store = aStore();
    await store.claim([P0]);

    await expect(store.append(aBatch([aStep({ endOffset: 1 })], [spec]))).rejects.toThrow(
      RangeError,
    );
    expect(await connection.rows("SELECT 1 FROM usage")).toEqual([]);
  });
});

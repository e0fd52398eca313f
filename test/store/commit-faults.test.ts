import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { SystemClock } from "../../src/runtime/clock.ts";
import { findChainBreaks } from "../../src/store/chain-check.ts";
import { ClickHouseStore } from "../../src/store/clickhouse-store.ts";
import { connect, type Connection } from "../../src/store/connect.ts";
import { DATABASE, WRITER } from "../../src/store/engine-config.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { startTestEngine, truncateAll, type TestEngine } from "../support/clickhouse/engine.ts";
import { FaultProxy, type Fault } from "../support/clickhouse/fault-proxy.ts";
import { aBatch, aStep } from "../support/clickhouse/pane-builders.ts";

const PARTITION = { topic: "token-usage", partition: 0 };
const STATEMENTS = {
  stage: /^INSERT INTO usage_stage/,
  commit: /^INSERT INTO usage \(/,
  "read-back": /^SELECT count\(\) AS mine/,
  claim: /^INSERT INTO claims/,
  checkpoint: /LIMIT 1 BY topic, part/,
};
let test: TestEngine;
let direct: Connection;
let proxy: FaultProxy;
let broken: Connection;
let metrics: Metrics;

beforeAll(async () => {
  test = await startTestEngine();
  direct = test.connect();
});
afterAll(() => test.stop());
beforeEach(async () => {
  await truncateAll(direct);
  metrics = new Metrics();
  proxy = new FaultProxy(test.engine.url);
  const url = await proxy.start();
  const { writerPassword: password } = test.engine;
  broken = connect({ url, username: WRITER, password, database: DATABASE, requestTimeoutMs: 400 });
});
afterEach(async () => {
  await broken.close();
  await proxy.stop();
});

const aStore = (connection: Connection): ClickHouseStore =>
  new ClickHouseStore({
    connection,
    writer: randomUUID(),
    clock: new SystemClock(),
    logger: silentLogger,
    metrics,
  });

/** Three commits of one event each, told from what is really stored. */
async function commitThree(store: ClickHouseStore): Promise<string[]> {
  await store.claim([PARTITION]);
  const kinds = [];
  for (const end of [1, 2, 3]) {
    const step = aStep({ expectedEnd: end === 1 ? null : end - 1, endOffset: end });
    kinds.push((await store.append(aBatch([step]))).kind);
  }
  return kinds;
}

async function stored(): Promise<object> {
  const [row] = await direct.rows<Record<string, string>>(
    "SELECT countIf(kind = 'delta') AS panes, countIf(kind = 'ckpt') AS steps, sum(requests) AS requests FROM usage",
  );
  return { ...row, breaks: await findChainBreaks(direct, [PARTITION]) };
}

const FAULTS: [string, Fault][] = [
  ["is cut before ClickHouse has it", "cut-before"],
  ["is cut after ClickHouse has done it", "cut-after"],
  ["is answered 500 by a gateway", "error-500"],
  ["is answered by somebody who does nothing", "swallow"],
  ["arrives only after we have given up on it", { delayMs: 800 }],
];
const CASES = Object.keys(STATEMENTS).flatMap((statement) =>
  FAULTS.map(([what, fault]) => [statement as keyof typeof STATEMENTS, what, fault] as const),
);

describe("ClickHouseStore in trouble", () => {
  it.each(CASES)("stores each batch once when the %s %s", async (statement, _what, fault) => {
    proxy.plan(STATEMENTS[statement], fault, 2);

    const kinds = await commitThree(aStore(broken));
    await new Promise((resolve) => setTimeout(resolve, typeof fault === "object" ? 900 : 0));

    expect(kinds).toEqual(["stored", "stored", "stored"]);
    expect(await stored()).toEqual({ panes: "3", steps: "3", requests: "3", breaks: [] });
  });

  it.each([
    ["panes", /^INSERT INTO usage_stage \(attempt, kind, minute/],
    ["checkpoints", /^INSERT INTO usage_stage \(attempt, kind, topic/],
  ])("commits nothing of a batch whose %s did not reach the stage", async (_what, statement) => {
    proxy.plan(statement, "swallow");

    await commitThree(aStore(broken));

    expect((await metrics.commitRetries.get()).values[0]!.value).toBe(1);
    expect(await stored()).toEqual({ panes: "3", steps: "3", requests: "3", breaks: [] });
  });

  it("counts a commit that was answered but not stored", async () => {
    proxy.plan(STATEMENTS.commit, "swallow");

    await commitThree(aStore(broken));

    expect((await metrics.commitRetries.get()).values[0]!.value).toBe(1);
  });

  it("says superseded, and stores nothing, when another worker took over while our answer was lost", async () => {
    const [mine, other] = [aStore(broken), aStore(direct)];
    await mine.claim([PARTITION]);
    proxy.plan(STATEMENTS.commit, "cut-before");
    proxy.plan(/system\.processes/, { delayMs: 300 });

    const late = mine.append(aBatch([aStep({ endOffset: 5 })]));
    await other.claim([PARTITION]);
    await other.append(aBatch([aStep({ endOffset: 7 })]));

    expect(await late).toMatchObject({ kind: "superseded", by: [{ endOffset: 7 }] });
    expect(await stored()).toMatchObject({ panes: "1", requests: "1", breaks: [] });
  });

  it("gives up when told to, with an error that says that ClickHouse does not answer", async () => {
    const store = aStore(broken);
    await store.claim([PARTITION]);
    proxy.plan(/./, "cut-before", 1_000);
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 200);

    await expect(
      store.append(aBatch([aStep({ endOffset: 5 })]), abort.signal),
    ).rejects.toMatchObject({
      code: "store_unavailable",
      retryable: true,
    });
  });

  it("does not repeat what ClickHouse refuses for good, and says why", async () => {
    await direct.command("RENAME TABLE usage_stage TO usage_stage_hidden");
    const store = aStore(direct);

    const refused = store.append(aBatch([aStep({ endOffset: 5 })]));

    await expect(refused).rejects.toMatchObject({
      code: "store_refused",
      retryable: false,
      message: expect.stringContaining("code 60"),
    });
    await direct.command("RENAME TABLE usage_stage_hidden TO usage_stage");
  });
});

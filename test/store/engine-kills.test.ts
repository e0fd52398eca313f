import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { SystemClock } from "../../src/runtime/clock.ts";
import { findChainBreaks } from "../../src/store/chain-check.ts";
import { ClickHouseStore } from "../../src/store/clickhouse-store.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { startTestEngine, type TestEngine } from "../support/clickhouse/engine.ts";
import { aBatch, aStep } from "../support/clickhouse/pane-builders.ts";

const KILLS = 20;
const PANES = 500;
const PARTITIONS = [0, 1].map((partition) => ({ topic: "token-usage", partition }));
const clock = new SystemClock();
let test: TestEngine;

beforeAll(async () => (test = await startTestEngine()));
afterAll(() => test.stop());

/** Ends the engine at random instants until `KILLS` of them hit. */
async function killEngine(): Promise<void> {
  for (let kills = 0; kills < KILLS; kills++) {
    const { pid } = test.engine;
    await clock.sleep(Math.random() * 700);
    process.kill(pid!, "SIGKILL");
    while (test.engine.pid === pid) await clock.sleep(5);
    while (
      !(await fetch(`${test.engine.url}/ping`).then(
        () => true,
        () => false,
      ))
    )
      await clock.sleep(5);
  }
}

describe("ClickHouseStore over an engine that is killed again and again", () => {
  it(`counts every commit once over ${KILLS} kills at random instants`, async () => {
    const connection = test.connect();
    const store = new ClickHouseStore({
      connection,
      writer: randomUUID(),
      clock,
      logger: silentLogger,
    });
    const specs = Array.from({ length: PANES }, (_, index) => ({
      user: `u${index}`,
      requests: 1,
      cost_nanos: 1,
    }));
    await store.claim(PARTITIONS);

    const over = new AbortController();
    const killer = killEngine().finally(() => over.abort());
    let end = 0;
    while (!over.signal.aborted) {
      const expectedEnd = end === 0 ? null : end;
      end += PANES;
      const steps = PARTITIONS.map((partition) =>
        aStep({ ...partition, expectedEnd, endOffset: end }),
      );
      expect(await store.append(aBatch(steps, specs))).toEqual({ kind: "stored" });
    }
    await killer;

    const [sums] = await connection.rows(
      "SELECT sum(requests) AS requests, toString(sum(cost_usd)) AS cost, countIf(kind = 'ckpt') AS steps FROM usage",
    );
    // How many commits fit between the kills is the machine's affair; that some did is not.
    expect(end).toBeGreaterThan((KILLS / 4) * PANES);
    expect(sums).toEqual({
      requests: String(end),
      cost: (end / 1e9).toFixed(9).replace(/0+$/, ""),
      steps: String((2 * end) / PANES),
    });
    expect(await findChainBreaks(connection, PARTITIONS)).toEqual([]);
    expect(await store.claim(PARTITIONS)).toMatchObject([{ endOffset: end }, { endOffset: end }]);
  }, 120_000);
});

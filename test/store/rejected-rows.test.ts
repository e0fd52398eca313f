import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { SystemClock } from "../../src/runtime/clock.ts";
import { ClickHouseStore } from "../../src/store/clickhouse-store.ts";
import { connect, type Connection } from "../../src/store/connect.ts";
import { DATABASE, WRITER } from "../../src/store/engine-config.ts";
import type { CommitBatch, RejectedRow } from "../../src/store/store.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { startTestEngine, truncateAll, type TestEngine } from "../support/clickhouse/engine.ts";
import { FaultProxy, type Fault } from "../support/clickhouse/fault-proxy.ts";
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

function aStore(to: Connection = connection): ClickHouseStore {
  const clock = new SystemClock();
  return new ClickHouseStore({ connection: to, writer: randomUUID(), clock, logger: silentLogger });
}

function aRejectedRow(row: Partial<RejectedRow> = {}): RejectedRow {
  const raw = Uint8Array.of(0, 255, 10, 34);
  return {
    ...P0,
    incarnation: 0,
    offset: 5,
    event: 1,
    reason: "invalid_json",
    detail: "x'\\",
    raw,
    rawBytes: raw.length,
    ...row,
  };
}

/** Records [from, to): all but the rejected ones accepted. */
function aCommit(from: number | null, to: number, rejected: readonly RejectedRow[]): CommitBatch {
  const records = to - (from ?? 0);
  const accepted = records - rejected.length;
  const counts = { records, accepted, rejected: rejected.length, duplicates: 0, ignored: 0 };
  const step = aStep({ expectedEnd: from, endOffset: to, counts });
  return { ...aBatch([step], [{ team: "search", requests: accepted }]), rejected };
}

async function shown(): Promise<string[]> {
  const sql =
    "SELECT concat(toString(offset), '/', toString(event)) AS one FROM rejected ORDER BY one";
  return (await connection.rows<{ one: string }>(sql)).map(({ one }) => one);
}

/** Events by their fate, as the checkpoints tell and as the rows are. */
async function accounts(): Promise<object> {
  const [told] = await connection.rows<object>(
    "SELECT sum(records) AS records, sum(accepted) AS accepted, sum(rejected) AS rejected FROM usage WHERE kind = 'ckpt'",
  );
  const [rows] = await connection.rows<object>(
    "SELECT (SELECT sum(requests) FROM usage_by_minute) AS counted, (SELECT count() FROM rejected) AS kept",
  );
  return { ...told, ...rows };
}

describe("rejectedRows", () => {
  it("keeps a rejected event whole, with its reason, in the commit of what was counted beside it", async () => {
    const store = aStore();
    await store.claim([P0]);

    await store.append(aCommit(null, 10, [aRejectedRow(), aRejectedRow({ event: 2 })]));

    const rows = await connection.rows(
      "SELECT topic, part, incarnation, offset, event, reason, detail, hex(raw) AS raw, raw_bytes, arrived > now() - 60 AS fresh FROM rejected ORDER BY event",
    );
    expect(rows).toEqual([
      {
        topic: "token-usage",
        part: 0,
        incarnation: 0,
        offset: "5",
        event: 1,
        reason: "invalid_json",
        detail: "x'\\",
        raw: "00FF0A22",
        raw_bytes: "4",
        fresh: 1,
      },
      expect.objectContaining({ event: 2 }),
    ]);
  });

  it("shows nothing of a batch that was refused, so that the next reader's verdict stands alone", async () => {
    const [zombie, owner] = [aStore(), aStore()];
    await zombie.claim([P0]);
    await owner.claim([P0]);

    const refused = await zombie.append(aCommit(null, 10, [aRejectedRow({ offset: 5 })]));
    const hidden = await shown();
    await owner.append(aCommit(null, 8, [aRejectedRow({ offset: 3 })]));
    await owner.append(aCommit(8, 9, []));

    expect([refused.kind, hidden]).toEqual(["superseded", []]);
    expect(await shown()).toEqual(["3/1"]);
    expect(await accounts()).toEqual({
      records: "9",
      accepted: "8",
      rejected: "1",
      counted: "8",
      kept: "1",
    });
  });

  it("stores events of which none is good", async () => {
    const store = aStore();
    await store.claim([P0]);
    const rejected = [aRejectedRow({ offset: 0 })];

    await store.append({ ...aCommit(null, 1, rejected), panes: aPaneTable([]) });

    expect(await shown()).toEqual(["0/1"]);
    expect(await aStore().claim([P0])).toMatchObject([{ endOffset: 1 }]);
  });

  it("refuses rejected events without a step that covers them", async () => {
    const store = aStore();
    await store.claim([P0]);
    await store.append(aCommit(null, 10, []));
    const standing = { ...aCommit(10, 10, [aRejectedRow()]), panes: aPaneTable([]) };

    await expect(store.append(standing)).rejects.toMatchObject({ code: "internal" });
  });

  it("stores 40 MB of rejected events and the panes beside them as one part", async () => {
    const store = aStore();
    await store.claim([P0]);
    const raw = new Uint8Array(65_536).fill(120);
    const rejected = Array.from({ length: 640 }, (_, offset) => aRejectedRow({ offset, raw }));

    await store.append(aCommit(null, 1_000, rejected));

    const [row] = await connection.rows(
      "SELECT count() AS n, uniqExact(_part) AS parts, sum(length(raw)) AS bytes FROM usage",
    );
    expect(row).toEqual({ n: "642", parts: "1", bytes: String(640 * 65_536) });
  });
});

describe("rejectedRows in trouble", () => {
  const FAULTS: [string, Fault][] = [
    ["cut before ClickHouse has it", "cut-before"],
    ["cut after ClickHouse has done it", "cut-after"],
    ["answered by somebody who does nothing", "swallow"],
  ];
  const STATEMENTS = {
    stage: /^INSERT INTO usage_stage \(attempt, kind, topic.*raw/,
    commit: /^INSERT INTO usage \(/,
  };
  const CASES = Object.entries(STATEMENTS).flatMap(([name, statement]) =>
    FAULTS.map(([what, fault]) => ({ name, what, statement, fault })),
  );

  it.each(CASES)("keeps each event once when its $name is $what", async ({ statement, fault }) => {
    const proxy = new FaultProxy(test.engine.url);
    const url = await proxy.start();
    const { writerPassword: password } = test.engine;
    const login = { username: WRITER, password, database: DATABASE };
    const broken = connect({ url, ...login, requestTimeoutMs: 400 });
    proxy.plan(statement, fault, 2);
    const store = aStore(broken);
    await store.claim([P0]);

    for (const end of [10, 20, 30]) {
      const rejected = [aRejectedRow({ offset: end - 1 })];
      await store.append(aCommit(end === 10 ? null : end - 10, end, rejected));
    }

    expect(await shown()).toEqual(["19/1", "29/1", "9/1"]);
    expect(await accounts()).toEqual({
      records: "30",
      accepted: "27",
      rejected: "3",
      counted: "27",
      kept: "3",
    });
    await broken.close();
    await proxy.stop();
  });
});

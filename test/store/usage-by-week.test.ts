import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Connection } from "../../src/store/connect.ts";
import { startTestEngine, type TestEngine } from "../support/clickhouse/engine.ts";

let test: TestEngine;
let connection: Connection;

beforeAll(async () => {
  test = await startTestEngine();
  connection = test.connect();
});
afterAll(() => test.stop());

/** A year of commits, one a day. */
async function storeAYear(): Promise<void> {
  await connection.command(
    `INSERT INTO usage (kind, minute, team, user, labels, price_version, requests, cost_usd, writer, batch, arrived)
     SELECT 'delta', toDateTime('2025-06-01 12:00:00', 'UTC') + INTERVAL number DAY, concat('t', toString(number % 3)), '__proto__',
       map('region', 'eu'), '2026-11', number, toDecimal64(number, 9) / 3, generateUUIDv4(1), generateUUIDv4(2),
       toDateTime64('2025-06-01 23:59:59.999', 3, 'UTC') + INTERVAL number DAY
     FROM numbers(365) SETTINGS max_partitions_per_insert_block = 1000`,
  );
  await connection.command(
    `INSERT INTO usage (kind, topic, part, first_offset, end_offset, fingerprint, records, reason, raw, writer, batch, arrived)
     SELECT CAST(2 + number % 3 AS Enum8('ckpt' = 2, 'gap' = 3, 'rejected' = 4)), 'orders', number % 2, number, number + 1, 'crc', 1, 'invalid_json', 'x', generateUUIDv4(1),
       generateUUIDv4(2), toDateTime64('2025-06-01 23:59:59.999', 3, 'UTC') + INTERVAL number DAY
     FROM numbers(365) SETTINGS max_partitions_per_insert_block = 1000`,
  );
}

describe("weeks of arrival", () => {
  it("makes a partition of each week that begins on Monday, whatever the event times", async () => {
    await storeAYear();
    const weeks = await connection.rows<{ week: string; day: number; days: string }>(
      `SELECT _partition_id AS week, toDayOfWeek(toDate(min(arrived), 'UTC')) AS day, uniqExact(toDate(arrived)) AS days
       FROM usage GROUP BY week ORDER BY week`,
    );

    expect(weeks).toHaveLength(53);
    expect(weeks[1]).toEqual({ week: "20250602", day: 1, days: "7" });
  });

  it("takes commits as before: staged rows know nothing of folding", async () => {
    const kinds = async (table: string): Promise<string> => {
      const [row] = await connection.rows<{ type: string }>(
        `SELECT type FROM system.columns WHERE database = currentDatabase() AND table = '${table}' AND name = 'kind'`,
      );
      return row!.type;
    };

    expect(await kinds("usage")).toContain("'folding delta'");
    expect(await kinds("usage_stage")).not.toContain("folding");
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { KAFKA_START_MS } from "../support/kafka/test-kafka.ts";
import { anEventAt, VerifyScene } from "./verify-scene.ts";

let scene: VerifyScene;
let topic = "";
let path = "";

beforeAll(async () => {
  scene = await VerifyScene.start();
  topic = await scene.kafka.createTopic("verify-planted", { partitions: 2 });
  path = scene.pipeline([topic]);
  for (const partition of [0, 1]) {
    const events = Array.from({ length: 200 }, (_, index) =>
      anEventAt(index / 20, { id: `p${partition}-${index}`, team: `team-${index % 4}` }),
    );
    await scene.produce(topic, events, { partition });
  }
}, KAFKA_START_MS);
beforeEach(async () => {
  await scene.reset();
  await scene.ingest(path);
});
afterAll(() => scene.stop());

/** Changes rows of usage behind the program's back. */
async function tamper(sql: string): Promise<void> {
  await scene.connection.command(`${sql} SETTINGS mutations_sync = 1`);
}

/** Checkpoint rows of partition 0 in order. */
function links(): Promise<{ batch: string; first: string; end: string }[]> {
  return scene.connection.rows(
    `SELECT toString(batch) AS batch, first_offset AS first, end_offset AS end FROM usage
WHERE kind = 'ckpt' AND part = 0 ORDER BY first_offset`,
  );
}

/** A row like one that is stored, with other values in some columns. */
async function addLike(where: string, changed: string): Promise<void> {
  await scene.connection.command(
    `INSERT INTO usage SELECT * REPLACE (${changed}) FROM (SELECT * FROM usage WHERE ${where} LIMIT 1)`,
  );
}

describe("spikewatch verify of a store that somebody has tampered with", () => {
  it("names the cell, the sum and both values of a delta that is too many", async () => {
    await addLike(
      "kind = 'delta' AND team = 'team-1'",
      "'intruder' AS team, toDateTime('2026-11-20 09:03:00', 'UTC') AS minute, 1 AS requests, 11 AS output_tokens, 5 AS uncached_input_tokens, toDecimal64('0.000000042', 9) AS cost_usd",
    );

    const { code, text } = await scene.verify(path);

    expect(text).toMatch(new RegExp(`^${topic}: different\\n`));
    expect(code).toBe(1);
    expect(text).toMatch(/2026-11-20T09:03Z +intruder +small +output_tokens +0 +11 +\+11\n/);
    expect(text).toMatch(/intruder +small +cost_usd +0\.000000000 +0\.000000042 +\+0\.000000042/);
    expect(await scene.verifyJson(path)).toMatchObject({
      code: 1,
      verdict: "different",
      cells: { different: 1 },
      differences: {
        sums: [
          { minute: "2026-11-20T09:03Z", team: "intruder", sum: "requests", topic: "0" },
          { sum: "uncached_input_tokens", clickhouse: "5" },
          { sum: "output_tokens", clickhouse: "11" },
          { sum: "cost_usd", topic: "0.000000000", clickhouse: "0.000000042" },
        ],
        counts: [],
        gaps: [],
        overlaps: [],
      },
    });
  });

  it("finds a delta too many also where it has no commit", async () => {
    await addLike("kind = 'delta'", "generateUUIDv4() AS batch");

    const found = await scene.verifyJson(path);

    expect(found).toMatchObject({ code: 1, cells: { different: 1 } });
    expect(found["notes"]).toEqual([
      "commits with rows but no checkpoint: 1. They are compared, since analysts see them",
    ]);
  });

  it("finds deltas that are missing", async () => {
    await tamper(
      "ALTER TABLE usage DELETE WHERE kind = 'delta' AND team = 'team-2' AND minute = toDateTime('2026-11-20 09:04:00', 'UTC')",
    );

    const { code, text } = await scene.verify(path, "--limit", "1");

    expect(code).toBe(1);
    // Ten events of the team in the minute: 20 a partition and minute, every fourth, two partitions.
    expect(text).toMatch(/2026-11-20T09:04Z +team-2 +small +requests +10 +0 +-10\n/);
    expect(text).toMatch(/and 3 more: --limit 0 shows all\n$/);
  });

  it("finds one nano-dollar", async () => {
    const cell =
      "kind = 'delta' AND team = 'team-3' AND minute = toDateTime('2026-11-20 09:00:00', 'UTC')";
    await tamper(
      `ALTER TABLE usage UPDATE cost_usd = cost_usd + toDecimal64('0.000000001', 9)
WHERE ${cell} AND batch = (SELECT min(batch) FROM usage WHERE ${cell})`,
    );

    const { differences } = (await scene.verifyJson(path)) as {
      differences: { sums: { sum: string; topic: string; clickhouse: string }[] };
    };

    expect(differences.sums.map(({ sum }) => sum)).toEqual(["cost_usd"]);
    const [{ topic: inTopic, clickhouse } = { topic: "0", clickhouse: "0" }] = differences.sums;
    expect(Math.round((Number(clickhouse) - Number(inTopic)) * 1e9)).toBe(1);
  });

  it("finds a checkpoint that is missing in the middle of the chain", async () => {
    const [, second] = await links();
    await tamper(
      `ALTER TABLE usage DELETE WHERE kind = 'ckpt' AND part = 0 AND first_offset = ${second!.first}`,
    );

    const { code, text } = await scene.verify(path);

    expect(code).toBe(1);
    expect(text).toContain(
      `${topic}/0 has a gap: offsets ${second!.first} to ${Number(second!.end) - 1} were never counted`,
    );
    expect(text).toMatch(new RegExp(`${topic}/0: records: 200 in the topic, \\d+ in ClickHouse`));
  });

  it("finds that the first checkpoint of the chain is missing", async () => {
    const [first] = await links();
    await tamper(
      `ALTER TABLE usage DELETE WHERE kind = 'ckpt' AND part = 0 AND first_offset = ${first!.first}`,
    );

    const { code, text } = await scene.verify(path);

    expect(code).toBe(1);
    expect(text).toContain(
      `${topic}/0: records before the first commit: ${first!.end} in the topic, 0 in ClickHouse`,
    );
  });

  it("finds offsets that were counted twice", async () => {
    const [, second] = await links();
    await addLike(
      `kind = 'ckpt' AND part = 0 AND first_offset = ${second!.first}`,
      "generateUUIDv4() AS writer",
    );

    const { code, text } = await scene.verify(path);

    expect(code).toBe(1);
    expect(text).toContain(
      `${topic}/0 has an overlap: offsets ${second!.first} to ${Number(second!.end) - 1} were counted twice`,
    );
  });

  it("finds checkpoints whose counts are not what the topic gives", async () => {
    const [first] = await links();
    await tamper(
      `ALTER TABLE usage UPDATE records = records + 1, accepted = accepted - 2, rejected = rejected + 3, duplicates = duplicates + 4, ignored = ignored + 5
WHERE kind = 'ckpt' AND part = 0 AND first_offset = ${first!.first}`,
    );

    expect(await scene.verifyJson(path)).toMatchObject({
      code: 1,
      differences: {
        sums: [],
        counts: [
          { topic, partition: 0, what: "records", in_topic: 200, in_clickhouse: 201 },
          { topic, partition: 0, what: "accepted", in_topic: 200, in_clickhouse: 198 },
          { topic, partition: 0, what: "duplicates", in_topic: 0, in_clickhouse: 4 },
          { topic, partition: 0, what: "rejected", in_topic: 0, in_clickhouse: 3 },
          { topic, partition: 0, what: "ignored", in_topic: 0, in_clickhouse: 5 },
        ],
      },
    });
  });
});

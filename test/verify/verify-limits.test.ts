import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { replayCommand } from "../../src/commands/replay.ts";
import { runCommand } from "../support/clickhouse/run-command.ts";
import { KAFKA_START_MS } from "../support/kafka/test-kafka.ts";
import { anEventAt, VerifyScene } from "./verify-scene.ts";

let scene: VerifyScene;

beforeAll(async () => {
  scene = await VerifyScene.start();
}, KAFKA_START_MS);
beforeEach(() => scene.reset());
afterAll(() => scene.stop());

/** 20 events a minute, in order. */
function events(minutes: number, prefix: string, team = "search"): Record<string, unknown>[] {
  return Array.from({ length: minutes * 20 }, (_, index) =>
    anEventAt(index / 20, { id: `${prefix}-${index}`, team }),
  );
}

async function removeBefore(topic: string, partition: number, offset: number): Promise<void> {
  await scene.kafka.admin(async (admin) => {
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({
      topic,
      partitions: [{ partition, offset: String(offset) }],
    });
  });
}

describe("spikewatch verify of a topic that lost its beginning", () => {
  it("compares from the first minute on that neither lacks a record nor can repeat one that is gone", async () => {
    const topic = await scene.kafka.createTopic("verify-retention", { partitions: 2 });
    const path = scene.pipeline([topic]);
    await scene.produce(topic, events(60, "p0"), { partition: 0 });
    await scene.produce(topic, events(60, "p1"), { partition: 1 });
    await scene.ingest(path);
    await removeBefore(topic, 0, 210);
    // What is gone is no later than the latest event of the commit that holds offset 209. Ids of it may be repeated for ten minutes more.
    const [latest] = await scene.connection.rows<{ ms: string }>(
      "SELECT min(max_event_ms) AS ms FROM usage WHERE kind = 'ckpt' AND part = 0 AND end_offset >= 210",
    );
    const whole = Math.floor((Number(latest!.ms) + 600_000) / 60_000) + 1;
    const from = new Date(whole * 60_000).toISOString().slice(0, 16);

    const found = await scene.verifyJson(path);

    expect(found).toMatchObject({
      code: 0,
      verdict: "exact",
      span: {
        from: `${from}Z`,
        to: "2026-11-20T10:00Z",
        minutes: Date.UTC(2026, 10, 20, 10) / 60_000 - whole,
      },
      records: 2190,
      partitions: [
        { partition: 0, from: 210, end: 1200, records: 990 },
        { partition: 1, from: 0, end: 1200, records: 1200 },
      ],
    });
    expect(found["notes"]).toEqual([
      `minutes before ${from}Z are left out: the topic does not hold all their records any more`,
    ]);
  });

  it("finds a difference in the minutes that are whole, and counts that cannot be", async () => {
    const topic = await scene.kafka.createTopic("verify-retention");
    const path = scene.pipeline([topic]);
    await scene.produce(topic, events(40, "p0"));
    await scene.ingest(path);
    await removeBefore(topic, 0, 120);
    await scene.connection.command(
      "INSERT INTO usage SELECT * FROM usage WHERE kind = 'ckpt' ORDER BY end_offset DESC LIMIT 1",
    );
    await scene.connection.command(
      "ALTER TABLE usage UPDATE requests = requests + 1 WHERE kind = 'delta' AND minute = toDateTime('2026-11-20 09:30:00', 'UTC') SETTINGS mutations_sync = 1",
    );

    expect(await scene.verifyJson(path)).toMatchObject({
      code: 1,
      cells: { different: 1 },
      differences: {
        sums: [{ minute: "2026-11-20T09:30Z", sum: "requests", topic: "20" }],
        counts: [{ what: "records" }, { what: "events" }],
        overlaps: [{ to: 800 }],
      },
    });
  });

  it("does not take for new what repeats a record that is gone", async () => {
    const topic = await scene.kafka.createTopic("verify-repeats");
    const path = scene.pipeline([topic]);
    // Events of 09:05 and 09:06 come again at 09:14. The log keeps the second copies only.
    const repeats = Array.from({ length: 40 }, (_, index) =>
      anEventAt(14, { id: `e-${100 + index}` }),
    );
    await scene.produce(topic, [...events(14, "e"), ...repeats, ...events(40, "f").slice(280)]);
    await scene.ingest(path);
    await removeBefore(topic, 0, 140);

    expect(await scene.verifyJson(path)).toMatchObject({
      code: 0,
      verdict: "exact",
      cells: { different: 0 },
      span: { to: "2026-11-20T09:40Z" },
    });
  });

  it("cannot tell where no minute is whole any more", async () => {
    const topic = await scene.kafka.createTopic("verify-retention");
    const path = scene.pipeline([topic]);
    await scene.produce(topic, events(10, "p0"));
    await scene.ingest(path);
    await removeBefore(topic, 0, 190);

    const { code, text } = await scene.verify(path);

    expect(code).toBe(2);
    expect(text).toMatch(/cannot tell: the topic holds no minute wholly any more/);
  });

  it("shows what retention took before it was counted as a known loss", async () => {
    const topic = await scene.kafka.createTopic("verify-gap");
    const path = scene.pipeline([topic]);
    await scene.produce(topic, events(5, "a"));
    await scene.ingest(path);
    await scene.produce(topic, events(40, "b"));
    await removeBefore(topic, 0, 150);
    await scene.ingest(path);

    const { code, text } = await scene.verify(path);

    expect(text).toContain(`${topic}/0: offsets 100 to 149 were gone before they could be read`);
    expect(text).toContain("no gap, no overlap");
    expect(code).toBe(0);
  });
});

describe("spikewatch verify of a database that others feed too", () => {
  it("leaves out what a file brought into the same cells", async () => {
    const topic = await scene.kafka.createTopic("verify-file");
    const path = scene.pipeline([topic]);
    await scene.produce(topic, events(5, "kafka"));
    await scene.ingest(path);
    const lines = events(5, "file").map((event) => JSON.stringify(event));
    const input = scene.file("same.ndjson", `${lines.join("\n")}\n`);
    await runCommand(replayCommand, ["--input", input, "--pipeline", path], {
      CLICKHOUSE_URL: scene.url,
    });

    const found = await scene.verifyJson(path);

    expect(found).toMatchObject({ code: 0, verdict: "exact", accepted: 100 });
    expect(found["notes"]).toEqual([
      expect.stringMatching(/^left out: what file:\w+ brought into the same database$/),
    ]);
  });

  it("cannot tell of one topic what two brought in the same commits, and can of both", async () => {
    const one = await scene.kafka.createTopic("verify-one");
    const two = await scene.kafka.createTopic("verify-two");
    const path = scene.pipeline([one, two]);
    await scene.produce(one, events(2, "one"));
    await scene.produce(two, events(2, "two"));
    await scene.ingest(path);
    // One commit for both, as a worker makes it that reads both.
    await scene.connection.command(
      `ALTER TABLE usage UPDATE batch = toUUID('${randomUUID()}') WHERE 1 SETTINGS mutations_sync = 1`,
    );

    const { code, text } = await scene.verify(path, "--topic", one);

    expect(text).toMatch(/cannot tell: every minute holds also what other topics brought/);
    expect(code).toBe(2);
    expect(await scene.verifyJson(path)).toMatchObject({ code: 0, verdict: "exact" });
  });

  it("compares the newest incarnation only", async () => {
    const topic = await scene.kafka.createTopic("verify-again");
    const path = scene.pipeline([topic]);
    await scene.produce(topic, events(3, "a"));
    await scene.ingest(path);
    // What was counted of an earlier topic of this name, with the same offsets.
    await scene.connection.command(
      "ALTER TABLE usage UPDATE output_tokens = 5 WHERE 1 SETTINGS mutations_sync = 1",
    );
    await scene.connection.command(
      "INSERT INTO usage SELECT * REPLACE (1 AS incarnation, if(kind = 'delta', 41, 0) AS output_tokens, toUUID(concat('00000000', substring(toString(batch), 9))) AS batch) FROM usage WHERE kind != 'rejected'",
    );

    expect(await scene.verifyJson(path)).toMatchObject({
      verdict: "different",
      partitions: [{ incarnation: 1 }],
    });
    await scene.connection.command(
      "ALTER TABLE usage UPDATE output_tokens = requests * 2 WHERE kind = 'delta' AND startsWith(toString(batch), '00000000') SETTINGS mutations_sync = 1",
    );
    expect(await scene.verifyJson(path)).toMatchObject({ code: 0, verdict: "exact" });
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
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

describe("spikewatch verify where the two cannot be compared", () => {
  it("says exact of an empty topic of which nothing is stored", async () => {
    const topic = await scene.kafka.createTopic("verify-empty");

    const { code, text } = await scene.verify(scene.pipeline([topic]));

    expect(code).toBe(0);
    expect(text).toMatch(new RegExp(`^${topic}: exact\n +span +no minute with usage\n`));
  });

  it("tells that nothing of the topic is stored, and what is", async () => {
    const read = await scene.kafka.createTopic("verify-read");
    const other = await scene.kafka.createTopic("verify-other");
    await scene.produce(read, events(1, "a"));
    await scene.produce(other, events(1, "a"));
    await scene.ingest(scene.pipeline([read]));

    const { code, text } = await scene.verify(scene.pipeline([other]));

    expect(code).toBe(2);
    expect(text).toBe(
      `spikewatch: cannot tell: ClickHouse holds nothing of topic ${other} (it holds ${read}): name the topic that was read with --topic or --pipeline, or the database with --data or SPIKEWATCH_CLICKHOUSE_URL\n`,
    );
  });

  it("tells that the topic does not exist", async () => {
    const found = await scene.verifyJson(scene.pipeline(["verify-no-such-topic"]));

    expect(found).toMatchObject({
      code: 2,
      verdict: "unknown",
      reason: expect.stringMatching(/^topic "verify-no-such-topic" does not exist on Kafka/),
    });
  });

  it("tells that the topic is not the one that was counted", async () => {
    const topic = await scene.kafka.createTopic("verify-recreated");
    const path = scene.pipeline([topic]);
    await scene.produce(topic, events(2, "a"));
    await scene.ingest(path);
    await scene.connection.command(
      "ALTER TABLE usage UPDATE fingerprint = '39:1700000000000:99-abcdef' WHERE kind = 'ckpt' SETTINGS mutations_sync = 1",
    );

    expect(await scene.verifyJson(path)).toMatchObject({
      code: 2,
      reason: `the record of ${topic}/0 before offset 40 is not the one that was counted: the topic was deleted and created anew, or is another one`,
    });
    await scene.connection.command(
      "INSERT INTO usage SELECT * REPLACE (end_offset AS first_offset, end_offset + 1000 AS end_offset) FROM (SELECT * FROM usage WHERE kind = 'ckpt' LIMIT 1)",
    );
    expect(await scene.verifyJson(path)).toMatchObject({
      code: 2,
      reason: expect.stringMatching(/ends at offset 40, but ClickHouse has counted it to 1040/),
    });
  });

  it("tells that cost was counted with another price book, and compares all else", async () => {
    const topic = await scene.kafka.createTopic("verify-prices");
    await scene.produce(topic, events(2, "a"));
    await scene.ingest(scene.pipeline([topic]));
    const dearer =
      "models:\n  - provider: acme\n    model: small\n    prices: [{ input: 5, output: 9 }]\n";

    const { code, text } = await scene.verify(scene.pipeline([topic], "", dearer));

    expect(code).toBe(2);
    expect(text).toContain(
      "cannot tell: requests and tokens are exact, but the cost of 2 cells was counted with another price book than the pipeline's",
    );
  });

  it("refuses nonsense on the command line", async () => {
    const path = scene.pipeline(["verify-none"]);

    await expect(scene.verify(path, "--since", "yesterday")).rejects.toThrow(
      "--since yesterday is no time with a zone: write it like 2026-11-20T09:00Z",
    );
    await expect(
      scene.verify(path, "--since", "2026-11-20T09:00Z", "--until", "2026-11-20T09:00:30Z"),
    ).rejects.toThrow("between --since and --until lies no whole minute");
    await expect(scene.verify(path, "--limit", "-3")).rejects.toThrow("limit");
  });
});

describe("spikewatch verify of a part of the time", () => {
  it("compares the minutes between --since and --until only", async () => {
    const topic = await scene.kafka.createTopic("verify-part");
    const path = scene.pipeline([topic]);
    await scene.produce(topic, events(10, "a"));
    await scene.ingest(path);
    await scene.connection.command(
      "ALTER TABLE usage UPDATE requests = requests + 1 WHERE kind = 'delta' AND minute = toDateTime('2026-11-20 09:02:00', 'UTC') SETTINGS mutations_sync = 1",
    );

    expect(await scene.verifyJson(path)).toMatchObject({ code: 1, cells: { different: 1 } });
    expect(
      await scene.verifyJson(path, "--since", "2026-11-20T09:03Z", "--until", "2026-11-20T09:07Z"),
    ).toMatchObject({
      code: 0,
      span: { from: "2026-11-20T09:03Z", to: "2026-11-20T09:07Z", minutes: 4 },
    });
  });
});

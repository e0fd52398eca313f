import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { KAFKA_START_MS, type Codec } from "../support/kafka/test-kafka.ts";
import { anEventAt, VerifyScene } from "./verify-scene.ts";

let scene: VerifyScene;

beforeAll(async () => {
  scene = await VerifyScene.start();
}, KAFKA_START_MS);
beforeEach(() => scene.reset());
afterAll(() => scene.stop());

describe("spikewatch verify", () => {
  it("says exact after a run over every kind of record", async () => {
    const topic = await scene.kafka.createTopic("verify", { partitions: 3 });
    const path = scene.pipeline([topic]);
    for (const partition of [0, 1, 2]) {
      const events = Array.from({ length: 60 }, (_, index) =>
        anEventAt(index / 8, { id: `p${partition}-${index % 50}`, team: `team-${index % 4}` }),
      );
      await scene.produce(topic, events, { partition });
    }
    await scene.produce(topic, [
      "no json",
      null,
      anEventAt(20, { model: "unheard-of", output_tokens: 7 }),
      [anEventAt(21), anEventAt(22, { errors: 1 }), { ...anEventAt(22), output_tokens: -1 }],
      anEventAt(3, { team: "late" }),
      anEventAt(5, { time: "2099-01-01T00:00:00Z" }),
    ]);
    await scene.ingest(path);

    const { code, text } = await scene.verify(path);

    expect(text).toMatch(new RegExp(`^${topic}: exact\\n`));
    expect(code).toBe(0);
    expect(await scene.verifyJson(path)).toMatchObject({
      code: 0,
      verdict: "exact",
      records: 186,
      accepted: 154,
      duplicates: 30,
      rejected: 3,
      ignored: 1,
      behind: 0,
      cells: { different: 0 },
      differences: { sums: [], counts: [], gaps: [], overlaps: [] },
    });
  });

  it.each<Codec>(["gzip", "snappy", "lz4", "zstd"])(
    "reads a topic of %s batches",
    async (codec) => {
      const topic = await scene.kafka.createTopic("verify-codec");
      const path = scene.pipeline([topic]);
      const events = Array.from({ length: 500 }, (_, index) => anEventAt(index / 100));
      await scene.produce(topic, events, { partition: 0, codec });
      await scene.ingest(path);

      expect(await scene.verifyJson(path)).toMatchObject({ verdict: "exact", records: 500 });
    },
  );
});

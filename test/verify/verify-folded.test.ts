import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { SystemClock } from "../../src/runtime/clock.ts";
import { Folder } from "../../src/store/folder.ts";
import { KAFKA_START_MS } from "../support/kafka/test-kafka.ts";
import { anEventAt, VerifyScene } from "./verify-scene.ts";

let scene: VerifyScene;

beforeAll(async () => {
  scene = await VerifyScene.start();
}, KAFKA_START_MS);
afterAll(() => scene.stop());

/** Makes all that is stored look three weeks old, and folds it. */
async function foldAll(): Promise<void> {
  const { connection } = scene;
  await connection.command(
    "INSERT INTO usage SELECT * REPLACE (arrived - INTERVAL 21 DAY AS arrived) FROM usage",
  );
  await connection.command(
    "ALTER TABLE usage DELETE WHERE arrived > now() - INTERVAL 20 DAY SETTINGS mutations_sync = 1",
  );
  const clock = new SystemClock();
  const folder = new Folder({ connection, clock });
  const due = await folder.due(clock.now());
  expect(due.length).toBeGreaterThan(0);
  for (const week of due) expect(await folder.fold(week)).toMatchObject({ kind: "folded" });
}

describe("spikewatch verify of folded commits", () => {
  it("says exact of what was folded and what came after, and still finds a difference in it", async () => {
    const topic = await scene.kafka.createTopic("verify-folded", { partitions: 2 });
    const path = scene.pipeline([topic]);
    const produce = async (from: number): Promise<void> => {
      for (const partition of [0, 1]) {
        const events = Array.from({ length: 400 }, (_, index) =>
          anEventAt((from + index) / 20, {
            id: `p${partition}-${from + index}`,
            team: `team-${(from + index) % 3}`,
          }),
        );
        await scene.produce(topic, events, { partition });
      }
    };
    await produce(0);
    await scene.produce(topic, ["no json"], { partition: 1 });
    await scene.ingest(path);
    const before = await scene.verifyJson(path);
    await foldAll();
    // Twenty of each partition come again, and are known though their first copies are folded.
    await produce(380);
    await scene.ingest(path);

    const after = await scene.verifyJson(path);

    expect(before).toMatchObject({ code: 0, verdict: "exact", records: 801 });
    expect(after).toMatchObject({
      code: 0,
      verdict: "exact",
      records: 1601,
      rejected: 1,
      duplicates: 40,
      differences: { gaps: [], overlaps: [] },
      notes: [],
    });
    await scene.connection.command(
      "ALTER TABLE usage DELETE WHERE kind = 'delta' AND minute = toDateTime('2026-11-20 09:02:00', 'UTC') AND team = 'team-1' SETTINGS mutations_sync = 1",
    );
    expect(await scene.verifyJson(path)).toMatchObject({
      code: 1,
      cells: { different: 1 },
      differences: { counts: [] },
    });
  }, 60_000);
});

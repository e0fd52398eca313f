import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { BUILD_MS, builtProgram } from "../support/built-program.ts";
import { temporaryDirectory } from "../support/clickhouse/engine.ts";
import { Fleet, partOf, watcherOf } from "../support/fleet.ts";
import { KAFKA_START_MS, testKafka } from "../support/kafka/test-kafka.ts";

const folder = temporaryDirectory();
const data = join(folder, "data");
const PAGED_MS = 15_000;
let fleet: Fleet;

beforeAll(async () => {
  await builtProgram();
  fleet = await Fleet.open(await testKafka());
}, BUILD_MS + KAFKA_START_MS);
afterAll(async () => {
  await fleet.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("a single process with an engine of its own, on a topic that has a past", () => {
  it("learns what the topic holds before it watches, and then pages", async () => {
    const alone = await fleet.startAlone(data);
    await watcherOf([alone]);

    const said = alone.process.stderr;
    expect(said).toMatch(
      /learns when the backlog is counted[^]*the backlog is counted[^]*history learnt/,
    );
    expect(fleet.slack.posts).toEqual([]);
    const loop = fleet.runaway("payments");
    await fleet.paged("payments", PAGED_MS);
    await loop.stop();

    expect(await partOf(alone, "detect")).toBe("this process watches");
    expect(fleet.slack.pages).toHaveLength(1);
    await alone.process.kill();
  }, 90_000);

  it("pages for what began while it was dead, and nothing twice", async () => {
    const loop = fleet.runaway("search");
    const alone = await fleet.startAlone(data);

    await fleet.paged("search", 30_000);
    await loop.stop();

    expect(fleet.pagesAbout("payments")).toHaveLength(1);
    expect(fleet.slack.pages).toHaveLength(2);
    expect((await alone.process.terminate()).code).toBe(0);
  }, 60_000);
});

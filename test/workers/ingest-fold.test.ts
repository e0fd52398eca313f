import { describe, expect, it } from "@jest/globals";
import { anEvent } from "../support/pipeline-builder.ts";
import { anIngest } from "./ingest-scene.ts";

describe("IngestFold", () => {
  it("is full after half a million events, though they make one pane and no time passes", async () => {
    const pipeline = { flush: { every: "1h" }, dedupe: { window: "0ms" } };
    const { feed, tables } = await anIngest({ pipeline, batchRecords: 1 });
    const many = JSON.stringify(Array.from({ length: 10_000 }, () => anEvent()));

    await feed(...Array.from({ length: 49 }, () => many));
    expect(tables.steps).toEqual([]);
    await feed(many, many);

    expect(tables.steps.map(({ counts }) => counts.accepted)).toEqual([500_000]);
    expect(tables.commitRows).toEqual([1]);
  });
});

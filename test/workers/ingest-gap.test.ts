import { describe, expect, it } from "@jest/globals";
import { partitionKey } from "../../src/source/source.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { anEvent } from "../support/pipeline-builder.ts";
import { anIngest, type Scene } from "./ingest-scene.ts";

const P0 = new MemoryLog().partitions[0]!;

/** What each commit says of its offsets. */
function steps({ tables }: Scene): (number | null)[][] {
  return tables.steps.map(({ expectedEnd, firstOffset, endOffset }) => [
    expectedEnd,
    firstOffset,
    endOffset,
  ]);
}

/** Hands over one event at an offset, past the log. */
async function eventAt({ source, log }: Scene, offset: number): Promise<void> {
  const batch = log.read(0, log.firstOffset, 1);
  const offsets = Float64Array.of(offset);
  await source.handler.batch({ ...batch, offsets, endOffset: offset + 1 });
}

/** A process that has stored offsets 0 to 9, and one event in the log to read again. */
async function tenStored(): Promise<Scene> {
  const scene = await anIngest();
  await scene.feed(...Array.from({ length: 10 }, () => anEvent()));
  await scene.flush();
  return scene;
}

describe("IngestWorker over records that the log has lost", () => {
  it("begins the next step behind the gap, so that the store records it", async () => {
    const scene = await tenStored();

    const lost = await scene.source.handler.gap?.(P0, 10, 25);
    await eventAt(scene, 25);
    await scene.flush();
    await eventAt(scene, 26);
    await scene.flush();

    expect(lost).toBe(15);
    expect(steps(scene)).toEqual([
      [null, 0, 10],
      [10, 25, 26],
      [26, 26, 27],
    ]);
  });

  it("stores what it read before the gap under its own offsets", async () => {
    const scene = await tenStored();
    await eventAt(scene, 10);

    const lost = await scene.source.handler.gap?.(P0, 11, 25);
    await eventAt(scene, 25);
    await scene.flush();

    expect(lost).toBe(14);
    expect(steps(scene).slice(1)).toEqual([
      [10, 10, 11],
      [11, 25, 26],
    ]);
    expect(scene.tables.sum("requests")).toBe(12n);
  });

  it.each([
    ["none of them, all counted before", 4, 10, 0],
    ["those that were not counted", 4, 12, 2],
    ["those that were not counted, where it would read from the log's begin", 0, 12, 2],
  ])("takes as lost %s", async (_, from, to, expected) => {
    const { tables } = await tenStored();
    const scene = await anIngest({ tables, writer: "writer-2" });

    const lost = await scene.source.handler.gap?.(P0, from, to);
    await eventAt(scene, to);
    await scene.flush();

    expect(lost).toBe(expected);
    expect(steps(scene).at(-1)).toEqual([10, to, to + 1]);
  });

  it("finds no gap before the first record it ever reads", async () => {
    const scene = await anIngest();
    scene.log.write([anEvent()]);

    const lost = await scene.source.handler.gap?.(P0, 0, 25);

    expect(lost).toBe(0);
  });

  it("keeps a gap that is not stored yet out of the way of a rebalance", async () => {
    const scene = await tenStored();
    await scene.source.handler.gap?.(P0, 10, 25);

    await scene.source.rebalance([0]);
    await scene.feed(anEvent());
    await scene.flush();

    expect(steps(scene).at(-1)).toEqual([10, 10, 11]);
    expect(scene.tables.heads.get(partitionKey(P0))?.endOffset).toBe(11);
  });
});

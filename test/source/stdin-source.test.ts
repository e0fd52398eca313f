import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { describe, expect, it } from "@jest/globals";
import type { StoredInput } from "../../src/source/file-identity.ts";
import { StdinSource } from "../../src/source/file-source.ts";
import { RecordingHandler } from "../support/recording-handler.ts";

describe("StdinSource", () => {
  async function pipe(
    text: string,
    known: readonly StoredInput[],
    sourceName?: string,
  ): Promise<{ source: StdinSource; handler: RecordingHandler }> {
    const stream = Readable.from([Buffer.from(text)]);
    const source = new StdinSource(
      sourceName === undefined ? { stream, known } : { stream, known, sourceName },
    );
    const handler = new RecordingHandler({ [`${source.topic}/0`]: source.resumeOffset });
    await source.start(handler.handler);
    return { source, handler };
  }

  const aAndB: StoredInput = {
    topic: "stdin:nightly",
    endOffset: 4,
    fingerprint: createHash("sha256").update("a\nb\n").digest("hex"),
    storedAtMs: 1,
  };

  it("goes on under its name where the last run ended", async () => {
    const { source, handler } = await pipe("a\nb\nc\n", [aAndB], "nightly");

    await source.done;

    expect(handler.texts()).toEqual(["c"]);
    expect(handler.batches.at(-1)?.fingerprint).toBe(
      createHash("sha256").update("a\nb\nc\n").digest("hex"),
    );
  });

  it.each([
    ["differs", "a\nX\nc\n"],
    ["is shorter", "a\n"],
  ])("refuses input under a known name that %s", async (_, text) => {
    const { source, handler } = await pipe(text, [aAndB], "nightly");

    await expect(source.done).rejects.toMatchObject({
      code: "input",
      message: expect.stringContaining(
        'stdin named "nightly" differs from what was read before at byte 4',
      ),
    });
    expect(handler.records).toEqual([]);
  });

  it("is a new input each time without a name", async () => {
    const first = await pipe("a\n", [aAndB]);
    const second = await pipe("a\n", [aAndB]);
    await Promise.all([first.source.done, second.source.done]);

    expect(first.handler.texts()).toEqual(["a"]);
    expect(second.handler.texts()).toEqual(["a"]);
    expect(first.source.topic).not.toBe(second.source.topic);
  });

  it("stops while its input is silent", async () => {
    const stream = new Readable({ read: () => undefined });
    const source = new StdinSource({ stream, known: [] });
    await source.start(new RecordingHandler().handler);

    await source.stop();

    await expect(source.done).resolves.toBeUndefined();
  });
});

import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { StoredInput } from "../../src/source/file-identity.ts";
import { FileSource } from "../../src/source/file-source.ts";
import { RecordingHandler } from "../support/recording-handler.ts";
import { Stored, aStored, nothing } from "../support/stored-inputs.ts";

let dir = "";
let path = "";

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "spikewatch-file-"));
  path = join(dir, "usage events.ndjson");
});

afterEach(() => rm(dir, { recursive: true, force: true }));

describe("identifyFile", () => {
  const topicOf = async (known: readonly StoredInput[] = [], again = false): Promise<string> => {
    const source = new FileSource({ path, known: () => Promise.resolve(known), again });
    return (await source.resolveIdentity()).topic;
  };

  it("names a file the same however far it has grown, once its first line is there", async () => {
    await writeFile(path, "{}");
    const first = await topicOf();

    expect(first).toMatch(/^file:[0-9a-f]{16}$/);
    for (const text of [
      "{} ",
      "{}\r\n",
      "{}\n",
      "\n\r\n {}\n",
      "{}\nb\n",
      `{}\n${"b\n".repeat(1e6)}`,
    ]) {
      await writeFile(path, text);
      expect(await topicOf()).toBe(first);
    }
    await writeFile(path, "[]\n");
    expect(await topicOf()).not.toBe(first);
  });

  it("names a file whose first line never ends by what it begins with", async () => {
    await writeFile(path, `\n${"x".repeat(1024 * 1024)}`);
    const first = await topicOf();
    await appendFile(path, `${"y".repeat(1024 * 1024)}\n`);

    expect(await topicOf()).toBe(first);
  });

  it("numbers a file that begins like a stored one, and one that is counted anew", async () => {
    await writeFile(path, "a\nb\n");
    const first = await topicOf();
    const stored = (topic: string): StoredInput => aStored(topic, "a\nb\n");

    expect(await topicOf([stored(first)], true)).toBe(`${first}~2`);
    expect(await topicOf([stored(first), stored(`${first}~2`)], true)).toBe(`${first}~3`);
    await writeFile(path, "a\nc\n");
    expect(await topicOf([stored(first)])).toBe(`${first}~2`);
  });

  it("reads nothing of a first line that was cut when the file was named", async () => {
    await writeFile(path, `{"a":`);
    const source = new FileSource({ path, known: nothing });
    const { topic } = await source.resolveIdentity();
    await appendFile(path, `1}\n`);
    const handler = new RecordingHandler();

    await source.start(handler.handler);
    await source.done;

    expect(handler.records).toEqual([]);
    expect(source.unfinished).toBe(5);
    expect(await topicOf()).not.toBe(topic);
  });

  describe("while another process stores under the same topic", () => {
    /** Names the file, and before it is assigned `text` is stored under that name. */
    async function overtakenBy(
      text: string,
      again = false,
    ): Promise<{ source: FileSource; handler: RecordingHandler; topic: string }> {
      const stored = new Stored();
      const source = new FileSource({ path, known: stored.known, again });
      const { topic } = await source.resolveIdentity();
      stored.inputs.push(aStored(topic, text));
      const handler = new RecordingHandler({ [`${topic}/0`]: text.length });
      await source.start(handler.handler);
      return { source, handler, topic };
    }

    it("goes on where a copy of the file was stored to", async () => {
      await writeFile(path, "a\nb\nc\n");

      const { source, handler, topic } = await overtakenBy("a\nb\n");
      await source.done;

      expect(handler.texts()).toEqual(["c"]);
      expect(await source.resolveIdentity()).toMatchObject({
        topic,
        state: "resumed",
        resumeOffset: 4,
      });
    });

    it("finds nothing to do where all of it was stored", async () => {
      await writeFile(path, "a\n");

      const { source, handler } = await overtakenBy("a\n", true);
      await source.done;

      expect(handler.texts()).toEqual([]);
      expect(await source.resolveIdentity()).toMatchObject({ state: "unchanged" });
    });

    it.each(["a\nX\n", "a\nb\nc\nd\n"])(
      "takes another name where what was stored (%j) is another file, before any line is handed over",
      async (other) => {
        await writeFile(path, "a\nb\nc\n");

        const { source, handler, topic } = await overtakenBy(other);
        await source.done;

        expect(handler.revocations).toEqual([[`${topic}/0`]]);
        expect(handler.texts(`${topic}~2/0`)).toEqual(["a", "b", "c"]);
        expect(handler.records).toHaveLength(3);
        expect(await source.resolveIdentity()).toMatchObject({ topic: `${topic}~2`, state: "new" });
      },
    );

    it("keeps its name when it begins anew after having stored something", async () => {
      await writeFile(path, "a\nb\n");
      const stored = new Stored();
      const source = new FileSource({ path, known: stored.known, again: true });
      const { topic } = await source.resolveIdentity();
      const handler = new RecordingHandler();
      let batches = 0;
      await source.start({
        ...handler.handler,
        batch: async (batch) => {
          await handler.batch(batch);
          stored.keep(topic, handler);
          await source.committed();
          if (++batches === 1) source.reassign();
        },
      });
      await source.done;

      expect(handler.assignments).toEqual([`${topic}/0`, `${topic}/0`]);
      expect(handler.texts()).toEqual(["a", "b"]);
    });

    it("stops when the file is another one after some of it was stored", async () => {
      await writeFile(path, "a\nb\n");
      const stored = new Stored();
      const source = new FileSource({ path, known: stored.known });
      const { topic } = await source.resolveIdentity();
      const handler = new RecordingHandler();
      await source.start({
        ...handler.handler,
        batch: async (batch) => {
          await handler.batch(batch);
          stored.keep(topic, handler);
          await source.committed();
          await writeFile(path, "a\nX\n");
          source.reassign();
        },
      });

      await expect(source.done).rejects.toMatchObject({
        code: "input",
        message: expect.stringContaining("changed before byte 4 while it was read"),
      });
      expect(handler.texts()).toEqual(["a", "b"]);
    });
  });
});

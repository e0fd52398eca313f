import { appendFile, copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { FileSource, type FileSourceOptions } from "../../src/source/file-source.ts";
import { RecordingHandler } from "../support/recording-handler.ts";
import { Stored, nothing } from "../support/stored-inputs.ts";

let dir = "";
let path = "";

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "spikewatch-file-"));
  path = join(dir, "usage events.ndjson");
});

afterEach(() => rm(dir, { recursive: true, force: true }));

/** Reads a file to its end as `replay` does, from what is stored of it. */
async function load(
  stored: Stored,
  options: Partial<FileSourceOptions> = {},
): Promise<{ texts: (string | null)[]; state: string; topic: string }> {
  const source = new FileSource({ path, known: stored.known, ...options });
  const { topic, state, resumeOffset } = await source.resolveIdentity();
  const handler = new RecordingHandler({ [`${topic}/0`]: resumeOffset });
  await source.start(handler.handler);
  await source.done;
  stored.keep(topic, handler);
  return { texts: handler.texts(), state, topic };
}

describe("FileSource", () => {
  it("gives the same file again as unchanged, also under another name", async () => {
    const stored = new Stored();
    await writeFile(path, "a\nb\n");
    const first = await load(stored);
    const copy = join(dir, "copy");
    await copyFile(path, copy);

    const again = await load(stored, { path: copy });

    expect(first).toMatchObject({ texts: ["a", "b"], state: "new" });
    expect(again).toMatchObject({ texts: [], state: "unchanged", topic: first.topic });
  });

  it("gives of a grown file its new lines, under the same topic", async () => {
    const stored = new Stored();
    await writeFile(path, "a\nb\n");
    const first = await load(stored);
    await appendFile(path, "c\n4");
    const second = await load(stored);
    await appendFile(path, "\ne\n");

    const third = await load(stored);

    expect(second).toMatchObject({ texts: ["c", "4"], state: "resumed", topic: first.topic });
    expect(third).toMatchObject({ texts: ["e"], state: "resumed", topic: first.topic });
  });

  it("takes a file whose begin is another's as a new one", async () => {
    const stored = new Stored();
    await writeFile(path, "a\nb\n");
    const first = await load(stored);
    await writeFile(path, "A\nb\nc\n");

    const other = await load(stored);

    expect(other).toMatchObject({ texts: ["A", "b", "c"], state: "new" });
    expect(other.topic).not.toBe(first.topic);
  });

  it("takes a file cut to its first lines as a new one", async () => {
    const stored = new Stored();
    await writeFile(path, "a\nb\n");
    await load(stored);
    await writeFile(path, "a\n");

    expect(await load(stored)).toMatchObject({ texts: ["a"], state: "new" });
  });

  it("counts a file anew when told to, and later goes on with the newest of its readings", async () => {
    const stored = new Stored();
    await writeFile(path, "a\n");
    const first = await load(stored);

    const anew = await load(stored, { again: true });
    const after = await load(stored);

    expect(anew).toMatchObject({ texts: ["a"], state: "new" });
    expect(anew.topic).not.toBe(first.topic);
    expect(after).toMatchObject({ texts: [], state: "unchanged", topic: anew.topic });
  });

  it("gives way when its work is dropped again and again, since another process reads the same", async () => {
    const { source, handler } = await readWithDrops(() => Promise.resolve(true));

    await expect(source.done).rejects.toMatchObject({
      code: "checkpoint_conflict",
      message: expect.stringMatching(/another process reads file .*usage events\.ndjson/),
    });
    expect(handler.assignments).toHaveLength(3);
  });

  it("begins anew as often as it must where some of its work is stored in between", async () => {
    let batches = 0;
    const { source, handler } = await readWithDrops(async (reader) => {
      batches++;
      if (batches % 2 === 0) await reader.committed();
      return batches < 9;
    });

    await source.done;

    expect(handler.assignments).toHaveLength(9);
  });

  /** Reads under a worker that drops its work after each batch for which `drops` says so. */
  async function readWithDrops(
    drops: (source: FileSource) => Promise<boolean>,
  ): Promise<{ source: FileSource; handler: RecordingHandler }> {
    await writeFile(path, "a\nb\n");
    const source = new FileSource({ path, known: nothing });
    const handler = new RecordingHandler();
    await source.start({
      ...handler.handler,
      batch: async () => {
        if (await drops(source)) source.reassign();
      },
    });
    return { source, handler };
  }

  it("ends an empty file at once, having told so", async () => {
    await writeFile(path, "");
    const source = new FileSource({ path, known: nothing });
    const handler = new RecordingHandler();

    await source.start(handler.handler);
    await source.done;

    expect(handler.batches).toEqual([]);
    expect(handler.ended).toBe(1);
  });

  it("hands over a line of 10 MB cut, with its true size, and the lines around it", async () => {
    const long = 10 * 1024 * 1024;
    await writeFile(path, `a\n${"x".repeat(long)}\nb\n`);
    const handler = new RecordingHandler();
    const source = new FileSource({ path, known: nothing });

    await source.start(handler.handler);
    await source.done;

    expect(handler.records.map(({ size }) => size)).toEqual([1, long, 1]);
    expect(handler.records[1]?.text?.length).toBe(4 * 1024 * 1024 + 1);
    expect(handler.records[2]?.offset).toBe(long + 3);
  });

  it("notices a file that changed between knowing and reading it", async () => {
    const stored = new Stored();
    await writeFile(path, "a\nb\n");
    await load(stored);
    await appendFile(path, "c\n");
    const source = new FileSource({ path, known: stored.known });
    const { topic, resumeOffset } = await source.resolveIdentity();
    await writeFile(path, "x\ny\nz\n");
    const handler = new RecordingHandler({ [`${topic}/0`]: resumeOffset });

    await source.start(handler.handler);

    await expect(source.done).rejects.toMatchObject({ code: "input" });
    expect(handler.records).toEqual([]);
  });

  it.each([
    ["is missing", () => join(dir, "nowhere"), /cannot read ".*nowhere": .*ENOENT/],
    ["is a folder", () => dir, /is no regular file/],
  ])("says what is wrong with a path that %s", async (_, wrong, message) => {
    const source = new FileSource({ path: wrong(), known: nothing });

    await expect(source.start(new RecordingHandler().handler)).rejects.toMatchObject({
      code: "input",
      message: expect.stringMatching(message),
    });
  });
});

import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { summaryJson, summaryText, type ReplayRun } from "../../src/commands/replay-summary.ts";
import type { StoredInput } from "../../src/source/file-identity.ts";
import { FileSource, StdinSource } from "../../src/source/file-source.ts";
import { IngestTotals } from "../../src/workers/ingest-totals.ts";
import { RecordingHandler } from "../support/recording-handler.ts";

let dir = "";
let path = "";
/** What a store would hold. */
let stored: StoredInput[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "spikewatch-line-"));
  path = join(dir, "usage.ndjson");
  stored = [];
});

afterEach(() => rm(dir, { recursive: true, force: true }));

/** One run of `replay` over the file, as it is now. */
async function load(): Promise<{ texts: (string | null)[]; run: ReplayRun }> {
  const source = new FileSource({ path, known: () => Promise.resolve(stored) });
  const identity = await source.resolveIdentity();
  const { topic, resumeOffset } = identity;
  const handler = new RecordingHandler({ [`${topic}/0`]: resumeOffset });
  await source.start(handler.handler);
  await source.done;
  const last = handler.batches.at(-1);
  if (last !== undefined) stored = [{ ...last, topic, storedAtMs: 1 }];
  const totals = new IngestTotals();
  totals.records = handler.records.length;
  const input = { source, name: path, ...identity };
  const run = { input, totals, inAll: totals, seconds: 1, finished: true };
  return { texts: handler.texts(), run };
}

describe("a last line without its end", () => {
  it("is left for the next run while a writer is in the midst of it", async () => {
    const lines = [`{"a":"é1"}`, `{"b":[2]}`, `{"c":{"d":3}}`];
    const bytes = Buffer.from(lines.map((one) => `${one}\n`).join(""));
    const seen: (string | null)[] = [];

    for (let written = 0; written < bytes.length; written += 3) {
      await writeFile(path, bytes.subarray(0, written));
      seen.push(...(await load()).texts);
    }
    await writeFile(path, bytes);
    seen.push(...(await load()).texts);

    expect(seen).toEqual(lines);
  });

  it("is a record where it is whole", async () => {
    await writeFile(path, `{"a":1}\n{"b":2}`);
    const first = await load();
    await appendFile(path, `\n{"c":3}\n`);

    const second = await load();

    expect(first.texts).toEqual([`{"a":1}`, `{"b":2}`]);
    expect(second.texts).toEqual([`{"c":3}`]);
    expect(summaryText(first.run)).not.toContain("no line end");
  });

  it("is told in the summary, and again as long as it stays", async () => {
    await writeFile(path, `{"a":1}\n{"b":`);
    const first = await load();
    const second = await load();

    const line = "the last 5 bytes have no line end and are no JSON yet: left for the next run";
    expect(summaryText(first.run)).toContain(line);
    expect(summaryText(second.run)).toContain(line);
    expect(summaryJson(second.run)).toMatchObject({ state: "resumed", unfinished_bytes: 5 });
    expect(second.texts).toEqual([]);
  });

  it("is a record of standard input, whose end is final", async () => {
    const stream = Readable.from([Buffer.from(`{"a":1}\n{"b":`)]);
    const source = new StdinSource({ stream, known: [] });
    const handler = new RecordingHandler();

    await source.start(handler.handler);
    await source.done;

    expect(handler.texts()).toEqual([`{"a":1}`, `{"b":`]);
  });
});

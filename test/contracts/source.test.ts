import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { SystemClock } from "../../src/runtime/clock.ts";
import { FileSource, StdinSource } from "../../src/source/file-source.ts";
import { KafkaSource } from "../../src/source/kafka-source.ts";
import type { Source } from "../../src/source/source.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { KAFKA_START_MS, testKafka } from "../support/kafka/test-kafka.ts";
import { RecordingHandler } from "../support/recording-handler.ts";

const LINES = Array.from({ length: 5000 }, (_, index) => `{"n":${index},"text":"zwölf"}`);

/** Some input that holds LINES, and readers of it that share nothing but the input. */
interface Input {
  /** The partition's key, for readers that look at the stored checkpoint of this input. */
  readonly key: string;
  /** Where record `index` begins. */
  offsetOf(index: number): number;
  readonly end: number;
  reader(): Source;
}

function byteOffset(index: number): number {
  return Buffer.byteLength(LINES.slice(0, index).join("\n")) + (index > 0 ? 1 : 0);
}

const WHOLE = `${LINES.join("\n")}\n`;

const nothingStored = () => Promise.resolve([]);

async function fileInput(): Promise<Input> {
  const dir = await mkdtemp(join(tmpdir(), "spikewatch-contract-"));
  folders.push(dir);
  const path = join(dir, "events.ndjson");
  await writeFile(path, WHOLE);
  const identified = await new FileSource({ path, known: nothingStored }).resolveIdentity();
  // Whoever has read its first line calls it by the same name.
  const fingerprint = createHash("sha256").update(`${LINES[0]!}\n`).digest("hex");
  const known = [{ topic: identified.topic, endOffset: byteOffset(1), fingerprint, storedAtMs: 1 }];
  return {
    key: `${identified.topic}/0`,
    offsetOf: byteOffset,
    end: Buffer.byteLength(WHOLE),
    reader: () => new FileSource({ path, known: () => Promise.resolve(known) }),
  };
}

function stdinInput(): Promise<Input> {
  return Promise.resolve({
    key: "stdin:contract/0",
    offsetOf: byteOffset,
    end: Buffer.byteLength(WHOLE),
    reader: () =>
      new StdinSource({ stream: Readable.from(pieces()), sourceName: "contract", known: [] }),
  });
}

/** As a pipe would cut it: anywhere. */
function* pieces(): Generator<Buffer> {
  const bytes = Buffer.from(WHOLE);
  for (let at = 0; at < bytes.length; at += 997) yield bytes.subarray(at, at + 997);
}

async function kafkaInput(): Promise<Input> {
  const kafka = await testKafka();
  const topic = await kafka.createTopic("contract");
  await kafka.produceLines(topic, LINES, { partition: 0 });
  return {
    key: `${topic}/0`,
    offsetOf: (index) => index,
    end: LINES.length,
    reader: () =>
      new KafkaSource({
        brokers: kafka.brokers,
        groupId: `${topic}-group`,
        topics: [topic],
        logger: silentLogger,
        metrics: new Metrics(),
        clock: new SystemClock(),
      }),
  };
}

const folders: string[] = [];
afterAll(async () => {
  for (const dir of folders) await rm(dir, { recursive: true, force: true });
});

describe.each([
  { name: "FileSource", make: fileInput },
  { name: "StdinSource", make: stdinInput },
  { name: "KafkaSource", make: kafkaInput },
])("Source contract: $name", ({ make }) => {
  let input: Input;
  const open: Source[] = [];

  beforeAll(async () => {
    input = await make();
  }, KAFKA_START_MS);

  afterEach(async () => {
    for (const source of open.splice(0)) await source.stop();
  });

  async function read(handler: RecordingHandler): Promise<Source> {
    const source = input.reader();
    open.push(source);
    await source.start(handler.handler);
    return source;
  }

  function atEnd(handler: RecordingHandler): () => boolean {
    return () => handler.ends.get(input.key) === input.end;
  }

  it("hands over every record once, in order, with the offset it stands at", async () => {
    const handler = new RecordingHandler();

    await read(handler);
    await handler.until(atEnd(handler));

    expect(handler.texts()).toEqual(LINES);
    expect(handler.records.map(({ offset }) => offset)).toEqual(
      LINES.map((_, index) => input.offsetOf(index)),
    );
  });

  it("joins its batches without a hole and ends behind the last record", async () => {
    const handler = new RecordingHandler();

    await read(handler);
    await handler.until(atEnd(handler));

    let reached = 0;
    for (const { count, endOffset } of handler.batches) {
      reached += count;
      expect(endOffset).toBe(reached === LINES.length ? input.end : input.offsetOf(reached));
    }
  });

  it("gives the same fingerprint for the same end, however it got there", async () => {
    const whole = new RecordingHandler();
    const part = new RecordingHandler({ [input.key]: input.offsetOf(3000) });

    await read(whole);
    await whole.until(atEnd(whole));
    await open.pop()?.stop();
    await read(part);
    await part.until(atEnd(part));

    expect(part.batches.at(-1)?.fingerprint).toBe(whole.batches.at(-1)?.fingerprint);
    expect(part.batches.at(-1)?.fingerprint).not.toBe("");
    expect(new Set(whole.batches.map(({ fingerprint }) => fingerprint)).size).toBe(
      whole.batches.length,
    );
  });

  it("starts where the handler says, also in the middle", async () => {
    const handler = new RecordingHandler({ [input.key]: input.offsetOf(4321) });

    await read(handler);
    await handler.until(atEnd(handler));

    expect(handler.texts()).toEqual(LINES.slice(4321));
  });

  it("reads again what another reader has read, when the handler says so", async () => {
    const first = new RecordingHandler();
    const source = await read(first);
    await first.until(atEnd(first));
    await source.committed([{ ...partitionOf(input.key), endOffset: input.end }]);
    await source.stop();
    const second = new RecordingHandler({ [input.key]: input.offsetOf(4000) });

    await read(second);
    await second.until(atEnd(second));

    expect(second.texts()).toEqual(LINES.slice(4000));
  });

  it("waits for one call before it makes the next", async () => {
    const handler = new RecordingHandler();

    await read(handler);
    await handler.until(atEnd(handler));

    expect(handler.overlaps).toBe(0);
    expect(handler.batches.length).toBeGreaterThan(1);
  });

  it("waits in stop for the call under way, and makes none after", async () => {
    const handler = new RecordingHandler();
    let release: () => void = () => undefined;
    let reached: () => void = () => undefined;
    const inBatch = new Promise<void>((resolve) => (reached = resolve));
    handler.hold = () => {
      reached();
      return new Promise((resolve) => (release = resolve));
    };
    const source = await read(handler);
    await inBatch;

    let stopped = false;
    const stopping = source.stop().then(() => (stopped = true));
    await new Promise((resolve) => setImmediate(resolve));
    const before = stopped;
    release();
    await stopping;

    expect(before).toBe(false);
    expect(handler.batches).toHaveLength(1);
    await expect(source.done).resolves.toBeUndefined();
  });

  it("asks again where to start after reassign", async () => {
    const handler = new RecordingHandler();
    if (input.key.startsWith("stdin:")) return expectNoRewind(handler);
    let told = false;
    const source = input.reader();
    open.push(source);
    handler.hold = () => {
      if (!told && handler.batches.length === 1) {
        told = true;
        handler.ends.set(input.key, 0);
        source.reassign();
        handler.ends.set(input.key, input.offsetOf(10));
        throw new Dropped();
      }
      return Promise.resolve();
    };
    await source.start({ ...handler.handler, batch: (records) => swallow(handler.batch(records)) });

    await handler.until(atEnd(handler));

    expect(handler.assignments).toEqual([input.key, input.key]);
    const again = handler.texts().lastIndexOf(LINES[10]!);
    expect(handler.texts().slice(again)).toEqual(LINES.slice(10));
  });

  async function expectNoRewind(handler: RecordingHandler): Promise<void> {
    const source = await read(handler);

    source.reassign();

    await expect(source.done).rejects.toMatchObject({ code: "checkpoint_conflict" });
  }
});

/** What a worker does that drops a batch: it says so to the source, and takes no record of it. */
class Dropped extends Error {}

function swallow(work: Promise<void>): Promise<void> {
  return work.catch((error: unknown) => {
    if (!(error instanceof Dropped)) throw error;
  });
}

function partitionOf(key: string): { topic: string; partition: number } {
  const slash = key.lastIndexOf("/");
  return { topic: key.slice(0, slash), partition: Number(key.slice(slash + 1)) };
}

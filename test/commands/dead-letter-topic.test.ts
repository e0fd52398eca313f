import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { deadLetterCommand } from "../../src/commands/dead-letter.ts";
import { MAX_PLACES, countsQuery } from "../../src/store/dead-letter-queries.ts";
import type { Connection } from "../../src/store/connect.ts";
import { DATABASE, WRITER } from "../../src/store/engine-config.ts";
import {
  startTestEngine,
  temporaryDirectory,
  type TestEngine,
} from "../support/clickhouse/engine.ts";
import { runCommand } from "../support/clickhouse/run-command.ts";
import { KAFKA_START_MS, testKafka, type TestKafka } from "../support/kafka/test-kafka.ts";

const dir = temporaryDirectory();
const mended = join(dir, "mended.yaml");
let kafka: TestKafka;
let test: TestEngine;
let connection: Connection;
let settings: Parameters<typeof runCommand>[2];
let dead: string;

/** What is rejected at an offset of the topic: good by the mended pipeline. */
function raw(offset: number): string {
  const usual = { time: "2026-03-02T10:00:30Z", team: "search", provider: "acme", model: "small" };
  return JSON.stringify({ ...usual, user: `u${offset}`, uncached_input_tokens: 3 });
}

/** Keeps events of these offsets as the worker's commit does. */
async function keepInTable(offsets: readonly number[]): Promise<void> {
  for (const offset of offsets) {
    await connection.command(
      `INSERT INTO usage (kind, topic, part, end_offset, reason, raw, raw_bytes, writer, batch, arrived)
       SELECT 'rejected', 'mine', 1, {offset:Int64}, 'invalid_json', {raw:String}, length({raw:String}), generateUUIDv4(), generateUUIDv4(), now64(3)`,
      { params: { offset, raw: raw(offset) } },
    );
  }
}

/** Writes them as the worker does before its commit. */
async function writeToTopic(offsets: readonly number[]): Promise<void> {
  const producer = kafka.client.producer();
  await producer.connect();
  const own = { reason: "invalid_json", topic: "mine", partition: 1, incarnation: 0, event: 0 };
  const messages = offsets.map((offset) => {
    const headers = Object.entries({ ...own, offset, "raw-bytes": raw(offset).length });
    return {
      key: `mine/1/0/${offset}/0`,
      value: raw(offset),
      headers: Object.fromEntries(headers.map(([name, one]) => [`spikewatch-${name}`, `${one}`])),
    };
  });
  await producer.send({ topic: dead, messages });
  await producer.disconnect();
}

async function replay(...flags: readonly string[]): Promise<unknown> {
  const argv = ["replay", "--from-topic", "--pipeline", mended, "--json", ...flags];
  const { stdout } = await runCommand(deadLetterCommand, argv, settings);
  return JSON.parse(stdout) as unknown;
}

async function counted(): Promise<string[]> {
  const rows = await connection.rows<{ user: string }>(
    "SELECT user FROM usage_by_minute WHERE requests > 0 ORDER BY user",
  );
  return rows.map(({ user }) => user);
}

beforeAll(async () => {
  [kafka, test] = await Promise.all([testKafka(), startTestEngine()]);
  connection = test.connect();
  dead = await kafka.createTopic("dead", { partitions: 2 });
  const address = new URL(test.engine.url);
  address.username = WRITER;
  address.password = test.engine.writerPassword;
  address.pathname = `/${DATABASE}`;
  settings = { CLICKHOUSE_URL: address.href, KAFKA_BROKERS: [...kafka.brokers] };
  writeFileSync(
    join(dir, "prices.yaml"),
    "models: [{ provider: acme, model: small, prices: [{ input: 1, output: 1 }] }]",
  );
  writeFileSync(
    mended,
    `name: mended\nformat: canonical-json\nprices: ./prices.yaml\nsource: { kafka: { topics: [mine], dead_letter_topic: ${dead} } }\n`,
  );
}, KAFKA_START_MS);
afterAll(async () => {
  await test.stop();
  rmSync(dir, { recursive: true, force: true });
});

describe("spikewatch dead-letter replay --from-topic", () => {
  it("counts what the topic holds and the table says is open, once", async () => {
    // Offset 5 was written by a run that died before its commit; the next run counted it. Offset 9 has left the topic.
    await keepInTable([3, 4, 9]);
    await writeToTopic([3, 4, 5, 3]);

    const tried = await replay("--dry-run");
    const nothing = await counted();
    const first = await replay();
    const second = await replay();

    expect(tried).toMatchObject({ read: 2, good: 2, dry_run: true });
    expect(nothing).toEqual([]);
    expect(first).toMatchObject({ read: 2, good: 2, finished: true, left: 1 });
    expect(second).toMatchObject({ read: 0, left: 1 });
    expect(await counted()).toEqual(["u3", "u4"]);
  }, 60_000);

  it("reads nothing where the topic holds nothing of what is asked for", async () => {
    expect(await replay("--topic", "another")).toMatchObject({ read: 0, finished: true });
    expect(await counted()).toEqual(["u3", "u4"]);
  }, 60_000);

  it("needs a pipeline that names a dead-letter topic", async () => {
    const plain = join(dir, "plain.yaml");
    writeFileSync(plain, "name: plain\nformat: canonical-json\nprices: ./prices.yaml\n");

    const replayed = runCommand(
      deadLetterCommand,
      ["replay", "--from-topic", "--pipeline", plain],
      settings,
    );

    await expect(replayed).rejects.toThrow(/names no dead-letter topic/);
  });

  it("asks for as many places at once as fit into a statement", async () => {
    const places = Array.from({ length: MAX_PLACES }, (_, index) => ({
      topic: `topic-${index % 7}`,
      partition: index % 300,
      incarnation: 1,
      offset: 9_000_000_000_000 + index,
      event: index,
    }));
    const { sql, params } = countsQuery({ places });

    expect(await connection.rows(sql, { params })).toEqual([]);
  });
});

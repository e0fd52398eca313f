import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "@jest/globals";
import { priceBookYaml } from "../million/prices.mjs";
import { judgeExactness, type Verdict } from "./exactness.ts";
import { STREAM_START_MS } from "./steady-stream.ts";
import type { DumpedRecord } from "./topic-dump.ts";

const MINUTE = Math.floor(STREAM_START_MS / 60_000) * 60;
const LINES = [
  {
    time: STREAM_START_MS,
    id: "a",
    team: "t",
    provider: "acme",
    model: "m-free",
    output_tokens: 5,
  },
  {
    time: STREAM_START_MS,
    id: "a",
    team: "t",
    provider: "acme",
    model: "m-free",
    output_tokens: 5,
  },
  {
    time: STREAM_START_MS,
    id: "b",
    team: "t",
    provider: "acme",
    model: "m-free",
    output_tokens: 7,
  },
  { time: "yesterday", team: "t" },
];
const RIGHT = {
  table: [["t", "m-free", MINUTE, 2, 0, 0, 0, 0, 0, 12, 0, 0, 0]],
  counts: [[4, 2, 1, 1]],
  reasons: [["invalid_time", 1]],
  chain: [
    [0, 0, 0, 3, "ckpt"],
    [0, 0, 3, 4, "ckpt"],
  ],
};
const closers: (() => void)[] = [];

afterEach(() => closers.splice(0).forEach((close) => close()));

async function* records(): AsyncGenerator<DumpedRecord> {
  for (const [offset, line] of LINES.entries()) {
    yield { partition: 0, offset, value: Buffer.from(JSON.stringify(line)) };
  }
  await Promise.resolve();
}

/** Judges what a ClickHouse that holds this would answer. */
async function judge(stored: Partial<typeof RIGHT>): Promise<Verdict> {
  const tables = { ...RIGHT, ...stored };
  const server = createServer((request, response) => {
    const sql = new URL(request.url ?? "/", "http://x").searchParams.get("query") ?? "";
    const rows: readonly unknown[][] = sql.includes("usage_by_minute")
      ? tables.table
      : sql.includes("sum(records)")
        ? tables.counts
        : sql.includes("rejected")
          ? tables.reasons
          : tables.chain;
    response.end(rows.map((row) => JSON.stringify(row)).join("\n"));
  });
  closers.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return judgeExactness(`http://127.0.0.1:${port}/`, priceBookYaml(STREAM_START_MS), records());
}

describe("judgeExactness", () => {
  it("finds no difference where every count, cell and offset is right", async () => {
    expect(await judge({})).toEqual({
      records: 4,
      accepted: 2,
      duplicates: 1,
      lost: 0,
      double: 0,
      differences: [],
    });
  });

  it.each([
    { what: "a lost cell", stored: { table: [] }, lost: 2, double: 0, says: "missing" },
    {
      what: "a doubled event",
      stored: { table: [["t", "m-free", MINUTE, 3, 0, 0, 0, 0, 0, 19, 0, 0, 0]] },
      lost: 0,
      double: 1,
      says: "different",
    },
    {
      what: "a cell that no event has",
      stored: { table: [...RIGHT.table, ["u", "m-free", MINUTE, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0]] },
      lost: 0,
      double: 4,
      says: "extra",
    },
    {
      what: "one token too few",
      stored: { table: [["t", "m-free", MINUTE, 2, 0, 0, 0, 0, 0, 11, 0, 0, 0]] },
      lost: 0,
      double: 0,
      says: "different",
    },
    {
      what: "a wrong count",
      stored: { counts: [[4, 3, 0, 1]] },
      lost: 0,
      double: 0,
      says: "checkpoints count 3 accepted, the log 2",
    },
    {
      what: "a rejected event twice",
      stored: { reasons: [["invalid_time", 2]] },
      lost: 0,
      double: 0,
      says: "rejected for invalid_time: 2 kept, 1 in the log",
    },
    {
      what: "a hole",
      stored: {
        chain: [
          [0, 0, 0, 2, "ckpt"],
          [0, 0, 3, 4, "ckpt"],
        ],
      },
      lost: 0,
      double: 0,
      says: "hole in the chain",
    },
    {
      what: "an overlap",
      stored: {
        chain: [
          [0, 0, 0, 4, "ckpt"],
          [0, 0, 3, 4, "ckpt"],
        ],
      },
      lost: 0,
      double: 0,
      says: "overlap in the chain",
    },
  ])("tells $what", async ({ stored, lost, double, says }) => {
    const verdict = await judge(stored);

    expect(verdict).toMatchObject({ lost, double });
    expect(verdict.differences.join("\n")).toContain(says);
  });
});

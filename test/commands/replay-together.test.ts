import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { replayCommand } from "../../src/commands/replay.ts";
import { AppError } from "../../src/runtime/errors.ts";
import type { Connection } from "../../src/store/connect.ts";
import { DATABASE, WRITER } from "../../src/store/engine-config.ts";
import { startTestEngine, truncateAll, type TestEngine } from "../support/clickhouse/engine.ts";
import { runCommand } from "../support/clickhouse/run-command.ts";

const EVENTS = 8_000;
const HEADER = JSON.stringify({ schema: "usage/1" });
let test: TestEngine;
let connection: Connection;
let dir = "";
let url = "";

beforeAll(async () => {
  test = await startTestEngine();
  connection = test.connect();
  dir = mkdtempSync(join(tmpdir(), "spikewatch-together-"));
  const at = new URL(test.engine.url);
  url = `http://${WRITER}:${test.engine.writerPassword}@${at.host}/${DATABASE}`;
});
afterAll(async () => {
  await test.stop();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(() => truncateAll(connection));

/** Events without an id, each a pane of its own, so that they are stored in many commits and nothing but the input's identity keeps them from counting twice. */
function events(count: number, team = "search"): string {
  const line = (index: number): string =>
    JSON.stringify({
      time: new Date(Date.UTC(2026, 2, 2) + index * 60_000).toISOString(),
      team,
      user: `u${index % 500}`,
      model: "gpt-5-mini",
      output_tokens: 1,
    });
  return Array.from({ length: count }, (_, index) => `${line(index)}\n`).join("");
}

function file(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

/** What `replay --json` says, or the code of its error; small commits, so that two at once meet often. */
async function replay(path: string): Promise<Record<string, unknown>> {
  const pipeline = join(dir, "pipeline.yaml");
  writeFileSync(
    pipeline,
    "name: together\nformat: canonical-json\nflush: { every: 50ms, max_rows: 1000 }\n",
  );
  try {
    const argv = ["--input", path, "--pipeline", pipeline, "--json"];
    const { stdout } = await runCommand(replayCommand, argv, { CLICKHOUSE_URL: url });
    const answer = stdout.trim().split("\n").at(-1) ?? "";
    return JSON.parse(answer) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof AppError) return { failed: error.code };
    throw error;
  }
}

/** What `replay` tells a person. */
async function summary(path: string): Promise<string> {
  const { stdout } = await runCommand(replayCommand, ["--input", path], { CLICKHOUSE_URL: url });
  return stdout;
}

async function counted(): Promise<Record<string, number>> {
  const rows = await connection.rows<{ team: string; n: string }>(
    "SELECT team, sum(requests) AS n FROM usage_by_minute GROUP BY team",
  );
  return Object.fromEntries(rows.map(({ team, n }) => [team, Number(n)]));
}

describe("replay of one file by several at the same time", () => {
  it.each([2, 3])("counts every event of %d copies once, under whatever names", async (copies) => {
    const text = events(EVENTS);
    const files = Array.from({ length: copies }, (_, index) => file(`copy-${index}`, text));

    const outcomes = await Promise.all(files.map(replay));

    const failures = outcomes.filter(({ failed }) => failed !== undefined);
    expect(failures.length).toBeLessThan(copies);
    for (const one of failures) expect(one).toEqual({ failed: "checkpoint_conflict" });
    expect(await counted()).toEqual({ search: EVENTS });
    for (const one of files) {
      expect(await replay(one)).toMatchObject({ state: "unchanged", accepted: 0 });
    }
  });

  it("counts two files that begin with the same line both, wholly", async () => {
    const files = ["search", "billing"].map((team) =>
      file(team, `${HEADER}\n${events(EVENTS / 10, team)}`),
    );

    for (const outcome of await Promise.all(files.map(replay))) {
      if (outcome["failed"] !== undefined)
        expect(outcome).toEqual({ failed: "checkpoint_conflict" });
    }
    for (const one of files) await replay(one);

    expect(await counted()).toEqual({ search: EVENTS / 10, billing: EVENTS / 10 });
    expect(await connection.rows("SELECT count() AS n FROM rejected")).toEqual([{ n: "2" }]);
    for (const one of files) expect(await replay(one)).toMatchObject({ state: "unchanged" });
  });
});

describe("the summary of a replay", () => {
  it("tells what this run stored and what is stored in all, where they differ", async () => {
    const path = file("growing", events(100));
    const first = await replay(path);
    appendFileSync(path, events(20, "billing"));
    const second = await replay(path);
    const text = await summary(file("grown", events(100) + events(25, "billing")));

    expect(first).toMatchObject({ records: 100, stored_in_all: { records: 100, accepted: 100 } });
    expect(second).toMatchObject({
      state: "resumed",
      records: 20,
      stored_in_all: { records: 120, accepted: 120, rejected: 0 },
    });
    expect(text).toContain("125 records of it are stored in all, 125 accepted");
    expect(text).toMatch(/^ {2}records +5 /m);
  });
});

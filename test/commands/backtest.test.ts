import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { backtestCommand } from "../../src/commands/backtest.ts";
import { runCommand } from "../support/clickhouse/run-command.ts";

const EVENT = `{"time":"2026-03-02T10:00:00Z","team":"a","model":"gpt-5-mini","output_tokens":1}\n`;
const TORN = `{"time":"2026-03-02T10:01:00Z","te`;
let dir = "";
const at = (name: string): string => join(dir, name);

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "spikewatch-backtest-"));
  writeFileSync(at("whole"), EVENT + EVENT);
  writeFileSync(at("torn"), EVENT + TORN);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function backtest(input: string, ...more: string[]): Promise<string> {
  const argv = ["--input", at(input), "--incidents", at("out"), ...more];
  const { code, stdout } = await runCommand(backtestCommand, argv);
  expect(code).toBe(0);
  return stdout;
}

describe("backtest", () => {
  it("says how much of a torn last line it did not judge, as replay does", async () => {
    const [text, json] = [await backtest("torn"), await backtest("torn", "--json")];

    expect(text).toBe(
      `1 events judged (0 rejected): 0 pages, 0 tickets → ${at("out")}\n` +
        `the last ${TORN.length} bytes have no line end and are no JSON yet: not judged\n`,
    );
    expect(JSON.parse(json)).toEqual({
      records: 1,
      accepted: 1,
      rejected: 0,
      pages: 0,
      tickets: 0,
      unfinished_bytes: TORN.length,
    });
  });

  it("says nothing of it where the input is whole, and judges the line once it is", async () => {
    expect(await backtest("whole")).toMatch(/^2 events judged .*\n$/);

    appendFileSync(at("torn"), `am":"a","model":"gpt-5-mini","output_tokens":1}`);

    expect(JSON.parse(await backtest("torn", "--json"))).toMatchObject({
      accepted: 2,
      unfinished_bytes: 0,
    });
  });
});

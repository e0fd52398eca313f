import { describe, expect, it } from "@jest/globals";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { checkCommand } from "../../src/commands/check.ts";
import type { CommandContext } from "../../src/commands/command.ts";
import { loadSettings } from "../../src/config/load.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { ManualClock } from "../support/manual-clock.ts";

const DATA = "test/commands/testdata";

async function check(...argv: string[]): Promise<{ code: number; out: string }> {
  const chunks: string[] = [];
  const stdout = new Writable({
    write: (chunk: Buffer, _, done) => {
      chunks.push(chunk.toString());
      done();
    },
  });
  const context: CommandContext = {
    settings: loadSettings({}),
    clock: new ManualClock(),
    logger: silentLogger,
    stdin: process.stdin,
    stdout,
    stderr: stdout,
    colour: false,
    signal: new AbortController().signal,
  };
  const code = await checkCommand.run(argv, context);
  return { code, out: chunks.join("") };
}

describe("checkCommand", () => {
  it("finds every ready pipeline, the price book and the calendar fine", async () => {
    const { code, out } = await check();
    const files = readdirSync("pipelines");

    for (const file of files) expect(out).toContain(`ok    ${join("pipelines", file)}: `);
    expect(out).toMatch(new RegExp(`${files.length} of ${files.length} files fine`));
    expect(out).toMatch(/(\d\d) of \1 tests pass/);
    expect(code).toBe(0);
  });

  it("knows a calendar by its content, and says what is wrong with it", async () => {
    const { code, out } = await check("test/config/testdata/calendar-bad.yaml");

    expect(code).toBe(1);
    expect(out).toContain("calendar-bad.yaml:3 [2].to: is not after from; swap them");
  });

  it("shows what each failing test expected and what came out", async () => {
    const { code, out } = await check(`${DATA}/failing.yaml`);

    expect(code).toBe(1);
    expect(out).toMatchInlineSnapshot(`
     "FAIL  test/commands/testdata/failing.yaml
       test/commands/testdata/failing.yaml:9 tests[1] "wrong values" fails (- expected, + what came out):
         - event 0 time: 1970-01-01T00:00:01.000Z
         + event 0 time: 1970-01-01T00:00:00.000Z
         - event 0 team: b
         + event 0 team: a
         - event 0 labels.env: prod
         + event 0 labels.env: dev
         - event 0 labels.zone: x
         + event 0 labels.zone: nothing
       test/commands/testdata/failing.yaml:12 tests[2] "counts though it should not" fails (- expected, + what came out):
         - event 0 rejected: invalid_time
         + event 0 an event
       test/commands/testdata/failing.yaml:15 tests[3] "is rejected though it should count" fails (- expected, + what came out):
         - event 0 an event
         + event 0 rejected: invalid_tokens
       test/commands/testdata/failing.yaml:18 tests[4] "holds more than expected" fails (- expected, + what came out):
         - event 0 nothing
         + event 0 an event
         - event 1 nothing
         + event 1 rejected: not_an_object
       test/commands/testdata/failing.yaml:21 tests[5] "holds less than expected" fails (- expected, + what came out):
         - event 1 an event
         + event 1 nothing
       test/commands/testdata/failing.yaml:24 tests[6] "ignores something" fails (- expected, + what came out):
         - ignored: 0
         + ignored: 1
     0 of 1 files fine, 1 of 7 tests pass
     "
    `);
  });

  it("says the same to machines", async () => {
    const { code, out } = await check("--json", `${DATA}/failing.yaml`, `${DATA}/bad-book.yaml`);
    const report = JSON.parse(out) as {
      ok: boolean;
      files: {
        file: string;
        kind: string;
        tests: number;
        problems: object[];
        failures: object[];
      }[];
    };

    expect([code, report.ok]).toEqual([1, false]);
    expect(report.files.map(({ kind, tests }) => [kind, tests])).toEqual([
      ["pipeline", 7],
      ["price-book", 0],
    ]);
    expect(report.files[0]!.failures).toHaveLength(6);
    expect(report.files[0]!.failures[0]).toMatchObject({
      index: 1,
      line: 9,
      differences: expect.arrayContaining([
        { event: 0, field: "team", expected: "b", actual: "a" },
      ]) as unknown,
    });
    expect(report.files[1]!.problems[0]).toMatchObject({
      file: `${DATA}/bad-book.yaml`,
      line: 4,
      path: "models[0].prices[0].input",
    });
  });

  it("prints the problems of all files, not only of the first", async () => {
    const files = ["no-book", "bad-book", "none"].map((name) => `${DATA}/${name}.yaml`);

    const { code, out } = await check(...files, "pipelines/canonical-json.yaml");

    expect(code).toBe(1);
    expect(out).toContain(`${files[0]}:3 prices: names`);
    expect(out).toContain("looks like a rate per token");
    expect(out).toContain("over 0.01 USD a token");
    expect(out).toContain("models[1].prices: is empty");
    expect(out).toContain(`${files[2]}: cannot be read`);
    expect(out).toContain("1 of 4 files fine");
  });

  it.each([["--jsn"], ["--json=yes"]])("refuses %s as used wrongly", async (flag) => {
    await expect(check(flag)).rejects.toMatchObject({ code: "usage" });
  });

  it("explains itself", async () => {
    const { code, out } = await check("--help");

    expect(code).toBe(0);
    expect(out).toContain("Example:");
  });
});

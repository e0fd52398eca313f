import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { scoreCommand } from "../../src/commands/score.ts";
import { SETTINGS_SCHEMA } from "../../src/config/settings.ts";
import { SystemClock } from "../../src/runtime/clock.ts";
import { exitCodeOf, messageOf } from "../../src/runtime/errors.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { dailySeries } from "./series.ts";

let dir = "";
const at = (name: string): string => join(dir, name);
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "spikewatch-score-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

class Text extends Writable {
  text = "";
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** Runs the command on a text as stdin. */
async function score(text: string | readonly string[], ...argv: string[]) {
  const [stdout, stderr] = [new Text(), new Text()];
  const run = scoreCommand.run(argv.length === 0 ? ["-"] : argv, {
    settings: SETTINGS_SCHEMA.parse({}),
    clock: new SystemClock(),
    logger: silentLogger,
    stdin: Readable.from(
      typeof text === "string" ? [Buffer.from(text)] : text.map((one) => Buffer.from(one)),
    ),
    stdout,
    stderr,
    colour: false,
    signal: new AbortController().signal,
  });
  const [code, says] = await run.then(
    (done) => [done, ""] as const,
    (error: unknown) => [exitCodeOf(error), messageOf(error)] as const,
  );
  return { code, says, stdout: stdout.text, stderr: stderr.text };
}

const daily = (rows: number): string =>
  dailySeries(rows)
    .map(({ timeMs, value }) => `${new Date(timeMs).toISOString()},${value}\n`)
    .join("");

describe("spikewatch score", () => {
  it("prints every row as it came, with its score", async () => {
    const { code, stdout, stderr } = await score(
      '\ufeffValue,note,Timestamp\r\n1,"a, b",2026-01-01 00:00\r\n,x,1767226200\r\nNaN,x,2026-01-01T00:15:00Z\r\n2.50,x,2026-01-01 00:20:00',
    );

    expect(stdout).toBe(
      "timestamp,value,anomaly_score\n2026-01-01 00:00,1,0\n1767226200,,0\n2026-01-01T00:15:00Z,NaN,0\n2026-01-01 00:20:00,2.50,0\n",
    );
    expect(stderr).toBe("4 rows scored (2 without a value): 0 alerts\n");
    expect(code).toBe(0);
  });

  it("answers while the series still comes, and the same however it is cut", async () => {
    const text = `timestamp,value\n${daily(300)}2026-01-02T01:00:00Z,9000\n`;
    const pieces = text.match(/[^]{1,50}/g) ?? [];

    const [whole, cut] = [await score(text), await score(pieces)];

    expect(cut.stdout).toBe(whole.stdout);
    expect(Number(whole.stdout.trimEnd().split(",").at(-1))).toBeGreaterThanOrEqual(0.5);
  });

  it("writes one JSON object a line on request", async () => {
    const { stdout, stderr } = await score(
      "timestamp,value\n1767226200,3\n1767226500,\n",
      "-",
      "--json",
    );

    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { timestamp: "1767226200", value: 3, anomaly_score: 0 },
      { timestamp: "1767226500", value: null, anomaly_score: 0 },
    ]);
    expect(JSON.parse(stderr)).toEqual({ rows: 2, alerts: 0, missing: 1, back_in_time: 0 });
  });

  it("judges rows in the order of the file and says where time goes back", async () => {
    const { stderr, code } = await score(
      "timestamp,value\n1767226500,1\n1767226200,2\n1767226500,3\n",
    );

    expect(stderr).toContain("time goes back 1 times, first at line 3");
    expect(code).toBe(0);
  });

  it("takes a header alone as an empty series", async () => {
    expect((await score("timestamp,value\n")).stdout).toBe("timestamp,value,anomaly_score\n");
  });

  it.each([
    ["", /^stdin: line 1: nothing there: begin with the header timestamp,value$/],
    ["2026-01-01,1\n", /^stdin: line 1: this is data, no header/],
    [
      "time,value\n1,2\n",
      /^stdin: line 1: no column is called "timestamp", there are "time", "value"/,
    ],
    ["timestamp;value\n1;2\n", /^stdin: line 1: no column is called "timestamp"/],
    ["timestamp,value,value\n", /^stdin: line 1: two columns are called "value"/],
    ["timestamp,value\n1,2\nsoon,2\n", /^stdin: line 3: timestamp "soon" cannot be read: give ISO/],
    ["timestamp,value\n,2\n", /^stdin: line 2: timestamp "" cannot be read/],
    ["timestamp,value\n1,two\n", /^stdin: line 2: value "two" is no finite number/],
    ["timestamp,value\n1,0x10\n", /^stdin: line 2: value "0x10" is no finite number/],
    ["timestamp,value\n1,1e999\n", /^stdin: line 2: value "1e999" is no finite number/],
    ["timestamp,value\n1\n", /^stdin: line 2: 1 column where the header needs 2/],
    ['timestamp,value\n1,"2\n', /^stdin: line 2: a quote begins and has no end/],
  ])("ends with 1 and the line where the input is wrong: %#", async (text, message) => {
    const { code, says } = await score(text);

    expect(says).toMatch(message);
    expect(code).toBe(1);
  });

  it.each([
    [[""], /^no file given/],
    [["a.csv", "b.csv"], /^2 files given/],
    [["@nowhere"], /^cannot read ".*nowhere": ENOENT.*; give a CSV file, or - for stdin$/],
    [["@folder"], /^cannot read ".*folder": it is a folder/],
    [["-", "--bogus"], /^unknown option '--bogus'/],
    [
      ["-", "--out", "@no/out.csv"],
      /^cannot write .*out\.csv: ENOENT.*; name another file with --out$/,
    ],
    [["-", "--out", "@folder"], /^cannot write .*folder: it is a folder/],
  ])("ends with 2 where it is used wrongly: %#", async (argv, message) => {
    mkdirSync(at("folder"));
    const words = argv.map((word) => (word.startsWith("@") ? at(word.slice(1)) : word));

    const { code, says } = await score("timestamp,value\n", ...words);

    expect(says).toMatch(message);
    expect(code).toBe(2);
    expect(readdirSync(dir)).toEqual(["folder"]);
  });

  it("writes --out whole or not at all, also over the input", async () => {
    writeFileSync(at("a.csv"), "timestamp,value\n1,2\n");
    const done = await score("", at("a.csv"), "--out", at("a.csv"));
    const text = readFileSync(at("a.csv"), "utf8");
    writeFileSync(at("bad.csv"), "timestamp,value\n1,2\n3,x\n");

    const failed = await score("", at("bad.csv"), "--out", at("a.csv"));

    expect(done.stdout).toBe(`1 rows scored: 0 alerts → ${at("a.csv")}\n`);
    expect(text).toBe("timestamp,value,anomaly_score\n1,2,0\n");
    expect(failed.says).toBe(
      `${at("bad.csv")}: line 3: value "x" is no finite number: write a decimal number, or nothing where it is missing`,
    );
    expect(readFileSync(at("a.csv"), "utf8")).toBe(text);
    expect(readdirSync(dir).sort()).toEqual(["a.csv", "bad.csv"]);
  });

  it("has an example in its help", () => {
    expect(scoreCommand.help).toContain("Example:\n  spikewatch score latency.csv");
  });
});

import { execFile } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { backtestCommand } from "../../src/commands/backtest.ts";
import { checkCommand } from "../../src/commands/check.ts";
import type { Command } from "../../src/commands/command.ts";
import { demoCommand } from "../../src/commands/demo.ts";
import { migrateCommand } from "../../src/commands/migrate.ts";
import { queryCommand } from "../../src/commands/query.ts";
import { replayCommand } from "../../src/commands/replay.ts";
import { runCommand as runSpikewatch } from "../../src/commands/run.ts";
import { AppError, exitCodeOf, messageOf } from "../../src/runtime/errors.ts";
import { BUILD_MS, builtProgram } from "../support/built-program.ts";
import { runCommand } from "../support/clickhouse/run-command.ts";

const EVENT = `{"time":"2026-03-02T10:00:00Z","team":"a","model":"gpt-5-mini","output_tokens":1}\n`;
const IS_ROOT = process.getuid?.() === 0;
let dir = "";
const at = (name: string): string => join(dir, name);

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "spikewatch-misuse-"));
  mkdirSync(at("folder"));
  writeFileSync(at("ok.ndjson"), EVENT);
  writeFileSync(at("locked"), EVENT);
  chmodSync(at("locked"), 0);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** What the program would say and its exit code. `@name` stands for a path in the test's folder. */
async function refusal(
  command: Command,
  argv: readonly string[],
): Promise<{ readonly code: number; readonly says: string }> {
  const words = argv.map((word) => (word.startsWith("@") ? at(word.slice(1)) : word));
  try {
    const { code, stdout } = await runCommand(command, words, { DATA_DIR: at("data") });
    return { code, says: stdout };
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    return { code: exitCodeOf(error), says: messageOf(error) };
  }
}

const REPLAY = ["--input", "@ok.ndjson", "--data", "@data"];
const BACKTEST = ["--input", "@ok.ndjson", "--incidents", "@out"];

describe("a command that is used wrongly", () => {
  it.each([
    [replayCommand, [...REPLAY, "--bogus"], /^unknown option '--bogus'$/],
    [
      replayCommand,
      [...REPLAY, "--pipelin", "x"],
      /^unknown option '--pipelin': perhaps you mean --pipeline$/,
    ],
    [replayCommand, ["--input"], /^option '--input <value>' argument missing$/],
    [replayCommand, ["--input="], /^--input is empty: give it a value$/],
    [replayCommand, [], /^--input is missing: give one like/],
    [replayCommand, [...REPLAY, "stray"], /^unexpected argument 'stray'/],
    [replayCommand, ["--input", "@ok.ndjson", "--data", ""], /^--data is empty: give it a value$/],
    [replayCommand, ["--input", "@nowhere"], /^cannot read ".*nowhere": ENOENT/],
    [
      replayCommand,
      ["--input", "@folder"],
      /^cannot read ".*folder": it is no regular file; name a file/,
    ],
    [
      replayCommand,
      [...REPLAY, "--pipeline", "@nowhere"],
      /^--pipeline .*nowhere cannot be read: ENOENT.*; check the path$/,
    ],
    [
      replayCommand,
      [...REPLAY, "--pipeline", "@folder"],
      /^--pipeline .*folder cannot be read: it is no regular file/,
    ],
    [replayCommand, [...REPLAY, "--source-name", "x"], /^--source-name names stdin: leave it out/],
    [replayCommand, ["--input", "-", "--again"], /^--again is for files/],
    [runSpikewatch, ["--pipeline", "@nowhere"], /^--pipeline .*nowhere cannot be read/],
    [backtestCommand, ["--input", "@nowhere", "--incidents", "@out"], /^cannot read ".*nowhere"/],
    [backtestCommand, ["--input", "@ok.ndjson"], /^--incidents is missing/],
    [
      backtestCommand,
      [...BACKTEST, "--pipeline", "@folder"],
      /^--pipeline .*folder cannot be read/,
    ],
    [
      backtestCommand,
      ["--input", "@ok.ndjson", "--incidents", "@folder"],
      /^cannot write .*folder: EISDIR.*; name another file with --incidents$/,
    ],
    [
      backtestCommand,
      ["--input", "@ok.ndjson", "--incidents", "@no/out"],
      /^cannot write .*out: ENOENT/,
    ],
    [queryCommand, ["SELECT 1", "--bogus"], /^unknown option '--bogus'$/],
    [queryCommand, ["SELECT 1", "--format"], /argument missing$/],
    [checkCommand, ["--bogus"], /^unknown option '--bogus'$/],
    [migrateCommand, ["--data", ""], /^--data is empty/],
    [demoCommand, ["--seed", ""], /^--seed is empty/],
    [demoCommand, ["--seed", "x"], /^--seed x is no whole number/],
  ] as const)("is refused with one sentence and exit code 2: %#", async (command, argv, says) => {
    const { code, says: said } = await refusal(command, argv);

    expect(said).toMatch(says);
    expect(code).toBe(2);
    expect(readdirSync(dir).sort()).toEqual(["folder", "locked", "ok.ndjson"]);
  });

  it("is refused where it names a file that this user may not read", async () => {
    const work = async () => refusal(replayCommand, ["--input", "@locked"]);
    chmodSync(dir, 0o755);
    if (IS_ROOT) process.seteuid?.(65_534);
    const { code, says } = await work().finally(() => {
      if (IS_ROOT) process.seteuid?.(0);
    });

    expect(says).toMatch(
      /^cannot read ".*locked": EACCES.*; check the path and that this user may read it$/,
    );
    expect(code).toBe(2);
  });
});

describe("backtest --incidents", () => {
  it("keeps what was there while the run can still fail, and leaves nothing new behind", async () => {
    writeFileSync(at("before"), "earlier\n");
    writeFileSync(at("flood"), "{}\n".repeat(1_000));
    const argv = (out: string): string[] => ["--input", "@flood", "--incidents", out];

    const [first, second] = [
      await refusal(backtestCommand, argv("@before")),
      await refusal(backtestCommand, argv("@new")),
    ];

    expect([first.code, second.code]).toEqual([1, 1]);
    expect(readFileSync(at("before"), "utf8")).toBe("earlier\n");
    expect(existsSync(at("new"))).toBe(false);
    await refusal(backtestCommand, ["--input", "@ok.ndjson", "--incidents", "@before"]);
    expect(readFileSync(at("before"), "utf8")).toBe("");
  });
});

describe("spikewatch", () => {
  let cli = "";
  beforeAll(async () => {
    cli = await builtProgram();
  }, BUILD_MS);

  function spikewatch(
    ...argv: string[]
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    return new Promise((resolve) => {
      const { PATH } = process.env;
      execFile(process.execPath, [cli, ...argv], { env: { PATH } }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
  }

  it.each([
    [
      ["bogus"],
      /^spikewatch: there is no command "bogus": there are demo, run, .*; see `spikewatch --help`\n$/,
    ],
    [
      ["repaly"],
      /^spikewatch: there is no command "repaly": perhaps you mean replay; see `spikewatch --help`\n$/,
    ],
    [["help", "repaly"], /perhaps you mean replay; see `spikewatch --help`\n$/],
    [["--bogus"], /see `spikewatch --help`\n$/],
    [
      ["replay", "--bogus"],
      /^spikewatch: unknown option '--bogus'; see `spikewatch replay --help`\n$/,
    ],
  ])("answers %j with one line that tells where help is", async (argv, says) => {
    const { code, stdout, stderr } = await spikewatch(...argv);

    expect(stderr).toMatch(says);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  it("gives a command's help also as `help COMMAND`", async () => {
    const [asked, flagged] = await Promise.all([
      spikewatch("help", "replay"),
      spikewatch("replay", "--help"),
    ]);

    expect(asked).toEqual(flagged);
    expect(asked).toMatchObject({ code: 0, stdout: expect.stringContaining("--source-name") });
  });
});

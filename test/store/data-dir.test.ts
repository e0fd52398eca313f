import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { AppError } from "../../src/runtime/errors.ts";
import { DataDir } from "../../src/store/data-dir.ts";

const IS_ROOT = process.getuid?.() === 0;
const NOBODY = 65_534;
let dir = "";

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "spikewatch-dir-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** What `hold` says; "" where it works. Never more than one sentence on one line. */
function refusalOf(path: string): string {
  const directory = new DataDir(path);
  try {
    directory.hold();
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "data_dir") throw error;
    expect(error.message).not.toMatch(/\n/);
    return error.message;
  }
  directory.release();
  return "";
}

/** As a user who owns nothing here. */
function asNobody<T>(work: () => T): T {
  if (!IS_ROOT) return work();
  process.seteuid?.(NOBODY);
  try {
    return work();
  } finally {
    process.seteuid?.(0);
  }
}

describe("DataDir", () => {
  it("makes the directory with all its parents, for its owner only", () => {
    const path = join(dir, "a", "b", "c");

    expect(refusalOf(path)).toBe("");
    expect(readdirSync(path)).toEqual(["data"]);
    for (const one of [path, join(dir, "a")]) {
      expect(statSync(one).mode & 0o777).toBe(0o700);
    }
  });

  it("says at once that nothing can be created where the system knows no such place", () => {
    expect(refusalOf("/proc/spikewatch/data")).toMatch(
      /^data directory \/proc\/spikewatch\/data cannot be used: nothing can be created at that place \(ENOENT\); name another with --data or SPIKEWATCH_DATA_DIR$/,
    );
  });

  it.each([
    ["is a file", "file", /it is a file, or lies under one \(ENOTDIR\)/],
    ["lies under a file", "file/data", /it is a file, or lies under one \(ENOTDIR\)/],
    ["is a link to nowhere", "link", /nothing can be created at that place \(ENOENT\)/],
    ["has a name that is too long", "x".repeat(300), /its name is too long \(ENAMETOOLONG\)/],
  ])("says what is wrong with a path that %s", (_what, name, message) => {
    writeFileSync(join(dir, "file"), "");
    symlinkSync(join(dir, "nowhere"), join(dir, "link"));

    expect(refusalOf(join(dir, name))).toMatch(message);
  });

  it.each([
    ["under a parent that is another's", "sub", /this user may not write there \(EACCES\)/],
    ["in a directory that is another's", ".", /this user may not write there.* \(E(ACCES|PERM)\)/],
  ])("says that the user may not write %s", (_what, name, message) => {
    chmodSync(dir, IS_ROOT ? 0o755 : 0o500);

    const refusal = asNobody(() => refusalOf(join(dir, name)));

    chmodSync(dir, 0o700);
    expect(refusal).toMatch(IS_ROOT ? message : /may not write there/);
    expect(existsSync(join(dir, "holder.lock"))).toBe(false);
  });

  it("gives up on a lock that can be neither read nor replaced", () => {
    mkdirSync(join(dir, "holder.lock"));
    writeFileSync(join(dir, "secrets.json"), "{}");

    expect(refusalOf(dir)).toMatch(
      /holder\.lock can be neither read nor replaced; remove it if no other process uses the directory$/,
    );
    expect(readdirSync(dir).sort()).toEqual(["data", "holder.lock", "secrets.json"]);
  });
});

/** Mounts are seen in this name space only; who is not root is root in a name space of users as well. */
const OWN_MOUNTS = IS_ROOT ? "-m" : "-rm";

describe("DataDir on a file system of its own", () => {
  it.each([
    ["is full", "size=4k,nr_inodes=1", /no space is left there \(ENOSPC\)/],
    ["is full after a first file", "size=4k,nr_inodes=3", /no space is left there \(ENOSPC\)/],
    ["is read-only", "ro", /the file system is read-only \(EROFS\)/],
  ])("says so where it %s", (_what, options, message) => {
    const hold = `import("${new URL("../../src/store/data-dir.ts", import.meta.url).href}").then(({ DataDir }) => new DataDir("${dir}/data").hold()).catch((error) => process.stdout.write(error.message))`;
    const node = `${process.execPath} --import tsx --input-type=module -e '${hold}'`;

    const said = execFileSync(
      "unshare",
      [OWN_MOUNTS, "sh", "-c", `mount -t tmpfs -o ${options} none ${dir} && ${node}`],
      { encoding: "utf8", cwd: join(import.meta.dirname, "../..") },
    );

    expect(said).toMatch(message);
  });
});

import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { until } from "./until.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const CLI = join(ROOT, "dist", "cli.js");
const LOCK = join(ROOT, ".cache", "build.lock");
const run = promisify(execFile);

/** What a `beforeAll` that may have to build the program can take. */
export const BUILD_MS = 120_000;

/** The path of the built program. Builds it first where it is missing or older than its source; test files at the same time build it once. */
export async function builtProgram(): Promise<string> {
  if (isBuilt()) return CLI;
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  await until("the lock of the build", () => (isTaken() ? null : true), { timeoutMs: BUILD_MS });
  try {
    if (!isBuilt()) await run("npm", ["run", "--silent", "build"], { cwd: ROOT });
  } finally {
    rmSync(LOCK, { force: true });
  }
  return CLI;
}

/** Takes the lock, or removes that of a dead process and leaves it to the next try. */
function isTaken(): boolean {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: "wx" });
    return false;
  } catch {
    if (!isAlive(holder())) rmSync(LOCK, { force: true });
    return true;
  }
}

/** NaN while it is being written or removed, which counts as alive. */
function holder(): number {
  try {
    return Number(readFileSync(LOCK, "utf8") || NaN);
  } catch {
    return NaN;
  }
}

function isAlive(pid: number): boolean {
  return Number.isNaN(pid) || existsSync(`/proc/${pid}`);
}

function isBuilt(): boolean {
  if (!existsSync(CLI)) return false;
  const source = Math.max(newestIn(join(ROOT, "src")), mtimeOf(join(ROOT, "package.json")));
  return newestIn(join(ROOT, "dist")) >= source;
}

function newestIn(folder: string): number {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true });
  return Math.max(
    ...files.filter((one) => one.isFile()).map((one) => mtimeOf(join(one.parentPath, one.name))),
  );
}

function mtimeOf(path: string): number {
  return statSync(path).mtimeMs;
}

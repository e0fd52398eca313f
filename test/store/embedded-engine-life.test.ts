import { spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "@jest/globals";
import { SystemClock } from "../../src/runtime/clock.ts";
import { DataDir } from "../../src/store/data-dir.ts";
import { EmbeddedEngine } from "../../src/store/embedded-engine.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { temporaryDirectory } from "../support/clickhouse/engine.ts";

const clock = new SystemClock();
const anEngine = (directory: string, port = 0): EmbeddedEngine =>
  new EmbeddedEngine({ directory: new DataDir(directory), port, clock, logger: silentLogger });
/** A killed process that nobody has waited for yet (state Z) is dead. */
const isAlive = (pid: number): boolean =>
  existsSync(`/proc/${pid}`) && !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");

describe("EmbeddedEngine on a directory of its own", () => {
  let directory = "";
  let stranger: Server | null = null;
  afterEach(() => {
    stranger?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it("leaves a stranger's port alone and takes the next", async () => {
    directory = temporaryDirectory();
    stranger = createServer((_, response) => response.end("Ok.\n"));
    const port = 29_000 + Math.floor(Math.random() * 900);
    await new Promise<void>((resolve) => stranger!.listen(port, "127.0.0.1", resolve));
    const engine = anEngine(directory, (stranger.address() as AddressInfo).port);

    await engine.start();

    expect(Number(new URL(engine.url).port)).toBeGreaterThan(port);
    await engine.stop();
  });

  it("stops within three seconds, lets go of the directory, and can be started on it again", async () => {
    directory = temporaryDirectory();
    const engine = anEngine(directory);
    await engine.start();
    const { pid } = engine;
    const startedMs = Date.now();

    await engine.stop();

    expect(Date.now() - startedMs).toBeLessThan(3_000);
    expect(isAlive(pid!)).toBe(false);
    expect(readdirSync(directory).sort()).toEqual([
      "config.xml",
      "data",
      "secrets.json",
      "users.xml",
    ]);
    const again = anEngine(directory);
    await again.start();
    await again.stop();
  });

  it("ends with a parent that is killed, whose directory the next one takes over", async () => {
    directory = temporaryDirectory();
    const script = fileURLToPath(new URL("../support/clickhouse/hold-engine.ts", import.meta.url));
    const tsx = createRequire(import.meta.url).resolve("tsx");
    const parent = spawn(process.execPath, ["--import", tsx, script, directory], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const enginePid = await new Promise<number>((resolve) =>
      parent.stdout.once("data", (chunk: Buffer) => resolve(Number(chunk.toString()))),
    );
    expect(isAlive(enginePid)).toBe(true);

    parent.kill("SIGKILL");
    const next = anEngine(directory);
    await new Promise((resolve) => parent.once("exit", resolve));
    await next.start();

    expect(isAlive(enginePid)).toBe(false);
    expect(next.pid).not.toBe(enginePid);
    await next.stop();
  }, 40_000);

  it("takes over the lock of a dead process whose number another process has now", async () => {
    directory = temporaryDirectory();
    const first = anEngine(directory);
    await first.start();
    const lock = readFileSync(join(directory, "holder.lock"), "utf8");
    await first.stop();
    const holder = JSON.parse(lock) as { pid: number; started: string };
    writeFileSync(join(directory, "holder.lock"), JSON.stringify({ ...holder, started: "1" }));

    const next = anEngine(directory);
    await next.start();

    expect(next.pid).toBeDefined();
    await next.stop();
  });

  it("refuses a directory that holds something else", async () => {
    directory = temporaryDirectory();
    writeFileSync(join(directory, "thesis.tex"), "");

    await expect(anEngine(directory).start()).rejects.toMatchObject({
      code: "data_dir",
      message: expect.stringContaining("thesis.tex"),
    });
    expect(readdirSync(directory)).toEqual(["thesis.tex"]);
  });

  it("says what the engine said when it does not start", async () => {
    directory = temporaryDirectory();
    const engine = new EmbeddedEngine({
      directory: new DataDir(directory),
      port: 0,
      clock,
      logger: silentLogger,
      library: "/nowhere.so",
    });

    await expect(engine.start()).rejects.toMatchObject({ code: "engine_failed" });
  });
});

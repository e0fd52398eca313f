import { randomBytes, randomUUID } from "node:crypto";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname, join, resolve } from "node:path";
import { AppError } from "../runtime/errors.ts";
import { NO_FILE_FUNCTION, configXml, usersXml } from "./engine-config.ts";

/** How to reach the engine that the holder of a data directory runs. In `engine.json`, mode 600. */
export interface EngineAddress {
  /** The process that holds the directory. */
  readonly pid: number;
  readonly port: number;
  readonly url: string;
}

/** What only the owner of the directory knows. In `secrets.json`, mode 600. */
export interface EngineSecrets {
  readonly writerPassword: string;
  readonly instance: string;
}

/** A process, so that a later one with the same number is not taken for it. */
interface Holder {
  readonly pid: number;
  /** Start time in clock ticks, "" where the system does not tell. */
  readonly started: string;
  readonly boot: string;
  readonly host: string;
}

/** Who finds the lock neither held, nor stale, nor free this many times cannot take it at all. */
const LOCK_TRIES = 100;
const OURS = new Set(["config.xml", "data", "engine.json", "holder.lock", "users.xml"]);

/**
 * The directory of the embedded engine: `data/` is the engine's, beside it its configuration, the writer's password and who holds it. Everything
 * is for its owner only. One process holds it; below this lock the engine itself locks `data/`, which also covers what pids cannot tell (containers).
 */
export class DataDir {
  readonly path: string;
  readonly dataPath: string;
  readonly configPath: string;
  #held = false;

  constructor(path: string) {
    this.path = resolve(path);
    this.dataPath = join(this.path, "data");
    this.configPath = join(this.path, "config.xml");
  }

  /** True where an engine has stored something before. */
  exists(): boolean {
    return existsSync(join(this.dataPath, "metadata"));
  }

  /** Takes the directory, making it if need be. Throws `data_dir` where a live process holds it or it is not ours to use. */
  hold(): void {
    this.#use(() => {
      this.#make();
      this.#lock();
    });
    this.#held = true;
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    rmSync(join(this.path, "engine.json"), { force: true });
    rmSync(join(this.path, "holder.lock"), { force: true });
  }

  /** The live process that holds the directory, else null. */
  holder(): { readonly pid: number } | null {
    const holder = parse(readIfThere(join(this.path, "holder.lock"))) as Holder | null;
    return isAlive(holder) ? holder : null;
  }

  /** Where the holder's engine listens; null while it is still starting. */
  address(): EngineAddress | null {
    return parse(readIfThere(join(this.path, "engine.json"))) as EngineAddress | null;
  }

  publish(address: EngineAddress): void {
    const temporary = join(this.path, `engine.json.${randomUUID()}`);
    this.#use(() => {
      write(temporary, JSON.stringify(address));
      renameSync(temporary, join(this.path, "engine.json"));
    });
  }

  /** Writes the engine's configuration with a fresh password for the writer. */
  configure(instance: string): { readonly writerPassword: string } {
    const writerPassword = randomBytes(24).toString("base64url");
    const usersPath = join(this.path, "users.xml");
    const shadow = join(this.dataPath, NO_FILE_FUNCTION.path);
    this.#use(() => {
      write(join(this.path, "secrets.json"), JSON.stringify({ writerPassword, instance }));
      write(usersPath, usersXml(writerPassword));
      write(this.configPath, configXml({ usersPath, instance }));
      makeDirectory(dirname(shadow));
      write(shadow, NO_FILE_FUNCTION.text);
    });
    return { writerPassword };
  }

  /** What the holder's engine was started with. Throws `data_dir` where it cannot be read. */
  secrets(): EngineSecrets {
    const secrets = parse(readIfThere(join(this.path, "secrets.json"))) as EngineSecrets | null;
    if (secrets !== null) return secrets;
    throw new AppError(
      `data directory ${this.path} has no readable secrets.json: run as the user that owns it`,
      { code: "data_dir" },
    );
  }

  /** What the system refuses becomes one sentence. */
  #use(work: () => void): void {
    try {
      work();
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      const code = errorCode(cause);
      throw new AppError(
        `data directory ${this.path} cannot be used: ${REFUSALS[code] ?? "the system refuses it"} (${code}); name another with --data or SPIKEWATCH_DATA_DIR`,
        { code: "data_dir", cause },
      );
    }
  }

  #make(): void {
    makeDirectory(this.path);
    const entries = readdirSync(this.path);
    const strange = entries.find((name) => !OURS.has(name) && !name.startsWith("holder.lock"));
    if (strange !== undefined && !entries.includes("secrets.json")) {
      throw new AppError(
        `${this.path} is not a data directory of spikewatch (it holds ${strange}): name an empty or new one with --data or SPIKEWATCH_DATA_DIR`,
        { code: "data_dir" },
      );
    }
    chmodSync(this.path, 0o700);
    makeDirectory(this.dataPath);
  }

  #lock(): void {
    const lock = join(this.path, "holder.lock");
    const mine = `${lock}.${randomUUID()}`;
    try {
      write(mine, JSON.stringify(thisProcess()));
      for (let tries = 0; !tryLink(mine, lock); tries++) {
        if (tries >= LOCK_TRIES) throw this.#lockedForGood(lock);
        const text = readIfThere(lock);
        if (text === null) continue;
        const holder = parse(text) as Holder | null;
        if (isAlive(holder)) throw this.#heldBy(holder.pid);
        this.#removeStale(lock, text);
      }
    } finally {
      rmSync(mine, { force: true });
    }
  }

  /** Takes a dead holder's lock away, unless somebody else did so and holds it by now. */
  #removeStale(lock: string, text: string): void {
    const aside = `${lock}.stale.${randomUUID()}`;
    try {
      renameSync(lock, aside);
    } catch {
      return;
    }
    if (readIfThere(aside) !== text) tryLink(aside, lock);
    rmSync(aside, { force: true });
  }

  #lockedForGood(lock: string): AppError {
    return new AppError(
      `data directory ${this.path} cannot be used: ${lock} can be neither read nor replaced; remove it if no other process uses the directory`,
      { code: "data_dir" },
    );
  }

  #heldBy(pid: number): AppError {
    return new AppError(
      `data directory ${this.path} is held by process ${pid}: stop that process, or name another directory with --data or SPIKEWATCH_DATA_DIR`,
      { code: "data_dir" },
    );
  }
}

/** What the system means by its codes. */
const REFUSALS: Readonly<Record<string, string>> = {
  EACCES: "this user may not write there",
  EPERM: "this user may not write there, or the file system has no hard links",
  ENOENT: "nothing can be created at that place",
  ENOTDIR: "it is a file, or lies under one",
  EEXIST: "it is a file, or lies under one",
  EROFS: "the file system is read-only",
  ENOSPC: "no space is left there",
  EDQUOT: "this user's share of the space there is used up",
  ENAMETOOLONG: "its name is too long",
};

/** Also its parents. Node's own `recursive` never returns where the system answers ENOENT to every name, as /proc does. */
function makeDirectory(path: string): void {
  const missing: string[] = [];
  for (let at = path; !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.push(at);
  for (const one of missing.reverse()) {
    try {
      mkdirSync(one, { mode: 0o700 });
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
  }
}

function write(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600 });
  chmodSync(path, 0o600);
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** What a file of ours holds; null for one that is missing or torn. */
function parse(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

function thisProcess(): Holder {
  return { pid: process.pid, started: startTicks(process.pid), boot: bootId(), host: hostname() };
}

function isAlive(holder: Holder | null): holder is Holder {
  if (holder?.host !== hostname() || holder.boot !== bootId()) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (errorCode(error) !== "EPERM") return false;
  }
  return startTicks(holder.pid) === holder.started;
}

/** Fields 3 and 22 of /proc/PID/stat; the command in field 2 may hold spaces and brackets. A killed process that nobody waits for has state Z. */
function startTicks(pid: number): string {
  const stat = readIfThere(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
  return fields[0] === "Z" ? "dead" : (fields[19] ?? "");
}

function bootId(): string {
  return readIfThere("/proc/sys/kernel/random/boot_id")?.trim() ?? "";
}

function errorCode(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error
    ? String(error.code)
    : String(error);
}

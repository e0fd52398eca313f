import { execFileSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { playRuns, type Outcome, type Scenario } from "../scenario.ts";

const MB = 1024 * 1024;
const DISK_MB = 160;

/** Mounting needs the rights of root. */
export function canMount(): boolean {
  return process.getuid?.() === 0;
}

/** Plays with the engine's data on a small disk of its own. */
async function onSmallDisk(play: (mount: string) => Promise<Outcome>): Promise<Outcome> {
  const mount = mkdtempSync(join(tmpdir(), "spikewatch-disk-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_MB}m`, "tmpfs", mount]);
  try {
    return await play(mount);
  } finally {
    execFileSync("umount", ["-l", mount]);
    rmSync(mount, { recursive: true, force: true });
  }
}

/** Fills the disk to its last byte while commits run, and frees it again. */
export const diskFull: Scenario = {
  name: "disk-full",
  fault: "ClickHouse's disk full, then freed",
  runs: 10,
  play: (ground) =>
    onSmallDisk((mount) => {
      const directory = join(mount, "data");
      mkdirSync(directory, { mode: 0o700 });
      return playRuns(
        ground,
        { name: "disk-full", directory },
        {
          before: async ({ arena }) => {
            await arena.startWorker();
            await arena.recovered();
          },
          run: async ({ arena, random, clock }) => {
            const ballast = join(mount, "ballast");
            fill(ballast);
            const lengthMs = 1_500 + random.below(ground.outageMs / 4);
            const deadlineMs = clock.now() + lengthMs;
            // What the engine's own merges free meanwhile is filled again.
            while (clock.now() < deadlineMs) {
              fill(ballast);
              await clock.sleep(20);
            }
            await arena.requireBehind(lengthMs);
            rmSync(ballast);
            return [await arena.recovered(clock.now())];
          },
        },
      );
    }),
};

/** Appends until there is no space, down to single bytes. */
function fill(path: string): void {
  const file = openSync(path, "a");
  for (let size = MB; size >= 1;) {
    if (!isWritten(file, Buffer.alloc(size))) size = Math.floor(size / 4);
  }
  closeSync(file);
}

function isWritten(file: number, bytes: Buffer): boolean {
  try {
    return writeSync(file, bytes) === bytes.length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") return false;
    throw error;
  }
}

const IMAGE_MB = 1_024;

/**
 * The machine of worker and engine loses power: what the file system had not written is gone. Modelled by an ext4 image that is copied at one instant,
 * with all processes stopped and nothing synced; the copy is mounted in its place, as after a reboot. Kafka runs elsewhere.
 */
export const powerCut: Scenario = {
  name: "power-cut",
  fault: "power cut of the machine of worker and ClickHouse (copied ext4 image)",
  runs: 20,
  play: async (ground) => {
    const disk = new ImageDisk();
    try {
      return await playRuns(
        ground,
        { name: "power-cut", directory: disk.directory },
        {
          before: async ({ arena }) => {
            await arena.startWorker();
            await arena.recovered();
          },
          run: async ({ arena, random, clock }) => {
            await clock.sleep(random.below(4_000));
            const cutMs = clock.now();
            await arena.replaceEngine({
              atTheInstant: () => disk.copy(),
              whileDown: () => disk.exchange(),
            });
            await arena.startWorker();
            return [await arena.recovered(cutMs)];
          },
        },
      );
    } finally {
      disk.remove();
    }
  },
};

/** A file system in a file. */
class ImageDisk {
  readonly #folder = mkdtempSync(join(tmpdir(), "spikewatch-image-"));
  readonly #image = join(this.#folder, "image");
  readonly #copy = join(this.#folder, "copy");
  readonly #mount = join(this.#folder, "mount");

  constructor() {
    mkdirSync(this.#mount);
    execFileSync("truncate", ["-s", `${IMAGE_MB}M`, this.#image]);
    execFileSync("mkfs.ext4", ["-q", this.#image]);
    this.#mountImage();
    mkdirSync(this.directory, { mode: 0o700 });
  }

  get directory(): string {
    return join(this.#mount, "data");
  }

  /** What would survive at this instant. */
  copy(): void {
    execFileSync("cp", ["--sparse=always", this.#image, this.#copy]);
  }

  /** Takes the copy for the disk. */
  exchange(): void {
    execFileSync("umount", [this.#mount]);
    renameSync(this.#copy, this.#image);
    this.#mountImage();
    // After a reboot nobody holds the directory; here the holder, this process, lives on.
    rmSync(join(this.directory, "holder.lock"), { force: true });
  }

  remove(): void {
    execFileSync("umount", ["-l", this.#mount]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #mountImage(): void {
    execFileSync("mount", ["-o", "loop", this.#image, this.#mount]);
  }
}

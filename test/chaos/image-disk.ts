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
import { tidied } from "./aftermath.ts";

const MB = 1024 * 1024;

/** What a disk of our own takes: the rights of root, and a loop device. */
export function canMount(): boolean {
  return process.getuid?.() === 0;
}

/** An ext4 file system in a file, mounted through a loop device: a small disk that can be full, and be copied at one instant. */
export class ImageDisk {
  readonly #folder = mkdtempSync(join(tmpdir(), "spikewatch-image-"));
  readonly #image = join(this.#folder, "image");
  readonly #copy = join(this.#folder, "copy");
  readonly #mount = join(this.#folder, "mount");
  readonly #ballast = join(this.#mount, "ballast");
  #mounted = false;

  /** Runs `work` on a new disk. Throws, naming what is missing, where no file system can be mounted. */
  static async with<T>(sizeMb: number, work: (disk: ImageDisk) => Promise<T>): Promise<T> {
    if (!canMount()) throw new Error("mounting a disk needs the rights of root");
    const disk = new ImageDisk();
    return tidied(
      () => disk.#remove(),
      () => {
        disk.#make(sizeMb);
        return work(disk);
      },
    );
  }

  #make(sizeMb: number): void {
    mkdirSync(this.#mount);
    run("truncate", "-s", `${sizeMb}M`, this.#image);
    // Nothing reserved: full is full, also for root.
    run("mkfs.ext4", "-q", "-m", "0", this.#image);
    this.#mountImage();
    mkdirSync(this.directory, { mode: 0o700 });
  }

  /** For the engine's data. */
  get directory(): string {
    return join(this.#mount, "data");
  }

  /** Takes all the space that is left, down to single bytes. */
  fill(): void {
    const file = openSync(this.#ballast, "a");
    for (let size = MB; size >= 1;) {
      if (!isWritten(file, Buffer.alloc(size))) size = Math.floor(size / 4);
    }
    closeSync(file);
  }

  /** Gives it back. */
  free(): void {
    rmSync(this.#ballast);
  }

  /** Keeps what would survive a power cut at this instant: what the kernel has written to the device, and no more. */
  copy(): void {
    run("cp", "--sparse=always", this.#image, this.#copy);
  }

  /** Takes the copy for the disk, as a reboot would. Nobody may have a file open. */
  exchange(): void {
    run("umount", this.#mount);
    this.#mounted = false;
    renameSync(this.#copy, this.#image);
    this.#mountImage();
    // After a reboot nobody holds the directory; here the holder, this process, lives on.
    rmSync(join(this.directory, "holder.lock"), { force: true });
  }

  #mountImage(): void {
    run("mount", "-o", "loop", this.#image, this.#mount);
    this.#mounted = true;
  }

  #remove(): void {
    if (this.#mounted) run("umount", "-l", this.#mount);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function run(command: string, ...args: readonly string[]): void {
  try {
    execFileSync(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  } catch (error) {
    const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: Buffer };
    const said = stderr?.toString("utf8").trim() ?? code ?? "";
    throw new Error(`${command} ${args.join(" ")} failed: ${said}`, { cause: error });
  }
}

function isWritten(file: number, bytes: Buffer): boolean {
  try {
    return writeSync(file, bytes) === bytes.length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") return false;
    throw error;
  }
}

import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { AppError } from "../runtime/errors.ts";

/** Where to find the engine; replaced in tests only. */
export interface Platform {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** Gives the path of a package's file, or throws. */
  readonly resolve: (request: string) => string;
}

const PACKAGES: Readonly<Record<string, string>> = {
  "linux-x64": "@chdb/lib-linux-x64-gnu",
  "linux-arm64": "@chdb/lib-linux-arm64-gnu",
  "darwin-x64": "@chdb/lib-darwin-x64",
  "darwin-arm64": "@chdb/lib-darwin-arm64",
};

/** Path of the engine's shared library. Throws `engine_missing` where it is not installed or not made for this machine. */
export function engineLibrary(platform: Platform = thisPlatform()): string {
  const name = PACKAGES[`${platform.platform}-${platform.arch}`];
  if (name === undefined) {
    throw missing(`there is none for ${platform.platform}-${platform.arch}`, null);
  }
  try {
    platform.resolve("ffi-rs");
    const folder = dirname(platform.resolve(`${name}/package.json`));
    const file = readdirSync(folder).find((entry) => /^libchdb\.(so|dylib)$/.test(entry));
    if (file !== undefined && existsSync(join(folder, file))) return join(folder, file);
  } catch (cause) {
    throw missing(`the optional packages ${name} and ffi-rs are not installed`, cause);
  }
  throw missing(`the optional package ${name} holds no library for this platform`, null);
}

function missing(why: string, cause: unknown): AppError {
  return new AppError(
    `the embedded ClickHouse engine is missing (${why}): run \`npm install --include=optional\`, or set SPIKEWATCH_CLICKHOUSE_URL to a ClickHouse server`,
    { code: "engine_missing", cause },
  );
}

function thisPlatform(): Platform {
  const { resolve } = createRequire(import.meta.url);
  return { platform: process.platform, arch: process.arch, resolve };
}

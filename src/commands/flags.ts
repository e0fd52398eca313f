import { accessSync, constants, existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { nearestName } from "../config/config-problem.ts";
import type { Settings } from "../config/settings.ts";
import { AppError, messageOf } from "../runtime/errors.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Strict flags of a command. Throws AppError `usage` on anything unknown, on a flag without its value and on stray words. */
export function parseFlags<T extends Options>(
  argv: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<{ options: T; strict: true; allowPositionals: false }>>["values"] {
  return parsed(argv, options, false).values;
}

/** The same, of a command that takes words as well. */
export function parseWords<T extends Options>(
  argv: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<{ options: T; strict: true; allowPositionals: true }>> {
  return parsed(argv, options, true);
}

function parsed<T extends Options>(argv: readonly string[], options: T, words: boolean) {
  try {
    const result = parseArgs({
      args: [...argv],
      options,
      strict: true,
      allowPositionals: words,
      tokens: true,
    });
    const empty = result.tokens.find((token) => token.kind === "option" && token.value === "");
    if (empty?.kind === "option") throw misuse(`${empty.rawName} is empty: give it a value`);
    return result;
  } catch (error) {
    if (error instanceof AppError) throw error;
    const text = messageOf(error).replace(/\. To specify.*$/, "");
    const unknown = /^Unknown option '(--?[^']+)'/.exec(text)?.[1];
    const near = nearestName(
      unknown ?? "",
      Object.keys(options).map((name) => `--${name}`),
    );
    const hint = unknown === undefined || near === null ? "" : `: perhaps you mean ${near}`;
    throw misuse(text.charAt(0).toLowerCase() + text.slice(1) + hint, error);
  }
}

/** How a command was called is wrong. */
export function misuse(message: string, cause?: unknown): AppError {
  return new AppError(message, { code: "usage", cause });
}

/** A flag that must be given. */
export function required(value: string | undefined, flag: string, example: string): string {
  if (value !== undefined && value !== "") return value;
  throw misuse(`${flag} is missing: give one like \`${flag} ${example}\``);
}

/** `--data DIR` means that directory's embedded engine, whatever server the environment names. */
export function settingsFor(settings: Settings, data: string | undefined): Settings {
  if (data === "") throw misuse("--data is empty: give it a directory");
  return data === undefined ? settings : { ...settings, DATA_DIR: data, CLICKHOUSE_URL: undefined };
}

/**
 * The pipeline of a command that was given none: `pipelines/canonical-json.yaml` here, else the one that ships with spikewatch. Throws AppError `usage`
 * where the one that was given is no file that can be read.
 */
export function pipelinePath(given: string | undefined, flag = "--pipeline"): string {
  if (given !== undefined) {
    try {
      if (!statSync(given).isFile()) throw new Error("it is no regular file");
      accessSync(given, constants.R_OK);
    } catch (error) {
      throw misuse(`${flag} ${given} cannot be read: ${messageOf(error)}; check the path`, error);
    }
    return given;
  }
  const here = "pipelines/canonical-json.yaml";
  return existsSync(here) ? here : fileURLToPath(new URL(`../../${here}`, import.meta.url));
}

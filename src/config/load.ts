import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf } from "../runtime/errors.ts";
import type { z } from "zod";
import { loadCalendar, type CalendarEntry } from "./calendar-file.ts";
import { ConfigError, pathText, type ConfigProblem } from "./config-problem.ts";
import { PIPELINE_SCHEMA, type Pipeline } from "./pipeline.ts";
import { problemText, suggestion } from "./problem-text.ts";
import { SETTINGS_SCHEMA, type Settings } from "./settings.ts";
import { lineOf, readYamlFile, type Environment } from "./yaml-file.ts";

const PREFIX = "SPIKEWATCH_";
const FILE_SUFFIX = "_FILE";
const SETTING_NAMES = Object.keys(SETTINGS_SCHEMA.shape);

/** The price book that ships with spikewatch. */
const OUR_PRICE_BOOK = fileURLToPath(new URL("../../pipelines/price-book.yaml", import.meta.url));

/** Settings that only make sense together: where the first is given, the others must be, else it would be ignored in silence. */
const NEEDS = [
  ["KAFKA_SSL", ["KAFKA_BROKERS"]],
  ["KAFKA_SASL_MECHANISM", ["KAFKA_BROKERS", "KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD"]],
  ["KAFKA_SASL_USERNAME", ["KAFKA_SASL_MECHANISM"]],
  ["KAFKA_SASL_PASSWORD", ["KAFKA_SASL_MECHANISM"]],
  ["SLACK_TOKEN", ["SLACK_CHANNEL"]],
  ["SLACK_CHANNEL", ["SLACK_TOKEN"]],
  ["SLACK_API_URL", ["SLACK_TOKEN"]],
  ["SMTP_URL", ["EMAIL_FROM", "EMAIL_TO"]],
  ["SMTP_ALLOW_PLAINTEXT", ["SMTP_URL"]],
  ["EMAIL_FROM", ["SMTP_URL"]],
  ["EMAIL_TO", ["SMTP_URL"]],
] as const satisfies readonly (readonly [keyof Settings, readonly (keyof Settings)[]])[];

/** Settings from `SPIKEWATCH_<NAME>` or the file that `SPIKEWATCH_<NAME>_FILE` names. Empty counts as unset. Throws a ConfigError with every problem; never shows a value. */
export function loadSettings(env: Environment = process.env): Settings {
  const problems: ConfigProblem[] = [];
  const report = (name: string, message: string): void => {
    problems.push({ file: "environment", line: null, path: PREFIX + name, message });
  };
  const given = readVariables(env, report);
  const result = SETTINGS_SCHEMA.safeParse(given);
  for (const issue of result.error?.issues ?? []) {
    for (const { path, message } of problemText(SETTINGS_SCHEMA, issue, given)) {
      report(String(path[0]), message);
    }
  }
  requireTogether(given, report);
  if (problems.length > 0 || !result.success) throw new ConfigError(problems);
  return Object.freeze(result.data);
}

type Report = (name: string, message: string) => void;

function requireTogether(given: Readonly<Record<string, string>>, report: Report): void {
  for (const [name, others] of NEEDS) {
    const text = given[name];
    // A switch that is set to off asks for nothing.
    if (text === undefined || SETTINGS_SCHEMA.shape[name].safeParse(text).data === false) continue;
    for (const other of others) {
      if (given[other] === undefined) report(other, `is needed with ${PREFIX}${name}; set it`);
    }
  }
}

function readVariables(env: Environment, report: Report): Record<string, string> {
  const given: Record<string, string> = {};
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || value === undefined || value === "") continue;
    const name = variable.slice(PREFIX.length);
    const fileOf = name.endsWith(FILE_SUFFIX) ? name.slice(0, -FILE_SUFFIX.length) : "";
    if (SETTING_NAMES.includes(name)) {
      given[name] = value;
    } else if (!SETTING_NAMES.includes(fileOf)) {
      report(
        name,
        `is no setting; ${suggestion(
          variable,
          SETTING_NAMES.map((one) => PREFIX + one),
        )}`,
      );
    } else if (isSet(env[PREFIX + fileOf])) {
      report(name, `and ${PREFIX}${fileOf} are both set; keep one`);
    } else {
      readSecret(
        value,
        (text) => (given[fileOf] = text),
        (message) => report(name, message),
      );
    }
  }
  return given;
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "";
}

function readSecret(
  file: string,
  keep: (text: string) => void,
  report: (message: string) => void,
): void {
  try {
    const text = readFileSync(file, "utf8").trim();
    if (text === "") report(`names an empty file (${file}); write the value into it`);
    else keep(text);
  } catch (error) {
    report(`names a file that cannot be read (${messageOf(error)}); check path and rights`);
  }
}

/** One pipeline file, frozen, its paths made absolute. Throws a ConfigError with every problem and its line. */
export function loadPipeline(path: string, env: Environment = process.env): Pipeline {
  const options = { path: shownPath(path), env, literalKeys: ["tests"] };
  return placed(readYamlFile(PIPELINE_SCHEMA, options), resolve(path), env);
}

/** A pipeline from plain data with the names of the YAML, for tests and the demo. `path` is where relative paths start. */
export function pipelineFrom(
  input: z.input<typeof PIPELINE_SCHEMA>,
  path = "pipeline.yaml",
): Pipeline {
  const result = PIPELINE_SCHEMA.safeParse(input);
  if (result.success) return placed(result.data, resolve(path), {});
  const problems = result.error.issues.flatMap((issue) =>
    problemText(PIPELINE_SCHEMA, issue, input).map((problem) => ({
      file: path,
      line: null,
      path: pathText(problem.path),
      message: problem.message,
    })),
  );
  throw new ConfigError(problems);
}

/** Paths made absolute, the calendar read. Throws a ConfigError with every problem of the calendar. */
function placed(
  parsed: z.output<typeof PIPELINE_SCHEMA>,
  path: string,
  env: Environment,
): Pipeline {
  const folder = dirname(path);
  const file = parsed.source.file && { path: resolve(folder, parsed.source.file.path) };
  const source = file === undefined ? parsed.source : Object.freeze({ ...parsed.source, file });
  const calendar = calendarOf(parsed.detection.calendar, path, env);
  const detection = Object.freeze({ ...parsed.detection, calendar });
  const prices = priceBookPath(parsed.prices, folder);
  return Object.freeze({ ...parsed, source, detection, prices, path });
}

function calendarOf(
  named: string | undefined,
  path: string,
  env: Environment,
): readonly CalendarEntry[] {
  if (named === undefined) return [];
  const calendar = resolve(dirname(path), named);
  if (existsSync(calendar)) return loadCalendar(shownPath(calendar), env);
  const file = shownPath(path);
  const line = lineOf(file, ["detection", "calendar"]);
  const message = `names ${calendar}, which does not exist; correct the path, which starts at this file`;
  throw new ConfigError([{ file, line, path: "detection.calendar", message }]);
}

/** A path as problems show it: short where it is below the working directory. */
function shownPath(path: string): string {
  const shown = relative(process.cwd(), resolve(path));
  return shown === "" || shown.startsWith("..") ? path : shown;
}

function priceBookPath(named: string | undefined, folder: string): string {
  if (named !== undefined) return resolve(folder, named);
  const beside = join(folder, "price-book.yaml");
  return existsSync(beside) ? beside : OUR_PRICE_BOOK;
}

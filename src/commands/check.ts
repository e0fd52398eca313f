import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadCalendar } from "../config/calendar-file.ts";
import { ConfigError, formatProblem, type ConfigProblem } from "../config/config-problem.ts";
import { loadPipeline } from "../config/load.ts";
import { lineOf } from "../config/yaml-file.ts";
import { loadPriceBook } from "../price/load-price-book.ts";
import type { PriceBook } from "../price/price-book.ts";
import { AppError } from "../runtime/errors.ts";
import type { Command, CommandContext } from "./command.ts";
import { parseWords } from "./flags.ts";
import { runPipelineTests, type Difference, type TestResult } from "./pipeline-tests.ts";

const FOLDER = "pipelines";

const help = `spikewatch check [FILE…] [--json]

Validates pipelines, price books and calendars, and runs each pipeline's own tests through the real decoder and pricer.
Without FILE: every ${FOLDER}/*.yaml of the current directory. Prints all problems at once.

  --json   one JSON object on stdout, for machines
  --help   this text

Example:
  spikewatch check ${FOLDER}/canonical-json.yaml

Exit code: 0 all is fine · 1 problems or failing tests · 2 used wrongly`;

/** What was found in one file. */
interface FileReport {
  readonly file: string;
  readonly kind: keyof typeof CHECKS;
  readonly problems: readonly ConfigProblem[];
  readonly tests: number;
  readonly failures: readonly (TestResult & { readonly line: number | null })[];
  /** What is fine, for a person. */
  readonly summary: string;
}

export const checkCommand: Command = {
  name: "check",
  summary: "validate pipelines, price books and calendars and run the pipelines' own tests",
  help,
  run: (argv, context) => Promise.resolve(run(argv, context)),
};

function run(argv: readonly string[], { stdout }: CommandContext): number {
  const { values, positionals } = parseWords(argv, {
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help === true) {
    stdout.write(`${help}\n`);
    return 0;
  }
  const files = positionals.length > 0 ? positionals : filesHere();
  const reports = files.map(checkFile);
  const ok = reports.every(isFine);
  stdout.write(values.json === true ? `${toJson(reports, ok)}\n` : toText(reports));
  return ok ? 0 : 1;
}

function filesHere(): string[] {
  const names = existsSync(FOLDER) ? readdirSync(FOLDER).sort() : [];
  const files = names.filter((name) => /\.ya?ml$/.test(name)).map((name) => join(FOLDER, name));
  if (files.length > 0) return files;
  const message = `there is no ${FOLDER}/*.yaml here; name the files to check, or change the directory`;
  throw new AppError(message, { code: "usage" });
}

const CHECKS = { pipeline: checkPipeline, "price-book": checkPriceBook, calendar: checkCalendar };

function checkFile(file: string): FileReport {
  const kind = kindOf(file);
  try {
    return CHECKS[kind](file);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { file, kind, problems: error.problems, tests: 0, failures: [], summary: "" };
  }
}

/** By its content: a price book lists models at the top, a calendar is a list. */
function kindOf(file: string): FileReport["kind"] {
  try {
    const text = readFileSync(file, "utf8");
    if (/^models:/m.test(text)) return "price-book";
    return /^(?:\s*(?:#.*)?\n)*[-[]\s/.test(text) ? "calendar" : "pipeline";
  } catch {
    return "pipeline";
  }
}

function checkCalendar(file: string): FileReport {
  const summary = `${loadCalendar(file).length} entries of a calendar`;
  return { file, kind: "calendar", problems: [], tests: 0, failures: [], summary };
}

function checkPriceBook(file: string): FileReport {
  const { version, models } = loadPriceBook(file);
  const summary = `${models} models, version ${version}`;
  return { file, kind: "price-book", problems: [], tests: 0, failures: [], summary };
}

function checkPipeline(file: string): FileReport {
  const pipeline = loadPipeline(file);
  const results = runPipelineTests(pipeline, pricesOf(file, pipeline.prices));
  const failures = results
    .filter(({ differences }) => differences.length > 0)
    .map((result) => ({ ...result, line: lineOf(file, ["tests", result.index]) }));
  const summary = `${pipeline.name} (${pipeline.format}), ${results.length} tests`;
  return { file, kind: "pipeline", problems: [], tests: results.length, failures, summary };
}

function pricesOf(file: string, path: string): PriceBook {
  if (existsSync(path)) return loadPriceBook(path);
  const line = lineOf(file, ["prices"]);
  const message = `names ${path}, which does not exist; correct the path, which starts at this file`;
  throw new ConfigError([{ file, line, path: "prices", message }]);
}

function isFine({ problems, failures }: FileReport): boolean {
  return problems.length === 0 && failures.length === 0;
}

function toJson(reports: readonly FileReport[], ok: boolean): string {
  const files = reports.map(({ file, kind, problems, tests, failures }) => ({
    file,
    kind,
    problems,
    tests,
    failures,
  }));
  return JSON.stringify({ ok, files });
}

function toText(reports: readonly FileReport[]): string {
  const lines = reports.flatMap((report) => {
    if (isFine(report)) return [`ok    ${report.file}: ${report.summary}`];
    return [
      `FAIL  ${report.file}`,
      ...report.problems.map((problem) => `  ${formatProblem(problem)}`),
      ...report.failures.flatMap((failure) => failureLines(report.file, failure)),
    ];
  });
  const fine = reports.filter(isFine).length;
  const tests = reports.reduce((sum, report) => sum + report.tests, 0);
  const failed = reports.reduce((sum, report) => sum + report.failures.length, 0);
  const end = `${fine} of ${reports.length} files fine, ${tests - failed} of ${tests} tests pass`;
  return `${[...lines, end].join("\n")}\n`;
}

function failureLines(file: string, failure: FileReport["failures"][number]): string[] {
  const place = failure.line === null ? file : `${file}:${failure.line}`;
  return [
    `  ${place} tests[${failure.index}] "${failure.name}" fails (- expected, + what came out):`,
    ...failure.differences.flatMap(differenceLines),
  ];
}

function differenceLines({ event, field, expected, actual }: Difference): string[] {
  const where = event < 0 ? "" : `event ${event} `;
  const name = field === "" ? "" : `${field}: `;
  return [`    - ${where}${name}${expected}`, `    + ${where}${name}${actual}`];
}

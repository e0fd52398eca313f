import { open } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { StringDecoder } from "node:string_decoder";
import { AppError, messageOf } from "../runtime/errors.ts";
import { CsvRecords, type CsvRecord } from "../score/csv-records.ts";
import { ALERT_SCORE, SeriesScorer } from "../score/series-scorer.ts";
import { SeriesRows, type SeriesRow } from "../score/series-rows.ts";
import type { Command, CommandContext } from "./command.ts";
import { misuse, parseWords } from "./flags.ts";
import { openOutput, type Output } from "./score-output.ts";

const help = `spikewatch score FILE.csv|- [--json] [--out OUT.csv]

How unusual is each row of a series, judged by the rows before it alone? Reads CSV with the columns timestamp and value (others are ignored), and prints
timestamp,value,anomaly_score: 0 is as ever, ${ALERT_SCORE} or more an alert, 1 the most. Row by row, so a file may be as long as it likes, and - reads stdin.

  --json     rows as one JSON object a line; the summary as one too
  --out OUT  writes the rows there, whole or not at all; the summary then goes to stdout instead of stderr
  --help     this text

Timestamps: ISO 8601, YYYY-MM-DD hh:mm:ss (UTC where there is no zone), epoch seconds or milliseconds; also mixed. Rows are judged in the order of the file;
where time goes back, the summary says so. A missing value (empty, NaN, null) scores 0 and teaches nothing. Anything else that cannot be read
ends the run with its line number.

Example:
  spikewatch score latency.csv --out latency.scored.csv

Exit code: 0 scored · 1 failed · 2 used wrongly`;

export const scoreCommand: Command = {
  name: "score",
  summary: "score every row of any timestamp,value series by the rows before it",
  help,
  run,
};

async function run(argv: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = parseWords(argv, {
    json: { type: "boolean" },
    out: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help === true) {
    context.stdout.write(`${help}\n`);
    return 0;
  }
  const input = inputOf(positionals);
  const isJson = values.json === true;
  const summary: Summary = { rows: 0, alerts: 0, missing: 0, back: 0, firstBack: null };
  const series = await openSeries(input, context.stdin);
  const output = await openOutput(values.out, context.stdout);
  try {
    const rows = scored(textOf(series), { isJson, summary, signal: context.signal });
    await pipeline(Readable.from(rows), output.stream, { end: output.isOwned });
    await finish(output, context.signal);
  } catch (error) {
    await output.discard();
    throw named(error, input);
  }
  const answer = values.out === undefined ? context.stderr : context.stdout;
  answer.write(
    isJson ? `${JSON.stringify(jsonOf(summary))}\n` : textOfSummary(summary, values.out),
  );
  return 0;
}

/** What was seen, for the summary. */
interface Summary {
  rows: number;
  alerts: number;
  missing: number;
  /** Rows earlier than the one before them, and the line of the first. */
  back: number;
  firstBack: number | null;
}

function inputOf(positionals: readonly string[]): string {
  const [input = "", ...more] = positionals;
  if (input === "" || more.length > 0) {
    const what = more.length > 0 ? `${positionals.length} files` : "no file";
    throw misuse(`${what} given: give one like \`spikewatch score latency.csv\`, or - for stdin`);
  }
  return input;
}

/** Opens the file before anything is written. It may be a pipe: `score <(zcat series.csv.gz)`. */
async function openSeries(
  input: string,
  stdin: NodeJS.ReadableStream,
): Promise<AsyncIterable<Buffer | string>> {
  if (input === "-") return stdin;
  const refuse = (why: string, cause?: unknown): Error =>
    misuse(`cannot read "${input}": ${why}; give a CSV file, or - for stdin`, cause);
  const file = await open(input, "r").catch((error: unknown) => {
    throw refuse(messageOf(error), error);
  });
  if ((await file.stat()).isDirectory()) {
    await file.close();
    throw refuse("it is a folder");
  }
  return file.createReadStream();
}

async function* textOf(
  chunks: AsyncIterable<Buffer | string>,
): AsyncGenerator<string, void, undefined> {
  const decoder = new StringDecoder("utf8");
  for await (const chunk of chunks) {
    yield typeof chunk === "string" ? chunk : decoder.write(chunk);
  }
  yield decoder.end();
}

interface Scoring {
  readonly isJson: boolean;
  readonly summary: Summary;
  readonly signal: AbortSignal;
}

/** The output's text, a piece for each piece of input: nothing waits for more to come. */
async function* scored(
  texts: AsyncIterable<string>,
  { isJson, summary, signal }: Scoring,
): AsyncGenerator<string, void, undefined> {
  const records = new CsvRecords();
  const rows = new SeriesRows();
  const scorer = new SeriesScorer();
  let lastMs = -Infinity;
  const lineOf = (record: CsvRecord): string => {
    const row = rows.next(record);
    if (row === null) return isJson ? "" : "timestamp,value,anomaly_score\n";
    const score = scorer.next(row.timeMs, row.value);
    count(summary, row, { score, isBack: row.timeMs < lastMs });
    lastMs = row.timeMs;
    return isJson ? jsonLine(row, score) : csvLine(row, score);
  };
  for await (const text of texts) {
    if (signal.aborted) return;
    let lines = "";
    for (const record of records.push(text)) lines += lineOf(record);
    if (lines !== "") yield lines;
  }
  const last = records.finish();
  if (last !== null) yield lineOf(last);
  rows.finish();
}

function count(
  summary: Summary,
  row: SeriesRow,
  { score, isBack }: { readonly score: number; readonly isBack: boolean },
): void {
  summary.rows++;
  if (score >= ALERT_SCORE) summary.alerts++;
  if (row.value === null) summary.missing++;
  if (!isBack) return;
  summary.back++;
  summary.firstBack ??= row.line;
}

function csvLine({ timestampText, valueText }: SeriesRow, score: number): string {
  return `${quoted(timestampText)},${quoted(valueText)},${scoreText(score)}\n`;
}

function jsonLine({ timestampText, value }: SeriesRow, score: number): string {
  const row = { timestamp: timestampText, value, anomaly_score: Number(scoreText(score)) };
  return `${JSON.stringify(row)}\n`;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function scoreText(score: number): string {
  return score === 0 ? "0" : score.toFixed(6);
}

async function finish(output: Output, signal: AbortSignal): Promise<void> {
  if (signal.aborted) {
    throw new AppError("interrupted before the end: run it again for the rest", { code: "input" });
  }
  await output.keep();
}

/** Trouble with the input names it, since its text only knows the line. */
function named(error: unknown, input: string): unknown {
  const name = input === "-" ? "stdin" : input;
  if (error instanceof AppError) {
    return error.code === "input" ? new AppError(`${name}: ${error.message}`, error) : error;
  }
  if (!(error instanceof Error) || !("code" in error)) return error;
  return new AppError(`${name}: ${messageOf(error)}`, { code: "input", cause: error });
}

function jsonOf({ rows, alerts, missing, back }: Summary): Record<string, number> {
  return { rows, alerts, missing, back_in_time: back };
}

function textOfSummary(summary: Summary, out: string | undefined): string {
  const { rows, alerts, missing, back, firstBack } = summary;
  const without = missing > 0 ? ` (${missing} without a value)` : "";
  const to = out === undefined ? "" : ` → ${out}`;
  const lines = [`${rows} rows scored${without}: ${alerts} alerts${to}`];
  if (firstBack !== null) {
    lines.push(`time goes back ${back} times, first at line ${firstBack}: judged in file order`);
  }
  return `${lines.join("\n")}\n`;
}

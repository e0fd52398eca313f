import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { AppError } from "../runtime/errors.ts";
import type { Random } from "./random.ts";

/** Longest pause kept between two calls of one burst, in multiples of the mean: longer ones part two bursts. */
const LONGEST_PAUSE = 8;

/** Requests of one real service in their order: sizes in tokens, and the rhythm they came in. */
export class RequestTrace {
  readonly inputTokens: Int32Array;
  readonly outputTokens: Int32Array;
  /** Pauses between calls as multiples of their mean, so that any pace can be put on them. */
  readonly pauses: Float64Array;

  constructor(rows: readonly (readonly [number, number, number])[]) {
    this.inputTokens = Int32Array.from(rows, (row) => row[1]);
    this.outputTokens = Int32Array.from(rows, (row) => row[2]);
    const mean = rows.reduce((sum, row) => sum + row[0], 0) / rows.length;
    const cut = Float64Array.from(rows, (row) => Math.min(row[0], LONGEST_PAUSE * mean));
    const cutMean = cut.reduce((sum, pause) => sum + pause, 0) / rows.length;
    this.pauses = cut.map((pause) => pause / cutMean);
  }

  /** A random row: input and output of one request belong together. */
  row(random: Random): number {
    return random.below(this.inputTokens.length);
  }

  input(row: number): number {
    return this.inputTokens[row] ?? 0;
  }

  output(row: number): number {
    return this.outputTokens[row] ?? 0;
  }

  /** Calls follow each other as in a stretch of the trace that begins anywhere: endless pauses in seconds, `mean` on average. */
  *rhythm(random: Random, mean: () => number): Generator<number, never> {
    for (let at = this.row(random); ; at = (at + 1) % this.pauses.length) {
      yield (this.pauses[at] ?? 1) * mean();
    }
  }
}

/** One API client's real arrivals: 14 days of 10-minute bins, as multiples of its mean. */
export class ArrivalTrace {
  readonly relative: Float64Array;

  constructor(requests: readonly number[]) {
    const mean = requests.reduce((sum, count) => sum + count, 0) / requests.length;
    this.relative = Float64Array.from(requests, (count) => count / mean);
  }

  /** How busy `bin` (0…143) of `day` is; the two weeks of the trace come again and again. */
  at(day: number, bin: number): number {
    const index = day * 144 + bin;
    return this.relative[index % this.relative.length] ?? 0;
  }
}

export interface Traces {
  /** Short completions: large inputs, tiny outputs. */
  readonly code: RequestTrace;
  readonly conversation: RequestTrace;
  /** Long inputs: documents, files. */
  readonly document: RequestTrace;
  readonly clients: readonly ArrivalTrace[];
}

/** Reads the samples that lie beside this module, in the sources as in the build. Throws AppError `input` when one is missing. */
export function loadTraces(): Traces {
  return {
    code: requestTrace("azure-2023-code.csv"),
    conversation: requestTrace("azure-2023-conversation.csv"),
    document: requestTrace("mooncake-conversation.csv"),
    clients: sample("servegen-clients.ndjson").map(
      (line) => new ArrivalTrace((JSON.parse(line) as { requests: number[] }).requests),
    ),
  };
}

function requestTrace(name: string): RequestTrace {
  const rows = sample(name).slice(1);
  return new RequestTrace(
    rows.map((line) => {
      const [pause, input, output] = line.split(",").map(Number);
      return [pause ?? 0, input ?? 0, output ?? 0];
    }),
  );
}

function sample(name: string): string[] {
  const path = fileURLToPath(new URL(`./samples/${name}`, import.meta.url));
  try {
    return readFileSync(path, "utf8").trimEnd().split("\n");
  } catch (cause) {
    throw new AppError(
      `the demo's sample ${path} cannot be read: build again with "npm run build"`,
      { code: "input", cause },
    );
  }
}

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { CsvRecords } from "../../../src/score/csv-records.ts";
import { SeriesRows } from "../../../src/score/series-rows.ts";
import type { NabProfile, NabSeries } from "./nab-score.ts";

/** Where NAB lies: a folder with `labels/` and the groups' folders. */
export const CORPUS_VARIABLE = "SPIKEWATCH_NAB";
export const SAMPLES = fileURLToPath(new URL("../../score/samples/nab", import.meta.url));

export interface LabelledSeries extends NabSeries {
  readonly name: string;
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
  /** Rows of the labelled instants. */
  readonly instants: readonly number[];
}

export interface Corpus {
  readonly series: readonly LabelledSeries[];
  /** By NAB's names: standard, reward_low_FP_rate, reward_low_FN_rate. */
  readonly profiles: Readonly<Record<string, NabProfile>>;
}

/** Reads the series that the labels name. */
export function readCorpus(folder: string): Corpus {
  const windows = read(folder, "combined_windows") as Record<string, [string, string][]>;
  const labels = read(folder, "combined_labels") as Record<string, string[]>;
  const profiles = read(folder, "profiles") as Record<string, { CostMatrix: NabProfile }>;
  const names = Object.keys(windows).sort();
  return {
    series: names.map((name) =>
      readSeries(folder, name, { windows: windows[name] ?? [], labels: labels[name] ?? [] }),
    ),
    profiles: Object.fromEntries(
      Object.entries(profiles).map(([name, { CostMatrix }]) => [name, CostMatrix]),
    ),
  };
}

function read(folder: string, name: string): unknown {
  return JSON.parse(readFileSync(join(folder, "labels", `${name}.json`), "utf8"));
}

function readSeries(
  folder: string,
  name: string,
  { windows, labels }: { windows: readonly [string, string][]; labels: readonly string[] },
): LabelledSeries {
  const records = new CsvRecords();
  const rows = new SeriesRows();
  const times: number[] = [];
  const values: (number | null)[] = [];
  const rowAt = new Map<string, number>();
  for (const record of records.push(`${readFileSync(join(folder, name), "utf8").trimEnd()}\n`)) {
    const row = rows.next(record);
    if (row === null) continue;
    if (!rowAt.has(row.timestampText)) rowAt.set(row.timestampText, times.length);
    times.push(row.timeMs);
    values.push(row.value);
  }
  const at = (text: string): number => {
    const row = rowAt.get(text.replace(/\.0+$/, ""));
    if (row === undefined) throw new Error(`${name} has no row at ${text}`);
    return row;
  };
  return {
    name,
    rows: times.length,
    times,
    values,
    windows: windows.map(([first, last]) => [at(first), at(last)] as const),
    instants: labels.map(at),
  };
}

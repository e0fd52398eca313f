import { AppError } from "../runtime/errors.ts";
import type { CsvRecord } from "./csv-records.ts";
import { readTimestamp } from "./timestamp.ts";

/** One row of a `timestamp,value` series. */
export interface SeriesRow {
  readonly line: number;
  readonly timeMs: number;
  /** null: the row has no value. */
  readonly value: number | null;
  /** As they came. */
  readonly timestampText: string;
  readonly valueText: string;
}

const MISSING: ReadonlySet<string> = new Set(["", "nan", "na", "n/a", "null", "none"]);
/** `Number` reads hexadecimal too; who writes that has given the wrong column. */
const OTHER_BASE = /^[+-]?0[box]/i;
const MAX_SHOWN = 40;

/** Reads a series from CSV records. The first is the header and names the columns `timestamp` and `value`, in any order and case, among any others. */
export class SeriesRows {
  #timestampAt = -1;
  #valueAt = -1;

  /** The next row; null for the header. Throws AppError `input` with the line where one cannot be read. */
  next({ line, fields }: CsvRecord): SeriesRow | null {
    if (this.#timestampAt < 0) {
      this.#timestampAt = columnOf("timestamp", line, fields);
      this.#valueAt = columnOf("value", line, fields);
      return null;
    }
    const timestampText = fields[this.#timestampAt];
    const valueText = fields[this.#valueAt];
    if (timestampText === undefined || valueText === undefined) {
      const wanted = Math.max(this.#timestampAt, this.#valueAt) + 1;
      throw bad(line, `${counted(fields.length)} where the header needs ${wanted}`);
    }
    const timeMs = readTimestamp(timestampText);
    if (Number.isNaN(timeMs)) {
      const hint = "give ISO 8601, YYYY-MM-DD hh:mm:ss, or epoch seconds or milliseconds";
      throw bad(line, `timestamp ${shown(timestampText)} cannot be read: ${hint}`);
    }
    return { line, timeMs, value: readValue(valueText, line), timestampText, valueText };
  }

  /** Throws AppError `input` where there was not even a header. */
  finish(): void {
    if (this.#timestampAt < 0) throw bad(1, "nothing there: begin with the header timestamp,value");
  }
}

function readValue(text: string, line: number): number | null {
  if (MISSING.has(text.toLowerCase())) return null;
  const value = OTHER_BASE.test(text) ? NaN : Number(text);
  if (Number.isFinite(value)) return value;
  const hint = "write a decimal number, or nothing where it is missing";
  throw bad(line, `value ${shown(text)} is no finite number: ${hint}`);
}

function columnOf(name: string, line: number, header: readonly string[]): number {
  const names = header.map((one) => one.toLowerCase());
  const at = names.indexOf(name);
  if (at < 0) {
    const isData = header.some((field) => !Number.isNaN(readTimestamp(field)));
    const what = isData
      ? "this is data, no header"
      : `no column is called "${name}", there are ${header.map(shown).join(", ")}`;
    throw bad(line, `${what}: begin with the header timestamp,value`);
  }
  if (names.includes(name, at + 1)) {
    throw bad(line, `two columns are called "${name}": leave one out`);
  }
  return at;
}

function counted(columns: number): string {
  return columns === 1 ? "1 column" : `${columns} columns`;
}

function shown(text: string): string {
  return JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
}

function bad(line: number, what: string): AppError {
  return new AppError(`line ${line}: ${what}`, { code: "input" });
}

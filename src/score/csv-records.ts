import { AppError } from "../runtime/errors.ts";

/** One record of a CSV text. */
export interface CsvRecord {
  /** The line on which it begins, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** A longer record is no row of a series; most likely a quote has no end. Keeps memory bounded. */
const MAX_RECORD_LENGTH = 65_536;

/**
 * Cuts text that comes in pieces into the records of RFC 4180: commas, fields in double quotes (which may hold commas, line ends and doubled quotes),
 * lines that end with LF or CRLF, a byte order mark. Empty lines are left out. Throws AppError `input` where a record is too long or a quote has no end.
 */
export class CsvRecords {
  #rest = "";
  /** Lines that are behind `#rest`. */
  #lines = 0;
  #isFirst = true;

  /** The records that end within `text`. */
  *push(text: string): Generator<CsvRecord, void, undefined> {
    let buffer = this.#rest + this.#withoutMark(text);
    let from = 0;
    let end = buffer.indexOf("\n");
    for (; end >= 0; end = buffer.indexOf("\n", end + 1)) {
      const record = buffer.slice(from, end);
      if (isOpen(record)) {
        if (record.length > MAX_RECORD_LENGTH) throw tooLong(this.#lines + 1);
        continue;
      }
      const line = this.#lines + 1;
      this.#lines += 1 + newlinesIn(record);
      from = end + 1;
      const fields = fieldsOf(record, line);
      if (fields !== null) yield { line, fields };
    }
    buffer = buffer.slice(from);
    if (buffer.length > MAX_RECORD_LENGTH) throw tooLong(this.#lines + 1);
    this.#rest = buffer;
  }

  /** The last record, where no line end follows it. */
  finish(): CsvRecord | null {
    const line = this.#lines + 1;
    if (isOpen(this.#rest)) {
      throw new AppError(`line ${line}: a quote begins and has no end; close it or double it`, {
        code: "input",
      });
    }
    const fields = fieldsOf(this.#rest, line);
    this.#rest = "";
    return fields === null ? null : { line, fields };
  }

  #withoutMark(text: string): string {
    if (!this.#isFirst || text === "") return text;
    this.#isFirst = false;
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }
}

/** Whether a quoted field goes on behind it. */
function isOpen(record: string): boolean {
  let quotes = 0;
  for (let at = record.indexOf('"'); at >= 0; at = record.indexOf('"', at + 1)) quotes++;
  return quotes % 2 === 1;
}

function newlinesIn(record: string): number {
  return record.includes("\n") ? record.split("\n").length - 1 : 0;
}

/** null for an empty line. */
function fieldsOf(record: string, line: number): string[] | null {
  const text = record.endsWith("\r") ? record.slice(0, -1) : record;
  if (text.trim() === "") return null;
  if (text.length > MAX_RECORD_LENGTH) throw tooLong(line);
  if (!text.includes('"')) return text.split(",").map((field) => field.trim());
  const fields: string[] = [];
  const field = /\s*(?:"((?:[^"]|"")*)"\s*|([^",]*))(?:,|$)/y;
  while (field.lastIndex <= text.length) {
    const match = field.exec(text);
    if (match === null) {
      throw new AppError(`line ${line}: a quote stands inside a field; put the field in quotes`, {
        code: "input",
      });
    }
    fields.push(match[1]?.replaceAll('""', '"').trim() ?? match[2]?.trim() ?? "");
    if (!match[0].endsWith(",")) break;
  }
  return fields;
}

function tooLong(line: number): AppError {
  return new AppError(
    `line ${line}: longer than ${MAX_RECORD_LENGTH} characters, so it is no row of a series; look for a quote without an end`,
    { code: "input" },
  );
}

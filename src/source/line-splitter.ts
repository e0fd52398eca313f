const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

export interface LineLimits {
  /** A longer line is cut to this and one byte more, so that who decodes it sees that it is too long; memory stays bounded. */
  readonly maxRecordBytes: number;
  readonly maxLines: number;
  readonly maxBytes: number;
}

/** Lines in a row, without their ends; empty ones are left out. */
export interface Lines {
  readonly values: Uint8Array[];
  /** Byte of each line's first character. */
  readonly offsets: number[];
  /** Length of each line before it was cut. */
  readonly sizes: number[];
  /** Byte behind the newline of the last line, empty lines included. */
  readonly endOffset: number;
}

/** Cuts a stream of bytes into lines, in batches. Values are views of the chunks, except of lines that span two. */
export class LineSplitter {
  readonly #limits: LineLimits;
  /** Byte behind what was pushed. */
  #position: number;
  /** The begin of a line whose end has not come yet: its first bytes, and its whole length so far. */
  #open: Buffer[] = [];
  #openStart: number;
  #openKept = 0;

  /** `start` is the byte at which the first chunk begins, the first of a line. */
  constructor(start: number, limits: LineLimits) {
    this.#limits = limits;
    this.#position = start;
    this.#openStart = start;
  }

  /** The lines that end within `chunk`. The caller is done with a batch before it takes the next. */
  *push(chunk: Buffer): Generator<Lines, void, undefined> {
    const base = this.#position;
    this.#position += chunk.length;
    let batch = newBatch();
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      this.#add(batch, this.#close(chunk.subarray(from, at)), base + at - this.#openStart);
      from = at + 1;
      this.#openStart = base + from;
      if (this.#isFull(batch)) {
        yield { ...batch, endOffset: this.#openStart };
        batch = newBatch();
      }
    }
    if (from > 0 && (batch.values.length > 0 || batch.lines > 0)) {
      yield { ...batch, endOffset: this.#openStart };
    }
    this.#keep(chunk.subarray(from));
  }

  /** The last line, where it has no newline; null where there is none. */
  finish(): Lines | null {
    const size = this.#position - this.#openStart;
    if (size === 0) return null;
    const batch = newBatch();
    this.#add(batch, this.#close(Buffer.alloc(0)), size);
    this.#openStart = this.#position;
    return { ...batch, endOffset: this.#position };
  }

  #isFull(batch: Batch): boolean {
    return batch.values.length >= this.#limits.maxLines || batch.bytes >= this.#limits.maxBytes;
  }

  #add(batch: Batch, line: Buffer, rawSize: number): void {
    batch.lines++;
    const whole = line.length === rawSize;
    const value = whole && line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
    if (value.length === 0) return;
    batch.values.push(value);
    batch.offsets.push(this.#openStart);
    batch.sizes.push(whole ? value.length : rawSize);
    batch.bytes += value.length;
  }

  /** The line that ends with `tail`, cut where it is too long. */
  #close(tail: Buffer): Buffer {
    if (this.#open.length === 0) return tail.subarray(0, this.#limits.maxRecordBytes + 1);
    this.#keep(tail);
    const line = Buffer.concat(this.#open);
    this.#open = [];
    this.#openKept = 0;
    return line;
  }

  /** Copies, because the chunk's memory may be used again. */
  #keep(part: Buffer): void {
    const room = this.#limits.maxRecordBytes + 1 - this.#openKept;
    if (room <= 0 || part.length === 0) return;
    const kept = Buffer.from(part.subarray(0, room));
    this.#open.push(kept);
    this.#openKept += kept.length;
  }
}

interface Batch {
  readonly values: Uint8Array[];
  readonly offsets: number[];
  readonly sizes: number[];
  bytes: number;
  lines: number;
}

function newBatch(): Batch {
  return { values: [], offsets: [], sizes: [], bytes: 0, lines: 0 };
}

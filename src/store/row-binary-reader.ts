import { AppError } from "../runtime/errors.ts";

const TWO_32 = 2 ** 32;
const NAMES = 1 << 16;
const NO_NAMES: readonly string[] = [];

/** Thrown and caught here: the row goes on in bytes that have not come yet. */
const CUT = new Error("the row is cut");

/**
 * Reads rows of ClickHouse's RowBinary from bytes as they arrive. Several times as fast as JSON, and a name that was read before costs no new string: equal names are
 * mostly one string, which maps find faster.
 */
export class RowBinaryReader {
  #bytes: Buffer = Buffer.alloc(0);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;
  readonly #names = new Array<Buffer | undefined>(NAMES);
  readonly #texts = new Array<string>(NAMES).fill("");

  /** Bytes that follow those given before. They must not change until they are read. */
  add(chunk: Uint8Array): void {
    const rest = this.#bytes.subarray(this.#at);
    this.#bytes =
      rest.length > 0
        ? Buffer.concat([rest, chunk])
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length);
    this.#at = 0;
  }

  /** The next row, read by `read` column by column; null where it is not whole yet. */
  row<Row>(read: (reader: this) => Row): Row | null {
    const begin = this.#at;
    if (begin === this.#bytes.length) return null;
    try {
      return read(this);
    } catch (error) {
      if (error !== CUT) throw error;
      this.#at = begin;
      return null;
    }
  }

  /** No bytes follow. Throws `store_unavailable` where a row is not whole: the answer was cut. */
  end(): void {
    if (this.#at === this.#bytes.length) return;
    throw new AppError("the answer of ClickHouse ends in the middle of a row", {
      code: "store_unavailable",
      retryable: true,
    });
  }

  /** UInt64 as a double: exact below 2^53, and the nearest one above. */
  u64(): number {
    const at = this.#take(8);
    return this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * TWO_32;
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** A String of which there are few. */
  name(): string {
    const length = this.#varint();
    const at = this.#take(length);
    const bytes = this.#bytes;
    let hash = length;
    for (let index = at; index < at + length; index++) {
      hash = (Math.imul(hash, 31) + (bytes[index] as number)) | 0;
    }
    const slot = (hash ^ (hash >>> 16)) & (NAMES - 1);
    const known = this.#names[slot];
    if (known?.length === length && isAt(bytes, at, known)) return this.#texts[slot] as string;
    const name = Buffer.from(bytes.subarray(at, at + length));
    const text = name.toString("utf8");
    this.#names[slot] = name;
    this.#texts[slot] = text;
    return text;
  }

  /** An Array(String). */
  names(): readonly string[] {
    const length = this.#varint();
    return length === 0 ? NO_NAMES : Array.from({ length }, () => this.name());
  }

  #varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.#bytes[this.#take(1)] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw CUT;
    this.#at = at + length;
    return at;
  }
}

function isAt(bytes: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let index = 0; index < name.length; index++) {
    if (bytes[at + index] !== name[index]) return false;
  }
  return true;
}

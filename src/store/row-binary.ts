const CHUNK_BYTES = 1 << 20;
const TWO_32 = 2 ** 32;

/** Writes values as ClickHouse's RowBinary: fixed-width little-endian numbers and length-prefixed strings, with no text in between. */
export class RowBinaryWriter {
  readonly #chunks: Uint8Array[] = [];
  #bytes = new Uint8Array(CHUNK_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;
  #total = 0;

  /** Names and types of the columns. ClickHouse compares both with the table, so a schema that has drifted is refused, not misread. */
  header(columns: readonly (readonly [name: string, type: string])[]): void {
    this.varint(columns.length);
    for (const [name] of columns) this.string(name);
    for (const [, type] of columns) this.string(type);
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
  }

  u32(value: number): void {
    if (value < 0 || value >= TWO_32 || !Number.isInteger(value))
      throw new RangeError(`${value} is no UInt32`);
    this.#reserve(4);
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  /** An exact non-negative integer below 2^53, as UInt64, Int64, or the digits of a Decimal64. */
  u64(value: number): void {
    if (value < 0 || !Number.isSafeInteger(value)) {
      throw new RangeError(`${value} is not an exact non-negative integer`);
    }
    this.#reserve(8);
    this.#view.setUint32(this.#at, value >>> 0, true);
    this.#view.setUint32(this.#at + 4, value / TWO_32, true);
    this.#at += 8;
  }

  i64(value: number): void {
    this.#reserve(8);
    this.#view.setBigInt64(this.#at, BigInt(value), true);
    this.#at += 8;
  }

  f64(value: number): void {
    if (!Number.isFinite(value)) throw new RangeError(`${value} cannot be summed`);
    this.#reserve(8);
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  varint(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.u8((rest % 0x80) | 0x80);
    this.u8(rest);
  }

  string(value: string): void {
    if (!this.#shortAscii(value)) this.raw(encodeString(value));
  }

  /** Bytes as a String column holds them, of any content. */
  blob(value: Uint8Array): void {
    this.varint(value.length);
    this.raw(value);
  }

  uuid(value: string): void {
    this.raw(encodeUuid(value));
  }

  /** Bytes that are RowBinary already. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#total + this.#at;
  }

  /** All that was written. The writer is used up. */
  finish(): Uint8Array[] {
    this.#flush();
    return this.#chunks;
  }

  /** Most names, without a buffer for each; false: it is not one, and nothing was written. */
  #shortAscii(value: string): boolean {
    const { length } = value;
    if (length >= 0x80) return false;
    this.#reserve(1 + length);
    const from = this.#at + 1;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code >= 0x80) return false;
      this.#bytes[from + index] = code;
    }
    this.#bytes[this.#at] = length;
    this.#at = from + length;
    return true;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    this.#flush();
    this.#bytes = new Uint8Array(Math.max(CHUNK_BYTES, bytes));
    this.#view = new DataView(this.#bytes.buffer);
  }

  #flush(): void {
    if (this.#at > 0) this.#chunks.push(this.#bytes.subarray(0, this.#at));
    this.#total += this.#at;
    this.#at = 0;
  }
}

/** A String value: length, then UTF-8. */
export function encodeString(value: string): Uint8Array {
  const text = Buffer.from(value, "utf8");
  const length: number[] = [];
  let rest = text.length;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) length.push((rest % 0x80) | 0x80);
  length.push(rest);
  return Buffer.concat([Uint8Array.from(length), text]);
}

/** A UUID value: two halves, each with its lowest byte first. */
export function encodeUuid(value: string): Uint8Array {
  const bytes = Buffer.from(value.replaceAll("-", ""), "hex");
  if (bytes.length !== 16) throw new RangeError(`${value} is no UUID`);
  return Buffer.concat([bytes.subarray(0, 8).reverse(), bytes.subarray(8).reverse()]);
}

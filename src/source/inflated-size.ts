/**
 * How large a compressed payload can get, read from its own block headers without inflating it: the defence against a small batch
 * that inflates to gigabytes, for libraries that have no output limit. All functions throw RangeError on what is no such payload.
 */

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const XERIAL_HEADER_BYTES = 16;

/** The raw snappy blocks of a payload, with or without snappy-java's framing. */
export function snappyBlocks(payload: Buffer): Buffer[] {
  if (!payload.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return [payload];
  const blocks: Buffer[] = [];
  for (let at = XERIAL_HEADER_BYTES; at < payload.length;) {
    const end = at + 4 + payload.readUInt32BE(at);
    if (end > payload.length) throw new RangeError("a snappy block is cut short");
    blocks.push(payload.subarray(at + 4, end));
    at = end;
  }
  return blocks;
}

/** Exact: each snappy block begins with its inflated size. */
export function snappyInflatedSize(payload: Buffer): number {
  return snappyBlocks(payload).reduce((sum, block) => sum + leadingVarint(block), 0);
}

function leadingVarint(block: Buffer): number {
  let value = 0;
  for (let index = 0; index < 5; index++) {
    const byte = block.readUInt8(index);
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return value;
  }
  throw new RangeError("a snappy block has no valid size");
}

const LZ4_MAGIC = 0x184d2204;
/** Block size by the code in a frame's descriptor. */
const LZ4_BLOCK_BYTES: Readonly<Record<number, number>> = {
  4: 64 * 1024,
  5: 256 * 1024,
  6: 1024 * 1024,
  7: 4 * 1024 * 1024,
};

/** No byte of a compressed block stands for more. */
const LZ4_MAX_RATIO = 255;

/** Upper bound: an LZ4 frame names its block size, and no block inflates past it. Stored blocks count as they are. */
export function lz4InflatedBound(payload: Buffer): number {
  let bound = 0;
  for (let at = 0; at < payload.length;) {
    if (payload.readUInt32LE(at) !== LZ4_MAGIC) throw new RangeError("not an lz4 frame");
    const flags = payload.readUInt8(at + 4);
    const blockBytes = LZ4_BLOCK_BYTES[(payload.readUInt8(at + 5) >> 4) & 7];
    if (blockBytes === undefined) throw new RangeError("an lz4 frame has no valid block size");
    const blockTrailer = (flags & 0x10) === 0 ? 0 : 4;
    at += 7 + ((flags & 0x08) === 0 ? 0 : 8) + ((flags & 0x01) === 0 ? 0 : 4);
    for (let size = payload.readUInt32LE(at); size !== 0; size = payload.readUInt32LE(at)) {
      const stored = size > 0x7fffffff;
      const bytes = size & 0x7fffffff;
      bound += stored ? bytes : Math.min(blockBytes, bytes * LZ4_MAX_RATIO);
      at += 4 + bytes + blockTrailer;
    }
    at += 4 + ((flags & 0x04) === 0 ? 0 : 4);
  }
  return bound;
}

const ZSTD_MAGIC = 0xfd2fb528;
const ZSTD_SKIPPABLE = 0x184d2a5;
const ZSTD_BLOCK_BYTES = 128 * 1024;
/** Bytes of the dictionary id and of the content size, by the codes in a frame's descriptor. */
const ZSTD_DICTIONARY_BYTES = [0, 1, 2, 4] as const;
const ZSTD_SIZE_BYTES = [0, 2, 4, 8] as const;

/** Upper bound: a zstd block inflates to 128 KiB at most, a raw or repeated one to what it says. */
export function zstdInflatedBound(payload: Buffer): number {
  let bound = 0;
  for (let at = 0; at < payload.length;) {
    const magic = payload.readUInt32LE(at);
    if (magic >>> 4 === ZSTD_SKIPPABLE) {
      at += 8 + payload.readUInt32LE(at + 4);
      continue;
    }
    if (magic !== ZSTD_MAGIC) throw new RangeError("not a zstd frame");
    const frame = zstdFrame(payload, at + 4);
    bound += frame.bound;
    at = frame.end;
  }
  return bound;
}

function zstdFrame(payload: Buffer, start: number): { bound: number; end: number } {
  const descriptor = payload.readUInt8(start);
  const singleSegment = (descriptor & 0x20) !== 0;
  const sizeCode = descriptor >> 6;
  const sizeBytes = sizeCode === 0 && singleSegment ? 1 : ZSTD_SIZE_BYTES[sizeCode as 0];
  const dictionaryBytes = ZSTD_DICTIONARY_BYTES[(descriptor & 3) as 0];
  let at = start + 1 + (singleSegment ? 0 : 1) + dictionaryBytes + sizeBytes;
  let bound = 0;
  for (let last = false; !last;) {
    const header = payload.readUIntLE(at, 3);
    last = (header & 1) === 1;
    const type = (header >> 1) & 3;
    const size = header >> 3;
    bound += type === 2 ? ZSTD_BLOCK_BYTES : size;
    at += 3 + (type === 1 ? 1 : size);
  }
  return { bound, end: at + ((descriptor & 0x04) === 0 ? 0 : 4) };
}

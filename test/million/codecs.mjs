import { promisify } from "node:util";
import zlib from "node:zlib";
import kafkajs from "kafkajs";
import { compressFrame, decompressFrame } from "lz4-napi";
import snappy from "snappy";
import zstd from "@mongodb-js/zstd";

const { CompressionCodecs, CompressionTypes } = kafkajs;
const gzip = promisify(zlib.gzip);
const gunzip = promisify(zlib.gunzip);

/** Snappy as Kafka's Java clients frame it: magic, version, lowest version, then blocks with their length before them. */
const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
const XERIAL_BLOCK = 32 * 1024;

async function xerialCompress(data) {
  const parts = [XERIAL];
  for (let from = 0; from < data.length; from += XERIAL_BLOCK) {
    const block = await snappy.compress(data.subarray(from, from + XERIAL_BLOCK));
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

async function xerialUncompress(data) {
  if (!data.subarray(0, 8).equals(XERIAL.subarray(0, 8))) return snappy.uncompress(data);
  const parts = [];
  for (let at = XERIAL.length; at < data.length;) {
    const length = data.readInt32BE(at);
    parts.push(await snappy.uncompress(data.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return Buffer.concat(parts);
}

/** The four codecs of Kafka, by name. */
export const CODECS = {
  gzip: {
    type: CompressionTypes.GZIP,
    compress: (data) => gzip(data, { level: 1 }),
    uncompress: gunzip,
  },
  snappy: { type: CompressionTypes.Snappy, compress: xerialCompress, uncompress: xerialUncompress },
  lz4: { type: CompressionTypes.LZ4, compress: compressFrame, uncompress: decompressFrame },
  zstd: {
    type: CompressionTypes.ZSTD,
    compress: (data) => zstd.compress(data, 1),
    uncompress: zstd.decompress,
  },
};

/** Makes kafkajs of this process use them. */
export function registerCodecs() {
  for (const { type, compress, uncompress } of Object.values(CODECS)) {
    CompressionCodecs[type] = () => ({
      compress: (encoder) => compress(encoder.buffer),
      decompress: (data) => uncompress(data),
    });
  }
}

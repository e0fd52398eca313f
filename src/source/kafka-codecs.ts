import { promisify } from "node:util";
import { gunzipSync, gzip } from "node:zlib";
import zstd from "@mongodb-js/zstd";
import kafkajs from "kafkajs";
import lz4 from "lz4-napi";
import snappy from "snappy";
import { messageOf } from "../runtime/errors.ts";
import {
  lz4InflatedBound,
  snappyBlocks,
  snappyInflatedSize,
  zstdInflatedBound,
} from "./inflated-size.ts";

// CommonJS packages: their names are not all visible to `import { … }`.
const { CompressionCodecs, CompressionTypes, KafkaJSNonRetriableError } = kafkajs;
const gzipAsync = promisify(gzip);

/** What one compressed Kafka batch may inflate to. A broker takes 1 MiB compressed by default; 64 times that is no usage data. */
export const MAX_INFLATED_BYTES = 64 * 1024 * 1024;

/** Compresses and inflates the payload of one Kafka record batch. */
export interface KafkaCodec {
  compress(payload: Buffer): Promise<Buffer>;
  /** Throws KafkaJSNonRetriableError where the bytes are broken or would inflate to more than allowed: trying again cannot help. */
  decompress(payload: Buffer): Promise<Buffer>;
}

export type KafkaCodecName = "gzip" | "snappy" | "lz4" | "zstd";

/**
 * The four codecs, none of which inflates past `maxBytes`. A batch is inflated at once, in a millisecond or so: what the threads of a pool allocate is
 * freed by another thread, late and into a heap of theirs, which took a quarter more memory and was no faster. zstd's library only has the pool.
 */
export function kafkaCodecs(maxBytes = MAX_INFLATED_BYTES): Record<KafkaCodecName, KafkaCodec> {
  return {
    gzip: guarded("gzip", maxBytes, {
      compress: (payload) => gzipAsync(payload),
      decompress: (payload) => gunzipSync(payload, { maxOutputLength: maxBytes }),
    }),
    snappy: guarded("snappy", maxBytes, {
      bound: snappyInflatedSize,
      compress: async (payload) => frameXerial(await snappy.compress(payload)),
      decompress: inflateSnappy,
    }),
    lz4: guarded("lz4", maxBytes, {
      bound: lz4InflatedBound,
      compress: (payload) => lz4.compressFrame(payload),
      decompress: (payload) => lz4.decompressFrameSync(payload),
    }),
    zstd: guarded("zstd", maxBytes, {
      bound: zstdInflatedBound,
      compress: (payload) => zstd.compress(payload, 3),
      decompress: (payload) => zstd.decompress(payload),
    }),
  };
}

/** Teaches kafkajs every codec a topic may use. Its registry is global to the process, so the last call's limit counts. */
export function registerKafkaCodecs(maxBytes = MAX_INFLATED_BYTES): void {
  const codecs = kafkaCodecs(maxBytes);
  const register = (type: keyof typeof CompressionCodecs, codec: KafkaCodec): void => {
    CompressionCodecs[type] = () => ({
      compress: (encoder: { readonly buffer: Buffer }) => codec.compress(encoder.buffer),
      decompress: (payload: Buffer) => codec.decompress(payload),
    });
  };
  register(CompressionTypes.GZIP, codecs.gzip);
  register(CompressionTypes.Snappy, codecs.snappy);
  register(CompressionTypes.LZ4, codecs.lz4);
  register(CompressionTypes.ZSTD, codecs.zstd);
}

/** `bound` reads from the frame's own headers how large it could get: libraries without an output limit are asked only below it. */
function guarded(
  name: KafkaCodecName,
  maxBytes: number,
  codec: Pick<KafkaCodec, "compress"> & {
    readonly decompress: (payload: Buffer) => Buffer | Promise<Buffer>;
    readonly bound?: (payload: Buffer) => number;
  },
): KafkaCodec {
  return {
    compress: (payload) => codec.compress(payload),
    decompress: async (payload) => {
      try {
        const bound = codec.bound?.(payload) ?? 0;
        if (bound > maxBytes) {
          throw new RangeError(
            `it could inflate to ${bound} bytes, more than the ${maxBytes} allowed`,
          );
        }
        return await codec.decompress(payload);
      } catch (error) {
        const message = `a ${name} batch of ${payload.length} bytes cannot be inflated: ${messageOf(error)}`;
        throw Object.assign(new KafkaJSNonRetriableError(message), { cause: error });
      }
    },
  };
}

const XERIAL_HEADER = Buffer.from([
  0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1,
]);

/** One block in the framing of snappy-java, which is what Kafka's clients read and write. */
function frameXerial(block: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(block.length);
  return Buffer.concat([XERIAL_HEADER, length, block]);
}

function inflateSnappy(payload: Buffer): Buffer {
  const inflated = snappyBlocks(payload).map(
    (block) => snappy.uncompressSync(block, { asBuffer: true }) as Buffer,
  );
  return Buffer.concat(inflated);
}

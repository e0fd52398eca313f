export interface Codec {
  readonly type: number;
  compress(data: Buffer): Promise<Buffer>;
  uncompress(data: Buffer): Promise<Buffer>;
}

export const CODECS: Readonly<Record<"gzip" | "snappy" | "lz4" | "zstd", Codec>>;
export function registerCodecs(): void;

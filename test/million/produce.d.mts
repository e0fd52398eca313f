export interface Produced {
  readonly records: number;
  /** Batches by codec. */
  readonly batches: Readonly<Record<string, number>>;
  readonly seconds: number;
}

export function produce(options: {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly lines: Iterable<Buffer> | AsyncIterable<Buffer>;
  readonly partitions?: number;
  readonly batch?: number;
}): Promise<Produced>;
export function keyOf(line: Buffer): string;

export interface Comparison {
  readonly equal: number;
  readonly differences: number;
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  readonly different: readonly string[];
  readonly twice: readonly string[];
}

type Lines = Iterable<string | Buffer> | AsyncIterable<string | Buffer>;

export function compare(expected: Lines, actual: Lines): Promise<Comparison>;

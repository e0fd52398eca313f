export interface GeneratedRecord {
  readonly line: string;
  readonly user: string;
  readonly kind: "good" | "duplicate" | "bad";
  /** Why a bad one must be rejected. */
  readonly reason: string | undefined;
}

export function generate(options: {
  readonly count?: number;
  readonly seed?: number;
  readonly startMs: number;
  readonly huge?: boolean;
  readonly teams?: number;
  readonly users?: number;
}): Generator<GeneratedRecord>;
export function startOf(day: string): number;

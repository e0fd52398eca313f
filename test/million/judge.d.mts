/** A canonical event as the recount read it: absent dimensions are `unknown`, cost is BigInt nano-dollars. */
export interface JudgedEvent {
  readonly timeMs: number;
  readonly team: string;
  readonly user: string;
  readonly provider: string;
  readonly model: string;
  readonly tool: string;
  readonly id: string | undefined;
  readonly service_tier: string | undefined;
  readonly requests: number;
  readonly errors: number;
  readonly uncached_input_tokens: number;
  readonly cache_read_input_tokens: number;
  readonly cache_write_5m_input_tokens: number;
  readonly cache_write_1h_input_tokens: number;
  readonly output_tokens: number;
  readonly reasoning_output_tokens: number;
  readonly reportedNanos: bigint | undefined;
}

/** Exactly one of the two is there. */
export function judge(
  line: string | Buffer,
  nowMs: number,
): { readonly event?: JudgedEvent; readonly reason?: string };
export const BUCKETS: readonly string[];
export function decimal(text: string, places: number): bigint | undefined;

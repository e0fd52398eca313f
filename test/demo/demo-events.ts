import type { Company } from "../../src/demo/company.ts";

/** One canonical event as it was read back from a line. */
export interface DemoEvent {
  readonly time: number;
  readonly id: string;
  readonly department: string;
  readonly team: string;
  readonly user: string;
  readonly key: string;
  readonly agent?: string;
  readonly provider: string;
  readonly model: string;
  readonly tool: string;
  readonly service_tier: string;
  readonly session: string;
  readonly uncached_input_tokens?: number;
  readonly cache_read_input_tokens?: number;
  readonly cache_write_5m_input_tokens?: number;
  readonly cache_write_1h_input_tokens?: number;
  readonly output_tokens?: number;
  readonly reasoning_output_tokens?: number;
}

/** All events of the history, one after the other. */
export function* historyEvents(company: Company): Generator<DemoEvent> {
  for (const block of company.history()) {
    for (const line of block.toString().split("\n")) {
      if (line !== "") yield JSON.parse(line) as DemoEvent;
    }
  }
}

export function liveEvents(company: Company): DemoEvent[] {
  return Array.from(company.liveDay(), ({ line }) => JSON.parse(line) as DemoEvent);
}

export function promptOf(event: DemoEvent): number {
  return (
    (event.uncached_input_tokens ?? 0) +
    (event.cache_read_input_tokens ?? 0) +
    (event.cache_write_5m_input_tokens ?? 0) +
    (event.cache_write_1h_input_tokens ?? 0)
  );
}

/** Rough list prices, dollars per million: input, cache read, write for 5 minutes, write for an hour, output. */
const PRICES: Readonly<Record<string, readonly [number, number, number, number, number]>> = {
  "claude-opus-4-5": [5, 0.5, 6.25, 10, 25],
  "claude-sonnet-4-5": [3, 0.3, 3.75, 6, 15],
  "claude-haiku-4-5": [1, 0.1, 1.25, 2, 5],
  "gpt-5": [1.25, 0.125, 1.25, 1.25, 10],
  "gpt-5-mini": [0.25, 0.025, 0.25, 0.25, 2],
  "gemini-2.5-pro": [1.25, 0.125, 1.25, 1.25, 10],
  "gemini-2.5-flash": [0.3, 0.03, 0.3, 0.3, 2.5],
};

export function dollarsOf(event: DemoEvent): number {
  const price = PRICES[event.model];
  if (price === undefined) throw new Error(`no rough price for ${event.model}`);
  const tier = event.service_tier === "batch" ? 0.5 : 1;
  return (
    (tier *
      ((event.uncached_input_tokens ?? 0) * price[0] +
        (event.cache_read_input_tokens ?? 0) * price[1] +
        (event.cache_write_5m_input_tokens ?? 0) * price[2] +
        (event.cache_write_1h_input_tokens ?? 0) * price[3] +
        (event.output_tokens ?? 0) * price[4])) /
    1e6
  );
}

/** The value below which `share` of the values lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

/** Largest distance between two distribution functions (Kolmogorov and Smirnov's). */
export function distributionDistance(left: readonly number[], right: readonly number[]): number {
  const a = Float64Array.from(left).sort();
  const b = Float64Array.from(right).sort();
  let [i, j, most] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const value = Math.min(a[i]!, b[j]!);
    while (i < a.length && a[i]! <= value) i++;
    while (j < b.length && b[j]! <= value) j++;
    most = Math.max(most, Math.abs(i / a.length - j / b.length));
  }
  return most;
}

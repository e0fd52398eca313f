import { Dictionaries } from "../../../src/decode/event-batch.ts";
import { DIMENSIONS, MAX_LABELS, type Dimension } from "../../../src/decode/usage-event.ts";
import {
  COUNTERS,
  PANE_KEY_LENGTH,
  type CheckpointStep,
  type Counter,
  type PaneBatch,
  type PaneTable,
} from "../../../src/reduce/pane.ts";

/** One pane in words. Dimensions that are not named are `unknown`, counters 0. */
export type PaneSpec = Partial<Record<Dimension, string>> &
  Partial<Record<Counter, number>> & {
    readonly minuteMs?: number;
    readonly price?: string;
    /** Its dearest session and what that spent, nano-dollars. */
    readonly session?: readonly [name: string, costNanos: number];
  };

export const MINUTE_MS = Date.UTC(2026, 10, 3, 9, 30);

export function aPaneTable(
  specs: readonly PaneSpec[],
  options: { dictionaries?: Dictionaries; labelNames?: readonly string[] } = {},
): PaneTable {
  const { dictionaries = new Dictionaries(), labelNames = [] } = options;
  const priceVersions = [...new Set(specs.map(({ price }) => price ?? "2026-11"))];
  const keys = new Int32Array(specs.length * PANE_KEY_LENGTH);
  const counters = new Float64Array(specs.length * COUNTERS.length);
  specs.forEach((spec, row) => {
    const key = row * PANE_KEY_LENGTH;
    keys[key] = (spec.minuteMs ?? MINUTE_MS) / 60_000;
    DIMENSIONS.forEach((name, index) => {
      const used = index < DIMENSIONS.length - MAX_LABELS + labelNames.length;
      keys[key + 1 + index] = used
        ? dictionaries.dimensions[index]!.intern(spec[name] ?? "unknown")
        : 0;
    });
    keys[key + PANE_KEY_LENGTH - 1] = priceVersions.indexOf(spec.price ?? "2026-11");
    COUNTERS.forEach((name, index) => (counters[row * COUNTERS.length + index] = spec[name] ?? 0));
  });
  const topSessions = {
    ids: Int32Array.from(specs, ({ session }) =>
      session === undefined ? -1 : dictionaries.session.intern(session[0]),
    ),
    costNanos: Float64Array.from(specs, ({ session }) => session?.[1] ?? 0),
  };
  const table = { rows: specs.length, keys, counters, dictionaries, priceVersions, labelNames };
  return specs.some(({ session }) => session !== undefined) ? { ...table, topSessions } : table;
}

export function aStep(
  step: Partial<CheckpointStep> & { readonly endOffset: number },
): CheckpointStep {
  const firstOffset = step.firstOffset ?? step.expectedEnd ?? 0;
  return {
    topic: "token-usage",
    partition: 0,
    incarnation: 0,
    expectedEnd: null,
    watermarkMs: MINUTE_MS,
    maxEventMs: MINUTE_MS + 59_000,
    tailOffset: firstOffset,
    tailProgressMs: MINUTE_MS - 600_000,
    fingerprint: `crc-${step.endOffset}`,
    counts: {
      records: step.endOffset - firstOffset,
      accepted: 0,
      rejected: 0,
      duplicates: 0,
      ignored: 0,
    },
    ...step,
    firstOffset,
  };
}

/** `records` records of one partition, each one request of `tokens` output tokens and as many nano-dollars. */
export function aBatch(
  steps: readonly CheckpointStep[],
  specs: readonly PaneSpec[] = [{ team: "search", requests: 1, output_tokens: 10, cost_nanos: 10 }],
): PaneBatch {
  return { steps, panes: aPaneTable(specs) };
}

import { Dictionaries, EventBatch } from "../../src/decode/event-batch.ts";
import { DIM, DIMENSIONS, UNKNOWN, type Dimension } from "../../src/decode/usage-event.ts";

export interface EventSpec extends Partial<Record<Dimension, string>> {
  readonly timeMs?: number;
  readonly requests?: number;
  readonly errors?: number;
  readonly input?: number;
  readonly cacheRead?: number;
  readonly output?: number;
  readonly costNanos?: number;
  readonly unpricedTokens?: number;
  /** Two halves of an id hash. */
  readonly id?: readonly [high: number, low: number];
  readonly record?: number;
  readonly session?: string;
}

/** A batch of priced events, as the reducer gets it. */
export function anEventBatch(
  specs: readonly EventSpec[],
  dictionaries = new Dictionaries(),
): EventBatch {
  const batch = new EventBatch(dictionaries, 4);
  specs.forEach((spec, index) => {
    const row = batch.push(spec.record ?? index, 0);
    for (const name of DIMENSIONS) {
      batch.dims[row * DIMENSIONS.length + DIM[name]] = dictionaries.dimensions[DIM[name]]!.intern(
        spec[name] ?? UNKNOWN,
      );
    }
    if (spec.session !== undefined) batch.session[row] = dictionaries.session.intern(spec.session);
    batch.timeMs[row] = spec.timeMs ?? 0;
    batch.requests[row] = spec.requests ?? 1;
    batch.errors[row] = spec.errors ?? 0;
    batch.uncachedInput[row] = spec.input ?? 0;
    batch.cacheRead[row] = spec.cacheRead ?? 0;
    batch.output[row] = spec.output ?? 0;
    batch.costNanos[row] = spec.costNanos ?? 0;
    batch.unpricedTokens[row] = spec.unpricedTokens ?? 0;
    if (spec.id !== undefined) {
      [batch.idHigh[row], batch.idLow[row]] = spec.id;
      batch.hasId[row] = 1;
    }
  });
  return batch;
}

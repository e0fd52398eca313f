import { SystemClock } from "../../src/runtime/clock.ts";
import type { SpikewatchProcess } from "../support/spikewatch-process.ts";

/** What supervisors give. */
const STOP_LIMIT_MS = 10_000;
const clock = new SystemClock();

/** What was wrong with how a worker ended when asked to: it must be quick and with 0. */
export async function stopped(worker: SpikewatchProcess): Promise<string[]> {
  const askedMs = clock.now();
  const { code, signal } = await worker.terminate();
  const tookMs = clock.now() - askedMs;
  const slow = tookMs > STOP_LIMIT_MS ? [`a worker took ${tookMs} ms to end`] : [];
  return code === 0
    ? slow
    : [...slow, `a worker ended with ${code ?? signal ?? "?"}: ${worker.stderr.slice(-500)}`];
}

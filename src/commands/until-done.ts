import type { IngestWorker } from "../workers/ingest-worker.ts";

/** Runs ingest until its input is stored to the end or `signal` aborts; always stops it. True: it came to the end. */
export async function untilDone(ingest: IngestWorker, signal: AbortSignal): Promise<boolean> {
  const aborted = new Promise<false>((resolve) => {
    if (signal.aborted) resolve(false);
    signal.addEventListener("abort", () => resolve(false), { once: true });
  });
  try {
    await ingest.start();
    return await Promise.race([ingest.done.then(() => true), aborted]);
  } finally {
    await ingest.stop();
  }
}

import { SystemClock } from "../../src/runtime/clock.ts";

const clock = new SystemClock();

/** Asks again and again until there is an answer. Throws, naming `what`, when there is none in time. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | null> | T | null,
  { timeoutMs = 60_000, everyMs = 50 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<T> {
  const deadline = clock.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (clock.now() > deadline) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    await clock.sleep(everyMs);
  }
}

type Undo = () => void | Promise<void>;

/** What this process has set up and not yet taken down: mounts, network namespaces, brokers, engines, workers. In order of set-up. */
const owed = new Set<Undo>();

/** Runs `work`, then `undo`, however `work` ends; where `takeDown` comes first, `undo` runs then, and never twice. Throws what either throws. */
export async function tidied<T>(undo: Undo, work: () => T | Promise<T>): Promise<T> {
  let done: Promise<void> | null = null;
  const once = (): Promise<void> => (done ??= Promise.resolve().then(undo));
  owed.add(once);
  try {
    return await work();
  } finally {
    await once().finally(() => owed.delete(once));
  }
}

/** Takes down all that is left, newest first. Gives what could not be taken down, as texts; never rejects. */
export async function takeDown(): Promise<readonly string[]> {
  const troubles: string[] = [];
  for (const undo of [...owed].reverse()) {
    try {
      await undo();
    } catch (error) {
      troubles.push((error as Error).message);
    }
  }
  return troubles;
}

import type { Checkpoint, CommitOutcome, PaneStore } from "../store/store.ts";

/** A store that keeps nothing: a backtest runs the ingest path for its panes alone. */
export class DiscardStore implements PaneStore {
  claim(partitions: readonly unknown[]): Promise<(Checkpoint | null)[]> {
    return Promise.resolve(partitions.map(() => null));
  }

  append(): Promise<CommitOutcome> {
    return Promise.resolve({ kind: "stored" });
  }

  knownSources(): Promise<(Checkpoint & { readonly storedAtMs: number })[]> {
    return Promise.resolve([]);
  }
}

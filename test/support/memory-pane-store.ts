import { COUNTER, COUNTERS, PANE_KEY_LENGTH } from "../../src/reduce/pane.ts";
import type { CheckpointStep, PaneTable } from "../../src/reduce/pane.ts";
import { AppError } from "../../src/runtime/errors.ts";
import { partitionKey, type Partition } from "../../src/source/source.ts";
import type {
  Checkpoint,
  CommitBatch,
  CommitOutcome,
  PaneStore,
  RejectedRow,
} from "../../src/store/store.ts";
import { Life } from "./life.ts";

/** What goes wrong with one call of the store, at which moment. */
export type Fault =
  /** Trouble before anything is stored, or after it is stored but before the answer: the store tries again by itself. */
  | "fail-before"
  | "fail-after"
  /** The process is gone at that moment. */
  | "crash-before"
  | "crash-after"
  /** The database says no, for good. */
  | "refuse";

const SUMMED = COUNTERS.slice(0, COUNTER.cost_usd_squared);

/** Counters of one pane over all commits: sums are exact, maxima are maxima. */
interface StoredPane {
  readonly sums: bigint[];
  readonly largest: number[];
  usdSquared: number;
}

/** What the database holds, for as many workers as there are. */
export class MemoryTables {
  /** Every checkpoint step ever committed, oldest first. */
  readonly steps: (CheckpointStep & { readonly writer: string })[] = [];
  readonly heads = new Map<string, Checkpoint>();
  readonly owners = new Map<string, string>();
  readonly panes = new Map<string, StoredPane>();
  /** By their coordinates. */
  readonly rejected = new Map<string, RejectedRow>();
  /** Panes of each commit. */
  readonly commitRows: number[] = [];

  /** The exact sum of one counter over everything. */
  sum(counter: (typeof SUMMED)[number]): bigint {
    let total = 0n;
    for (const { sums } of this.panes.values()) total += sums[COUNTER[counter]] ?? 0n;
    return total;
  }

  /** Everything that must not depend on how the work was cut, as plain data: equal tables are equal contents. */
  contents(): { readonly panes: unknown; readonly rejected: unknown; readonly ends: unknown } {
    const sorted = <T>(map: ReadonlyMap<string, T>, pick: (value: T) => unknown): unknown =>
      [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => [key, pick(value)]);
    return {
      panes: sorted(this.panes, ({ sums, largest }) => [sums.map(String), largest]),
      rejected: sorted(this.rejected, ({ reason }) => reason),
      ends: sorted(this.heads, ({ endOffset, maxEventMs }) => [endOffset, maxEventMs]),
    };
  }

  /** The checkpoints of one partition join without a hole or an overlap. */
  isWholeChain(key: string): boolean {
    const chain = this.steps.filter((step) => partitionKey(step) === key);
    return chain.every(
      (step, index) =>
        step.firstOffset === (chain[index - 1]?.endOffset ?? step.firstOffset) &&
        step.expectedEnd === (chain[index - 1]?.endOffset ?? null),
    );
  }

  commit(batch: CommitBatch, writer: string): void {
    for (const step of batch.steps) {
      const stored = { ...step, counts: { ...step.counts }, writer };
      this.steps.push(stored);
      this.heads.set(partitionKey(step), stored);
    }
    this.commitRows.push(batch.panes.rows);
    this.#addPanes(batch.panes);
    for (const row of batch.rejected ?? []) {
      const { incarnation, offset, event } = row;
      const key = `${partitionKey(row)}/${incarnation}/${offset}/${event}`;
      if (this.rejected.has(key)) throw new Error(`${key} is stored as rejected twice`);
      this.rejected.set(key, { ...row, raw: Uint8Array.from(row.raw) });
    }
  }

  #addPanes(panes: PaneTable): void {
    for (let row = 0; row < panes.rows; row++) {
      const counters = panes.counters.subarray(row * COUNTERS.length);
      const key = nameOfPane(panes, row);
      const pane = this.panes.get(key) ?? {
        sums: SUMMED.map(() => 0n),
        largest: [0, 0],
        usdSquared: 0,
      };
      SUMMED.forEach((_, index) => (pane.sums[index]! += BigInt(counters[index]!)));
      pane.usdSquared += counters[COUNTER.cost_usd_squared]!;
      [COUNTER.max_event_cost_nanos, COUNTER.max_event_tokens].forEach((counter, index) => {
        pane.largest[index] = Math.max(pane.largest[index]!, counters[counter]!);
      });
      this.panes.set(key, pane);
    }
  }
}

function nameOfPane({ keys, dictionaries, priceVersions }: PaneTable, row: number): string {
  const key = keys.subarray(row * PANE_KEY_LENGTH, (row + 1) * PANE_KEY_LENGTH);
  const names = dictionaries.dimensions.map((one, index) => one.value(key[index + 1]!));
  const minute = new Date(key[0]! * 60_000).toISOString().slice(0, 16);
  return [minute, ...names, priceVersions[key[PANE_KEY_LENGTH - 1]!] ?? ""].join("|");
}

/**
 * The pane store's contract in memory: claims, compare-and-swap, all or nothing, trouble retried until the signal aborts. Faults come where
 * the test puts them.
 */
export class MemoryPaneStore implements PaneStore {
  readonly tables: MemoryTables;
  readonly writer: string;
  /** One entry for each next attempt of `append`; empty: all is well. */
  readonly faults: (Fault | null)[] = [];
  /** As when ClickHouse does not answer: calls wait until it is up, or their signal aborts. */
  isDown = false;
  appends = 0;
  readonly #life: Life;

  constructor(options: { tables?: MemoryTables; writer?: string; life?: Life } = {}) {
    this.tables = options.tables ?? new MemoryTables();
    this.writer = options.writer ?? "writer-1";
    this.#life = options.life ?? new Life();
  }

  async claim(
    partitions: readonly Partition[],
    signal?: AbortSignal,
  ): Promise<(Checkpoint | null)[]> {
    await this.#reach(signal);
    await this.#life.beat();
    return partitions.map((partition) => {
      const key = partitionKey(partition);
      this.tables.owners.set(key, this.writer);
      return this.tables.heads.get(key) ?? null;
    });
  }

  async append(batch: CommitBatch, signal?: AbortSignal): Promise<CommitOutcome> {
    requireSound(batch);
    this.appends++;
    for (let mine = false; ;) {
      await this.#reach(signal);
      const fault = this.faults.shift() ?? null;
      if (fault === "crash-before") this.#life.end();
      if (fault === "refuse") throw refused();
      await this.#life.beat();
      if (fault === "fail-before") continue;
      const by = mine ? [] : this.#movedBy(batch);
      if (by !== null && !mine) return { kind: "superseded", by };
      if (!mine) this.tables.commit(batch, this.writer);
      mine = true;
      if (fault === "crash-after") this.#life.end();
      await this.#life.beat();
      if (fault !== "fail-after") return { kind: "stored" };
    }
  }

  knownSources(prefix: string): Promise<(Checkpoint & { readonly storedAtMs: number })[]> {
    const known = [...this.tables.heads.values()].filter(({ topic }) => topic.startsWith(prefix));
    return Promise.resolve(known.map((one) => ({ ...one, storedAtMs: 0 })));
  }

  /** Those whose checkpoints or claims stand in the way; null where the batch may be stored. */
  #movedBy({ steps }: CommitBatch): Checkpoint[] | null {
    const { heads, owners } = this.tables;
    const free = steps.every((step) => {
      const key = partitionKey(step);
      return (
        (heads.get(key)?.endOffset ?? null) === step.expectedEnd && owners.get(key) === this.writer
      );
    });
    if (free) return null;
    return steps.flatMap((step) => heads.get(partitionKey(step)) ?? []);
  }

  async #reach(signal?: AbortSignal): Promise<void> {
    while (this.isDown) {
      if (signal?.aborted === true) throw unavailable();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

function unavailable(): AppError {
  return new AppError("clickhouse does not answer", { code: "store_unavailable", retryable: true });
}

function refused(): AppError {
  return new AppError("clickhouse refused the commit: table usage is read-only", {
    code: "store_refused",
  });
}

/** What the real store refuses as our own mistake. */
function requireSound({ panes, steps, rejected = [] }: CommitBatch): void {
  const keys = new Set(steps.map(partitionKey));
  const wrong = steps.find(
    ({ firstOffset, endOffset, expectedEnd }) =>
      endOffset < firstOffset || (expectedEnd !== null && firstOffset < expectedEnd),
  );
  const stands = steps.every((step) => step.endOffset === (step.expectedEnd ?? step.firstOffset));
  if (
    steps.length > 0 &&
    keys.size === steps.length &&
    !wrong &&
    !(panes.rows + rejected.length > 0 && stands)
  ) {
    return;
  }
  throw new AppError(`not a batch to commit: ${JSON.stringify(steps)}`, { code: "internal" });
}

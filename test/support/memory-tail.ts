import { AppError } from "../../src/runtime/errors.ts";
import { partitionKey } from "../../src/source/source.ts";
import type { CommittedUse, CommittedUses, SeenPosition, Tail } from "../../src/store/rows.ts";

interface Commit {
  readonly position: SeenPosition;
  readonly uses: readonly CommittedUse[];
}

/** What all workers of a test have committed, one list for all who follow it. */
export class MemoryCommits {
  readonly all: Commit[] = [];
  /** As when ClickHouse is down. */
  isDown = false;
  /** As behind a broken network: no question is ever answered. */
  isSilent = false;

  /** One commit of a partition at a time of storing. */
  add(
    uses: readonly CommittedUse[],
    at: { readonly arrivedMs: number; readonly partition?: number; readonly maxEventMs?: number },
  ): void {
    const { arrivedMs, partition = 0 } = at;
    const before = this.all.filter(({ position }) => position.partition === partition).at(-1);
    const lastMinute = Math.max(-1, ...uses.map(({ minute }) => minute));
    const maxEventMs = at.maxEventMs ?? lastMinute * 60_000 + 30_000;
    const position = {
      topic: "token-usage",
      partition,
      incarnation: 0,
      endOffset: (before?.position.endOffset ?? 0) + Math.max(1, uses.length),
      maxEventMs: Math.max(before?.position.maxEventMs ?? -1, maxEventMs),
      arrivedMs,
    };
    this.all.push({ position, uses });
  }

  tail(): Tail {
    return new MemoryTail(this);
  }
}

/** The tail's contract in memory. */
class MemoryTail implements Tail {
  readonly #commits: MemoryCommits;
  #seen = 0;

  constructor(commits: MemoryCommits) {
    this.#commits = commits;
  }

  get positions(): readonly SeenPosition[] {
    const newest = new Map<string, SeenPosition>();
    for (const { position } of this.#commits.all.slice(0, this.#seen)) {
      newest.set(partitionKey(position), position);
    }
    return [...newest.values()];
  }

  begin(): Promise<void> {
    return this.#ask(() => {
      this.#seen = this.#commits.all.length;
    });
  }

  async *poll(): AsyncIterable<CommittedUses> {
    while (await this.#ask(() => this.#seen < this.#commits.all.length)) {
      const commit = this.#commits.all[this.#seen++];
      if (commit !== undefined) {
        yield { uses: commit.uses, maxEventMs: commit.position.maxEventMs };
      }
    }
  }

  #ask<T>(answer: () => T): Promise<T> {
    if (this.#commits.isSilent) return new Promise(() => undefined);
    if (!this.#commits.isDown) return Promise.resolve(answer());
    return Promise.reject(
      new AppError("clickhouse does not answer", { code: "store_unavailable", retryable: true }),
    );
  }
}

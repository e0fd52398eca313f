import { partitionKey, type Partition } from "../source/source.ts";
import type { Connection } from "./connect.ts";
import type { CommittedUse, CommittedUses, SeenPosition, Tail } from "./rows.ts";
import { stepsBeyondQuery, TAIL } from "./tail-queries.ts";

/** A commit whose deltas are to be read. */
interface Pending {
  readonly batch: string;
  readonly arrivedMs: number;
  readonly maxEventMs: number;
  /** Events that it counted: no commit holds more deltas. */
  accepted: number;
}

interface Step extends SeenPosition {
  readonly batch: string;
  readonly accepted: number;
}

/** What one answer may hold. */
const EVENTS_AT_ONCE = 200_000;
/** A query's text has a limit. */
const PARTITIONS_AT_ONCE = 200;

/**
 * Follows each partition's chain of offsets in ClickHouse: a commit is seen once, and none is passed over, however late it lands and whatever its
 * writer's clock says.
 */
export class CommitTail implements Tail {
  readonly #connection: Connection;
  readonly #positions = new Map<string, SeenPosition>();
  #pending: Pending[] = [];
  /** Of the last look: where it takes several queries, a commit over partitions of two can show up in the second before it does in the first. */
  #lastSeen: ReadonlySet<string> = new Set();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get positions(): readonly SeenPosition[] {
    return [...this.#positions.values()];
  }

  async begin(): Promise<void> {
    const heads = await this.#connection.rows<Texts>(TAIL.heads);
    for (const head of heads.map(stepOf)) this.#see(head);
  }

  async *poll(): AsyncIterable<CommittedUses> {
    await this.#look();
    while (this.#pending.length > 0) {
      const commits = this.#nextCommits();
      const uses = await this.#deltasOf(commits);
      this.#pending = this.#pending.slice(commits.length);
      yield { uses, maxEventMs: Math.max(...commits.map(({ maxEventMs }) => maxEventMs)) };
    }
  }

  /** Notes the commits that are new. */
  async #look(): Promise<void> {
    const known = await this.#connection.rows<Record<keyof Partition, string>>(TAIL.partitions);
    const positions = known.map(({ topic, partition }) => {
      const one = { topic, partition: Number(partition) };
      return this.#positions.get(partitionKey(one)) ?? { ...one, incarnation: 0, endOffset: -1 };
    });
    const steps: Step[] = [];
    for (let from = 0; from < positions.length; from += PARTITIONS_AT_ONCE) {
      const { sql, params } = stepsBeyondQuery(positions.slice(from, from + PARTITIONS_AT_ONCE));
      const rows = await this.#connection.rows<Texts>(sql, { params });
      steps.push(...rows.map(stepOf));
    }
    this.#take(steps);
  }

  #take(steps: readonly Step[]): void {
    const commits = new Map<string, Pending>();
    for (const step of steps) {
      this.#see(step);
      const { batch, arrivedMs, accepted } = step;
      const known = commits.get(batch);
      const maxEventMs = Math.max(known?.maxEventMs ?? -1, step.maxEventMs);
      commits.set(batch, {
        batch,
        arrivedMs,
        maxEventMs,
        accepted: (known?.accepted ?? 0) + accepted,
      });
    }
    const fresh = [...commits.values()].filter(({ batch }) => !this.#lastSeen.has(batch));
    this.#pending.push(...fresh.sort((a, b) => a.arrivedMs - b.arrivedMs));
    this.#lastSeen = new Set(commits.keys());
  }

  #see({ topic, partition, incarnation, endOffset, maxEventMs, arrivedMs }: SeenPosition): void {
    const key = partitionKey({ topic, partition });
    const known = this.#positions.get(key);
    const further =
      known === undefined ||
      incarnation > known.incarnation ||
      (incarnation === known.incarnation && endOffset > known.endOffset);
    if (!further) return;
    this.#positions.set(key, {
      topic,
      partition,
      incarnation,
      endOffset,
      arrivedMs,
      maxEventMs: Math.max(known?.maxEventMs ?? -1, maxEventMs),
    });
  }

  #nextCommits(): readonly Pending[] {
    let events = 0;
    const more = this.#pending.findIndex(({ accepted }, index) => {
      events += accepted;
      return index > 0 && events > EVENTS_AT_ONCE;
    });
    return more < 0 ? this.#pending : this.#pending.slice(0, more);
  }

  async #deltasOf(commits: readonly Pending[]): Promise<CommittedUse[]> {
    const arrived = commits.map(({ arrivedMs }) => arrivedMs);
    const params = {
      from: Math.min(...arrived),
      to: Math.max(...arrived),
      batches: commits.map(({ batch }) => batch),
    };
    const uses: CommittedUse[] = [];
    const chunks = this.#connection.rowChunks<UseTexts>(TAIL.deltas, { params });
    for await (const rows of chunks) for (const row of rows) uses.push(useOf(row));
    return uses;
  }
}

type Texts = Record<keyof Step, string>;
type UseTexts = Record<Exclude<keyof CommittedUse, "sessions">, string> &
  Pick<CommittedUse, "sessions">;

function stepOf(row: Texts): Step {
  return {
    topic: row.topic,
    partition: Number(row.partition),
    incarnation: Number(row.incarnation),
    endOffset: Number(row.endOffset),
    maxEventMs: Number(row.maxEventMs),
    accepted: Number(row.accepted),
    batch: row.batch,
    arrivedMs: Number(row.arrivedMs),
  };
}

function useOf(row: UseTexts): CommittedUse {
  return {
    ...row,
    minute: Number(row.minute),
    requests: Number(row.requests),
    errors: Number(row.errors),
    tokens: Number(row.tokens),
    cacheReadTokens: Number(row.cacheReadTokens),
    outputTokens: Number(row.outputTokens),
    usd: Number(row.usd),
    usdSquared: Number(row.usdSquared),
    sessionUsd: Number(row.sessionUsd),
  };
}

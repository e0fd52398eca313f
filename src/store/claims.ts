import type { Clock } from "../runtime/clock.ts";
import { AppError } from "../runtime/errors.ts";
import { partitionKey, type Partition } from "../source/source.ts";
import type { Connection } from "./connect.ts";
import {
  COMMIT_ID_PREFIX,
  COMMIT_MAX_SECONDS,
  STORE,
  claimQuery,
  claimsQuery,
  headsQuery,
} from "./queries.ts";
import type { Checkpoint } from "./store.ts";

const POLL_MS = 50;

/** A checkpoint as it comes from ClickHouse: 64-bit integers are text. */
export type CheckpointRecord = Record<keyof Checkpoint, string>;

export interface Head {
  readonly checkpoint: Checkpoint;
  /** The commit that stored it. */
  readonly batch: string;
}

/**
 * Which worker owns which partition. A claim is a row; the newest counts. Each commit checks that its writer's claim is the newest, so a worker that
 * lost a partition without noticing (a zombie) stores nothing from the moment the claim is there, except for a commit that was running just then:
 * the claimer waits for those.
 */
export class Claims {
  readonly #connection: Connection;
  readonly #writer: string;
  readonly #clock: Clock;

  constructor(options: { connection: Connection; writer: string; clock: Clock }) {
    this.#connection = options.connection;
    this.#writer = options.writer;
    this.#clock = options.clock;
  }

  /** Claims those of `partitions` that are not ours, then waits until no commit that began before can still land. */
  async take(partitions: readonly Partition[]): Promise<void> {
    const owners = await readOwners(this.#connection, partitions);
    const foreign = partitions.filter((one) => owners.get(partitionKey(one)) !== this.#writer);
    if (foreign.length === 0) return;
    const { sql, params } = claimQuery(foreign, this.#writer, this.#clock.now());
    await this.#connection.command(sql, { params });
    await runningCommitsOver(this.#connection, this.#clock);
    const now = await readOwners(this.#connection, partitions);
    const lost = partitions.find((one) => now.get(partitionKey(one)) !== this.#writer);
    if (lost === undefined) return;
    // Two claimed at once, and the other one's counts; or the row was not stored. Claiming again settles it.
    throw new AppError(`another worker is claiming ${partitionKey(lost)} as well`, {
      code: "checkpoint_conflict",
      retryable: true,
    });
  }
}

/**
 * Resolves when the engine executes no commit any more that was there when we asked (of one batch, where `batch` is given). Where we may not see the
 * running statements, that is when the engine's own limit on them has passed.
 */
export async function runningCommitsOver(
  connection: Connection,
  clock: Clock,
  batch = "",
): Promise<void> {
  const deadline = clock.now() + 2 * COMMIT_MAX_SECONDS * 1000;
  while ((await runningCommits(connection, clock, batch)) > 0) {
    if (clock.now() >= deadline) {
      throw new AppError("a commit that was sent earlier does not end", {
        code: "store_unavailable",
        retryable: true,
      });
    }
    await clock.sleep(POLL_MS);
  }
}

async function runningCommits(
  connection: Connection,
  clock: Clock,
  batch: string,
): Promise<number> {
  const params = { prefix: COMMIT_ID_PREFIX + batch };
  try {
    const [row] = await connection.rows<{ running: string }>(STORE.runningCommits, { params });
    return Number(row?.running ?? 0);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "store_refused") throw error;
    await clock.sleep(COMMIT_MAX_SECONDS * 1000);
    return 0;
  }
}

/** Who owns each partition that was ever claimed, by partition key. */
export async function readOwners(
  connection: Connection,
  partitions: readonly Partition[],
): Promise<Map<string, string>> {
  const { sql, params } = claimsQuery(partitions);
  const rows = await connection.rows<{ topic: string; partition: string; owner: string }>(sql, {
    params,
  });
  return new Map(
    rows.map(({ topic, partition, owner }) => [
      partitionKey({ topic, partition: Number(partition) }),
      owner,
    ]),
  );
}

/** Newest checkpoint of each partition that has one, by partition key. */
export async function readHeads(
  connection: Connection,
  partitions: readonly Partition[],
): Promise<Map<string, Head>> {
  const { sql, params } = headsQuery(partitions);
  const rows = await connection.rows<CheckpointRecord & { batch: string }>(sql, { params });
  const heads = rows.map((row) => ({ checkpoint: checkpointOf(row), batch: row.batch }));
  return new Map(heads.map((head) => [partitionKey(head.checkpoint), head]));
}

export function checkpointOf(row: CheckpointRecord): Checkpoint {
  return {
    topic: row.topic,
    partition: Number(row.partition),
    incarnation: Number(row.incarnation),
    firstOffset: Number(row.firstOffset),
    endOffset: Number(row.endOffset),
    watermarkMs: Number(row.watermarkMs),
    maxEventMs: Number(row.maxEventMs),
    tailOffset: Number(row.tailOffset),
    tailProgressMs: Number(row.tailProgressMs),
    fingerprint: row.fingerprint,
    writer: row.writer,
  };
}

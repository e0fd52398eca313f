import { randomUUID } from "node:crypto";
import type { Clock } from "../runtime/clock.ts";
import { AppError } from "../runtime/errors.ts";
import { partitionKey } from "../source/source.ts";
import { readHeads, readOwners, runningCommitsOver, type Head } from "./claims.ts";
import type { Connection } from "./connect.ts";
import type { PaneRowEncoder } from "./pane-rows.ts";
import { COMMIT_ID_PREFIX, STORE, commitQuery, readBackQuery } from "./queries.ts";
import type { CommitBatch, CommitOutcome } from "./store.ts";

export interface CommitContext {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly writer: string;
  readonly encoder: PaneRowEncoder;
  readonly batch: CommitBatch;
  /** Repeats work while the store is in trouble. */
  readonly persist: <T>(work: (attempt: number) => Promise<T>) => Promise<T>;
  readonly onRetry: () => void;
}

/**
 * Stores one batch at most once, whatever is lost on the way. Each attempt stages its own copy and commits it under one query id, which the engine
 * runs only once at a time; what is stored then decides. Throws what `persist` gives up on.
 */
export async function commit(context: CommitContext): Promise<CommitOutcome> {
  const id = randomUUID();
  return context.persist(async (attempt) => {
    if (attempt > 1) {
      // An unanswered attempt may still run; it must not land after we have looked.
      await runningCommitsOver(context.connection, context.clock, id);
      const earlier = await outcomeOf(context, id);
      if (earlier !== null) return earlier;
      context.onRetry();
    }
    await stageAndCommit(context, id);
    const outcome = await outcomeOf(context, id);
    if (outcome !== null) return outcome;
    throw new AppError("a commit was answered but is not stored", {
      code: "store_unavailable",
      retryable: true,
    });
  });
}

async function stageAndCommit(context: CommitContext, id: string): Promise<void> {
  const { connection, batch, encoder, writer, clock } = context;
  const attempt = randomUUID();
  const staged = encoder.encode(batch, attempt);
  for (const { columns, data } of staged) await connection.insert(STORE.stage(columns), data);
  const stagedRows = staged.reduce((sum, { rows }) => sum + rows, 0);
  const { steps } = batch;
  const arrivedMs = clock.now();
  const query = commitQuery({ steps, attempt, stagedRows, batch: id, writer, arrivedMs });
  await connection.command(query.sql, { params: query.params, queryId: COMMIT_ID_PREFIX + id });
  // Tidiness only: what stays behind expires.
  connection.command(STORE.dropAttempt(attempt)).catch(() => undefined);
}

/** What is stored: our batch, another's checkpoints, or (null) still what was there before. */
async function outcomeOf(context: CommitContext, id: string): Promise<CommitOutcome | null> {
  const { connection, batch, writer } = context;
  const { steps } = batch;
  const { sql, params } = readBackQuery(steps, id);
  const [row] = await connection.rows<{ mine: string }>(sql, { params });
  const mine = Number(row?.mine ?? 0);
  if (mine === steps.length) return { kind: "stored" };
  if (mine > 0) {
    throw new AppError(
      `commit ${id} is stored in part (${mine} of ${steps.length} checkpoints): the database does not keep inserts whole`,
      { code: "store_inconsistent" },
    );
  }
  const heads = await readHeads(connection, steps);
  if (steps.every((step) => heads.get(partitionKey(step))?.batch === id)) return { kind: "stored" };
  const owners = await readOwners(connection, steps);
  const moved = steps.some((step) => !startsAt(step, heads.get(partitionKey(step))));
  const claimed = steps.some((step) => owners.get(partitionKey(step)) !== writer);
  if (!moved && !claimed) return null;
  return { kind: "superseded", by: [...heads.values()].map(({ checkpoint }) => checkpoint) };
}

function startsAt(step: CommitBatch["steps"][number], head: Head | undefined): boolean {
  const { incarnation, endOffset } = head?.checkpoint ?? { incarnation: -1, endOffset: -1 };
  if (step.expectedEnd === null) return incarnation < step.incarnation;
  return incarnation === step.incarnation && endOffset === step.expectedEnd;
}

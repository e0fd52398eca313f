import { randomUUID } from "node:crypto";
import type { Clock } from "../runtime/clock.ts";
import { AppError } from "../runtime/errors.ts";
import type { CallOptions, Connection } from "./connect.ts";
import { groupTopics } from "./fold-groups.ts";
import {
  FOLD,
  foldQueries,
  leftoverPartsQuery,
  sharedTopicsQuery,
  sidesQuery,
  swapQuery,
  workQuery,
  type Week,
} from "./fold-queries.ts";

const POLL_MS = 50;
const MAX_POLL_MS = 2_000;
/** How long the engine may take for the swap before we leave it alone and look again in the next round. */
const SWAP_MS = 3_600_000;
const STATEMENT_ID_PREFIX = "spikewatch-fold-";

type Params = Readonly<Record<string, unknown>>;

/** What became of a week. `overtaken`: it changed while it was being folded, so nothing was done. */
export type FoldOutcome =
  | { readonly kind: "folded"; readonly rowsBefore: number; readonly rowsAfter: number }
  | { readonly kind: "overtaken" };

/**
 * One fold of one week.
 *
 * What is folded is inserted beside what it is made of, marked as not valid; then all of the week is merged into one part, and that part is rewritten
 * once: what was summed up goes and the sums become valid. The engine puts a part in the place of another by one rename, so whoever reads, and whoever
 * is killed, finds the one or the other. Before the swap both sides are compared. Every step means parts by name, and a part never changes, so a
 * commit that arrives meanwhile, or a second fold of the same week, makes the swap do nothing: totals cannot change, at most work is lost.
 */
export class WeekFold {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #id: string;
  readonly #fold = randomUUID();

  constructor(options: {
    readonly connection: Connection;
    readonly clock: Clock;
    readonly id: string;
    readonly signal?: AbortSignal;
  }) {
    this.#connection = options.connection;
    this.#clock = options.clock;
    this.#signal = options.signal;
    this.#id = options.id;
  }

  /** Throws AppError where the engine is in trouble or `signal` aborts: then nothing has changed, or the engine ends by itself what it was told. */
  async run(): Promise<FoldOutcome> {
    const pending = await this.#pending();
    if (pending !== null) throw busy(pending);
    await this.#dropLeftovers();
    const week = await this.#week();
    if (week.rows === 0) return { kind: "overtaken" };
    try {
      const part = await this.#prepare(week);
      return part === null ? { kind: "overtaken" } : await this.#swap(week, part);
    } catch (error) {
      // Their space may be what is missing. If this fails too, the next fold does it.
      await this.#dropLeftovers().catch(() => undefined);
      throw error;
    }
  }

  /** The one part that holds the week as it was, and its fold beside it, not valid; null where something came between. */
  async #prepare(week: Week): Promise<string | null> {
    const shared = await this.#all<{ topics: [string, number][] }>(sharedTopicsQuery(week));
    const groups = groupTopics(shared.map(({ topics }) => topics));
    for (const { sql, params } of foldQueries(week, this.#fold, groups)) {
      const trouble = await this.#execute(sql, params);
      if (trouble !== null) throw trouble;
    }
    const trouble = await this.#execute(FOLD.merge(week));
    const merged = await this.#week();
    const [part] = merged.parts;
    if (part !== undefined && merged.parts.length === 1) {
      return (await this.#balances(merged, week.rows)) ? part : null;
    }
    if (trouble !== null) throw trouble;
    return null;
  }

  /** True where the week holds `rowsBefore` rows and the fold of them, equal to the unit, and nothing else. */
  async #balances(week: Week, rowsBefore: number): Promise<boolean> {
    const { sql, params } = sidesQuery(week, this.#fold);
    const [before, after] = await this.#all<Side>(sql, params);
    if (before?.folded !== 0 || after?.folded !== 1) return false;
    return week.rows === rowsBefore + Number(after.rows) && sumsOf(before) === sumsOf(after);
  }

  /** Has the engine rewrite the part, and waits until it is another one and nothing of the change is left to do. */
  async #swap(week: Week, part: string): Promise<FoldOutcome> {
    const trouble = await this.#execute(swapQuery(week, part, this.#fold));
    const deadlineMs = this.#clock.now() + SWAP_MS;
    for (let pauseMs = POLL_MS; ; pauseMs = Math.min(MAX_POLL_MS, pauseMs * 2)) {
      const pending = await this.#pending();
      const now = await this.#week();
      const swapped = !now.parts.includes(part);
      if (pending === null) {
        if (swapped) return this.#outcome(week, now);
        throw trouble ?? busy("it was dropped");
      }
      if (this.#clock.now() >= deadlineMs) throw busy(pending);
      await this.#clock.sleep(pauseMs, this.#signal);
    }
  }

  async #outcome(before: Week, after: Week): Promise<FoldOutcome> {
    const { unfolded } = await workIn(this.#connection, after, this.#signal);
    if (unfolded > 0) return { kind: "overtaken" };
    return { kind: "folded", rowsBefore: before.rows, rowsAfter: after.rows };
  }

  /** Runs a statement to its end, also where its answer is lost on the way. Gives what went wrong where that may pass. */
  async #execute(sql: string, params: Params = {}): Promise<AppError | null> {
    const queryId = STATEMENT_ID_PREFIX + randomUUID();
    try {
      await this.#connection.command(sql, { params, queryId, ...abortBy(this.#signal) });
      return null;
    } catch (error) {
      const passing = error instanceof AppError && error.retryable;
      if (!passing || this.#signal?.aborted === true) throw error;
      while (await this.#isRunning(queryId)) await this.#clock.sleep(MAX_POLL_MS, this.#signal);
      return error;
    }
  }

  async #isRunning(queryId: string): Promise<boolean> {
    return (await this.#all(FOLD.running, { queryId })).length > 0;
  }

  /** What the engine has still to do to `usage` and why it has not, null: nothing. */
  async #pending(): Promise<string | null> {
    const [row] = await this.#all<{ reason: string }>(FOLD.pending);
    return row?.reason ?? null;
  }

  async #dropLeftovers(): Promise<void> {
    const week = await this.#week();
    if (week.rows === 0) return;
    for (const { part } of await this.#all<{ part: string }>(leftoverPartsQuery(week))) {
      await this.#connection.command(FOLD.dropPart(part), abortBy(this.#signal));
    }
  }

  async #week(): Promise<Week> {
    const weeks = await weeksOf(this.#connection, this.#signal);
    return weeks.find(({ id }) => id === this.#id) ?? { id: this.#id, parts: [], rows: 0 };
  }

  #all<Row>(sql: string, params: Params = {}): Promise<Row[]> {
    return allRows(this.#connection, sql, { params, ...abortBy(this.#signal) });
  }
}

/** All weeks, oldest first. */
export async function weeksOf(connection: Connection, signal?: AbortSignal): Promise<Week[]> {
  const rows = await allRows<{ id: string; parts: string[]; rows: string }>(
    connection,
    FOLD.weeks,
    abortBy(signal),
  );
  return rows.map(({ id, parts, rows: count }) => ({ id, parts, rows: Number(count) }));
}

/** Rows of commits that are not folded, and rows that a fold left behind. */
export async function workIn(
  connection: Connection,
  week: Week,
  signal?: AbortSignal,
): Promise<{ readonly unfolded: number; readonly leftover: number }> {
  if (week.rows === 0) return { unfolded: 0, leftover: 0 };
  const [row] = await allRows<{ unfolded: string; leftover: string }>(
    connection,
    workQuery(week),
    abortBy(signal),
  );
  return { unfolded: Number(row?.unfolded ?? 0), leftover: Number(row?.leftover ?? 0) };
}

/** For questions about whole weeks, which may take minutes. */
async function allRows<Row>(
  connection: Connection,
  sql: string,
  call: CallOptions,
): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const chunk of connection.rowChunks<Row>(sql, call)) rows.push(...chunk);
  return rows;
}

interface Side {
  readonly folded: number;
  readonly rows: string;
  readonly sums: readonly string[];
  readonly maxima: readonly string[];
}

function sumsOf({ sums, maxima }: Side): string {
  return [...sums, ...maxima].join();
}

/** The driver looks at a signal only while it waits. */
function abortBy(signal: AbortSignal | undefined): Pick<CallOptions, "signal"> {
  if (signal?.aborted === true) {
    throw new AppError("the fold was broken off", { code: "store_unavailable", retryable: true });
  }
  return signal === undefined ? {} : { signal };
}

function busy(reason: string): AppError {
  const why = reason === "" ? "" : `: ${reason}`;
  return new AppError(`the engine has not ended an earlier change of table usage${why}`, {
    code: "store_unavailable",
    retryable: true,
  });
}

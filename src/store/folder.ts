import type { Clock } from "../runtime/clock.ts";
import type { Connection } from "./connect.ts";
import { FOLD } from "./fold-queries.ts";
import { WeekFold, weeksOf, workIn, type FoldOutcome } from "./week-fold.ts";

const WEEK_MS = 7 * 86_400_000;
const ATTEMPTS = 3;

/** What table `usage` takes up. */
export interface UsageSize {
  readonly parts: number;
  readonly rows: number;
  readonly bytes: number;
}

/**
 * Sums up the commits of weeks that are over, so that `usage` grows by panes and not by flushes. Any number of processes may do it at once. All methods
 * throw AppError where the engine is in trouble.
 */
export class Folder {
  readonly #connection: Connection;
  readonly #clock: Clock;
  /** Parts of weeks in which nothing was left to do. */
  readonly #done = new Map<string, string>();

  /** Requests of `connection` may take an hour. */
  constructor(options: { readonly connection: Connection; readonly clock: Clock }) {
    this.#connection = options.connection;
    this.#clock = options.clock;
  }

  async size(): Promise<UsageSize> {
    const [size] = await this.#connection.rows<Record<keyof UsageSize, string>>(FOLD.size);
    const { parts = 0, rows = 0, bytes = 0 } = size ?? {};
    return { parts: Number(parts), rows: Number(rows), bytes: Number(bytes) };
  }

  /** Weeks (by arrival, named by their Monday) that ended at or before `endedMs` and hold commits that are not folded, oldest first. */
  async due(endedMs: number, signal?: AbortSignal): Promise<string[]> {
    const due: string[] = [];
    for (const week of await weeksOf(this.#connection, signal)) {
      const parts = week.parts.join();
      if (mondayMs(week.id) + WEEK_MS > endedMs || this.#done.get(week.id) === parts) continue;
      const { unfolded, leftover } = await workIn(this.#connection, week, signal);
      if (unfolded + leftover > 0) due.push(week.id);
      else this.#done.set(week.id, parts);
    }
    return due;
  }

  /** Folds one week; totals, newest checkpoints, gaps and rejected events are the same before, meanwhile and after. */
  async fold(id: string, signal?: AbortSignal): Promise<FoldOutcome> {
    const abort = signal === undefined ? {} : { signal };
    const options = { connection: this.#connection, clock: this.#clock, id, ...abort };
    // The engine may have been merging the week just then; the first attempt leaves it with one part, which it lets be.
    for (let attempt = 1; ; attempt++) {
      const outcome = await new WeekFold(options).run();
      if (outcome.kind === "folded" || attempt === ATTEMPTS) return outcome;
    }
  }
}

function mondayMs(id: string): number {
  return Date.UTC(Number(id.slice(0, 4)), Number(id.slice(4, 6)) - 1, Number(id.slice(6, 8)));
}

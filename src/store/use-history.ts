import type { Connection } from "./connect.ts";
import { USE_HISTORY } from "./queries.ts";
import type { CommittedUse } from "./rows.ts";

const DAY_MINUTES = 1440;

/** Columns whose numbers come as text because they may be larger than a double holds. */
type Raw = Record<keyof CommittedUse, string | number>;

/** The minutes of which something is stored: the first, and the one after the last. */
export interface MinuteSpan {
  readonly from: number;
  readonly to: number;
}

/** What was counted, minute by minute, as detection saw it: for backtests. Read-only; throws what the connection throws. */
export class UseHistory {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Epoch minutes; null where nothing is stored. */
  async span(): Promise<MinuteSpan | null> {
    const [row] = await this.#connection.rows<{ n: string; first: number; last: number }>(
      USE_HISTORY.span,
    );
    if (row === undefined || Number(row.n) === 0) return null;
    return { from: row.first, to: row.last + 1 };
  }

  /** Uses of the minutes [from, to), in order of time; no minute is in two chunks. Asks for a day at a time, so that memory stays small on both sides. */
  async *uses({ from, to }: MinuteSpan): AsyncIterable<readonly CommittedUse[]> {
    for (let day = from; day < to;) {
      const next = Math.min(to, Math.floor(day / DAY_MINUTES + 1) * DAY_MINUTES);
      const params = { from: day * 60, to: next * 60 };
      yield* wholeMinutes(this.#connection.rowChunks<Raw>(USE_HISTORY.uses, { params }));
      day = next;
    }
  }
}

/** Holds back the last minute of each chunk until the next one has come. */
async function* wholeMinutes(
  chunks: AsyncIterable<readonly Raw[]>,
): AsyncIterable<readonly CommittedUse[]> {
  let open: CommittedUse[] = [];
  for await (const rows of chunks) {
    open.push(...rows.map(useOf));
    const last = open.at(-1)?.minute;
    const end = open.findIndex(({ minute }) => minute === last);
    if (end > 0) yield open.slice(0, end);
    open = open.slice(Math.max(0, end));
  }
  if (open.length > 0) yield open;
}

function useOf(row: Raw): CommittedUse {
  return {
    ...(row as unknown as CommittedUse),
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

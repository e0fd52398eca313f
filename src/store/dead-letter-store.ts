import { randomUUID } from "node:crypto";
import type { Clock } from "../runtime/clock.ts";
import { retry } from "../runtime/retry.ts";
import { Claims, runningCommitsOver } from "./claims.ts";
import type { Connection } from "./connect.ts";
import {
  countsQuery,
  freezeQuery,
  newestQuery,
  REPLAYS,
  replayableQuery,
  SELECTION_LOCK,
  type DeadLetterFilter,
} from "./dead-letter-queries.ts";
import { COMMIT_ID_PREFIX } from "./queries.ts";

/** Rejected events of one reason. */
export interface DeadLetterCount {
  readonly reason: string;
  readonly state: DeadLetterState;
  readonly events: number;
  /** Of these, kept only in part: they cannot be read again. */
  readonly cut: number;
  readonly newestMs: number;
}

export type DeadLetterState = "open" | "waiting" | "replayed";

/** One rejected event, where it came from first. */
export interface KeptDeadLetter {
  readonly topic: string;
  readonly partition: number;
  readonly incarnation: number;
  readonly offset: number;
  readonly event: number;
  readonly reason: string;
  readonly detail: string;
  readonly state: DeadLetterState;
  /** As much as was asked for. */
  readonly raw: Buffer;
  readonly rawBytes: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly arrivedMs: number;
}

/** Rejected events that are read again, frozen when they were selected. */
export interface Selection {
  readonly replay: string;
  readonly pipeline: string;
  readonly events: number;
  /** How many of them are read. */
  readonly end: number;
}

/** An event that is read again. */
export interface ReplayedRecord {
  readonly position: number;
  /** null: it is gone from the table. */
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

const CHUNK = { events: 500, bytes: 8 * 1024 * 1024 };
/** How long trouble is waited for. */
const PATIENCE_MS = 30_000;

/** Rejected events as they are kept, and selections of them to read again. */
export class DeadLetterStore {
  readonly #connection: Connection;
  readonly #clock: Clock;

  /** To look only, `connection` needs the right to SELECT. */
  constructor(options: { readonly connection: Connection; readonly clock: Clock }) {
    this.#connection = options.connection;
    this.#clock = options.clock;
  }

  async counts(filter: DeadLetterFilter): Promise<DeadLetterCount[]> {
    const { sql, params } = countsQuery(filter);
    const rows = await this.#all<Record<keyof DeadLetterCount, string>>(sql, params);
    return rows.map(({ reason, state, events, cut, newestMs }) => ({
      reason,
      state: state as DeadLetterState,
      events: Number(events),
      cut: Number(cut),
      newestMs: Number(newestMs),
    }));
  }

  /** The newest first, with at most `rawBytes` of each. */
  async *newest(
    filter: DeadLetterFilter,
    limit: number,
    rawBytes: number,
  ): AsyncGenerator<KeptDeadLetter> {
    const { sql, params } = newestQuery(filter, limit, rawBytes);
    for await (const rows of this.#connection.rowChunks<KeptRow>(sql, { params })) {
      for (const row of rows) yield keptOf(row);
    }
  }

  /** What a replay would read, in its order, without selecting it. */
  async *replayable(filter: DeadLetterFilter, limit: number): AsyncGenerator<ReplayedRecord[]> {
    const { sql, params } = replayableQuery(filter, limit);
    let position = 0;
    for await (const rows of this.#connection.rowChunks<ReplayedRow>(sql, { params })) {
      yield rows.map((row) => recordOf({ ...row, position: String(position++), found: 1 }));
    }
  }

  /**
   * Selects at most `limit` open events and freezes the selection: from then on they belong to it alone, also where others select at the same time or this
   * process dies. null: there is none. Waits half a minute where the store is in trouble.
   */
  async select(
    pipeline: string,
    filter: DeadLetterFilter,
    options: { readonly limit: number; readonly signal: AbortSignal },
  ): Promise<Selection | null> {
    const replay = randomUUID();
    const clock = this.#clock;
    const claims = new Claims({ connection: this.#connection, writer: replay, clock });
    const selection = { replay, pipeline, selectedMs: clock.now() };
    const { sql, params } = freezeQuery(selection, filter, options.limit);
    const freeze = async (): Promise<number> => {
      await claims.take([SELECTION_LOCK]);
      // An attempt that got no answer may still run, or have landed.
      await runningCommitsOver(this.#connection, clock, replay);
      const before = await this.#size(replay);
      if (before > 0) return before;
      await this.#connection.command(sql, { params, queryId: COMMIT_ID_PREFIX + replay });
      return this.#size(replay);
    };
    const { signal } = options;
    const events = await retry(freeze, {
      clock,
      signal,
      baseMs: 50,
      maxMs: 1_000,
      deadlineMs: PATIENCE_MS,
    });
    return events === 0 ? null : { replay, pipeline, events, end: 0 };
  }

  /** Selections that were not read to their end, oldest first. */
  async unfinished(): Promise<Selection[]> {
    const rows = await this.#all<Record<keyof Selection, string>>(REPLAYS.unfinished, {});
    return rows.map((row) => ({ ...row, events: Number(row.events), end: Number(row.end) }));
  }

  /** Some events of a selection from `from` on, in order; none at its end. Waits for a store in trouble until `signal` aborts. */
  async read(replay: string, from: number, signal: AbortSignal): Promise<ReplayedRecord[]> {
    const params = { replay, from, ...CHUNK };
    const rows = await retry(() => this.#all<ReplayedRow>(REPLAYS.read, params), {
      clock: this.#clock,
      signal,
      baseMs: 50,
      maxMs: 1_000,
    });
    return rows.map(recordOf);
  }

  async #size(replay: string): Promise<number> {
    const [row] = await this.#connection.rows<{ events: string }>(REPLAYS.size, {
      params: { replay },
    });
    return Number(row?.events ?? 0);
  }

  /** For questions about all that is kept, which may take longer than others. */
  async #all<Row>(sql: string, params: Readonly<Record<string, unknown>>): Promise<Row[]> {
    const rows: Row[] = [];
    for await (const chunk of this.#connection.rowChunks<Row>(sql, { params })) rows.push(...chunk);
    return rows;
  }
}

interface ReplayedRow {
  readonly position: string;
  readonly raw: string;
  readonly headers: string;
  readonly found: number;
}

function recordOf({ position, raw, headers, found }: ReplayedRow): ReplayedRecord {
  const value = found === 1 ? Buffer.from(raw, "base64") : null;
  return { position: Number(position), value, headers: headersOf(headers) };
}

type KeptRow = Record<
  | "origin_topic"
  | "origin_part"
  | "origin_incarnation"
  | "origin_offset"
  | "origin_event"
  | "reason"
  | "detail"
  | "state"
  | "raw"
  | "raw_bytes"
  | "headers"
  | "arrivedMs",
  string
>;

function keptOf(row: KeptRow): KeptDeadLetter {
  return {
    topic: row.origin_topic,
    partition: Number(row.origin_part),
    incarnation: Number(row.origin_incarnation),
    offset: Number(row.origin_offset),
    event: Number(row.origin_event),
    reason: row.reason,
    detail: row.detail,
    state: row.state as DeadLetterState,
    raw: Buffer.from(row.raw, "base64"),
    rawBytes: Number(row.raw_bytes),
    headers: headersOf(row.headers),
    arrivedMs: Number(row.arrivedMs),
  };
}

function headersOf(text: string): Readonly<Record<string, string>> {
  return text === "" ? {} : (JSON.parse(text) as Record<string, string>);
}

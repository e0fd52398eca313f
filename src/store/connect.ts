import { Readable } from "node:stream";
import { ClickHouseError, ClickHouseLogLevel, createClient, parseError } from "@clickhouse/client";
import { AppError, messageOf } from "../runtime/errors.ts";

/** The only file that knows the driver. Values reach ClickHouse as `query_params` or row data, settings stand in the SQL text. */
export type QueryParams = Readonly<Record<string, unknown>>;

export interface ConnectOptions {
  /** `http://user:password@host:8123/database`. */
  readonly url: string;
  /** Instead of those in the URL. */
  readonly username?: string;
  readonly password?: string;
  readonly database?: string;
  readonly requestTimeoutMs?: number;
  /** Every statement is read-only, whatever the user may do. */
  readonly readOnly?: boolean;
}

export interface CallOptions {
  readonly params?: QueryParams;
  /** Two statements of one user under one id never run at the same time: the engine refuses the second. */
  readonly queryId?: string;
  readonly signal?: AbortSignal;
  /** Output format of `text` where the statement names none. */
  readonly format?: string;
}

/**
 * One user's way to ClickHouse over HTTP. Every method throws AppError: `store_unavailable` (retryable: no answer, or trouble that passes) or
 * `store_refused` (ClickHouse said no, with its code). After `store_unavailable` a statement may have run or may still run.
 */
export interface Connection {
  /** Rows of a SELECT without FORMAT. 64-bit integers come as text. */
  rows<Row>(sql: string, options?: CallOptions): Promise<Row[]>;
  /** Rows in chunks as they arrive, in order. */
  rowChunks<Row>(sql: string, options?: CallOptions): AsyncIterable<readonly Row[]>;
  command(sql: string, options?: CallOptions): Promise<void>;
  /** `INSERT … FORMAT x` with its data. */
  insert(sql: string, data: Iterable<Uint8Array>, options?: CallOptions): Promise<void>;
  /** The body of any statement as ClickHouse formats it. */
  text(sql: string, options?: CallOptions): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** Every statement has its limit: one that nobody waits for any more must not hold the engine up, nor change anything late. Seconds. */
const MAX_SECONDS = { rows: 30, rowChunks: 300, any: 60 };

export function connect(options: ConnectOptions): Connection {
  const { url, username, password, database, requestTimeoutMs = 30_000 } = options;
  // Constants of the connection, not of a call.
  const settings = {
    max_execution_time: Math.max(MAX_SECONDS.any, requestTimeoutMs / 1000),
    ...(options.readOnly === true ? { readonly: "2" as const } : {}),
  };
  const client = createClient({
    url,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
    clickhouse_settings: settings,
    request_timeout: requestTimeoutMs,
    application: "spikewatch",
    log: { level: ClickHouseLogLevel.OFF },
  });
  const parameters = (call: CallOptions): Record<string, unknown> => ({
    ...(call.params === undefined ? {} : { query_params: call.params }),
    ...(call.queryId === undefined ? {} : { query_id: call.queryId }),
    ...(call.signal === undefined ? {} : { abort_signal: call.signal }),
    ...(call.format === undefined ? {} : { http_headers: { "X-ClickHouse-Format": call.format } }),
  });
  const select = (sql: string, call: CallOptions, maxSeconds: number) => {
    const settings = `output_format_json_quote_64bit_integers = 1, max_execution_time = ${maxSeconds}`;
    const query = `${sql}\nSETTINGS ${settings}`;
    return client.query({ query, format: "JSONEachRow", ...parameters(call) });
  };

  return {
    async rows<Row>(sql: string, call: CallOptions = {}): Promise<Row[]> {
      return mapped(async () => (await select(sql, call, MAX_SECONDS.rows)).json<Row>());
    },
    async *rowChunks<Row>(sql: string, call: CallOptions = {}): AsyncIterable<readonly Row[]> {
      const result = await mapped(() => select(sql, call, MAX_SECONDS.rowChunks));
      const chunks = mappedIteration(result.stream<Row>());
      for await (const chunk of chunks) yield chunk.map((row) => row.json());
    },
    command: (sql, call = {}) =>
      mapped(async () => {
        await client.command({ query: sql, ...parameters(call) });
      }),
    insert: (sql, data, call = {}) =>
      mapped(async () => {
        const values = Readable.from(data, { objectMode: false });
        await drain((await client.exec({ query: sql, values, ...parameters(call) })).stream);
      }),
    async *text(sql: string, call: CallOptions = {}) {
      const result = await mapped(() => client.exec({ query: sql, ...parameters(call) }));
      const tag = result.response_headers["x-clickhouse-exception-tag"];
      const body = mappedIteration(result.stream as AsyncIterable<Uint8Array>);
      yield* typeof tag === "string" ? failingBody(body, tag) : body;
    },
    close: () => client.close(),
  };
}

/** Trouble that passes although ClickHouse itself reported it: overload, limits, disks, shutdown, a twin that still runs. */
const PASSING_CODES = new Set([
  3, // UNEXPECTED_END_OF_FILE: our request was cut
  33, // CANNOT_READ_ALL_DATA: likewise
  74, // CANNOT_READ_FROM_FILE_DESCRIPTOR
  75, // CANNOT_WRITE_TO_FILE_DESCRIPTOR
  159, // TIMEOUT_EXCEEDED
  202, // TOO_MANY_SIMULTANEOUS_QUERIES
  209, // SOCKET_TIMEOUT
  210, // NETWORK_ERROR
  216, // QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING
  236, // ABORTED
  241, // MEMORY_LIMIT_EXCEEDED
  242, // TABLE_IS_READ_ONLY
  243, // NOT_ENOUGH_SPACE
  252, // TOO_MANY_PARTS
  319, // UNKNOWN_STATUS_OF_INSERT
  394, // QUERY_WAS_CANCELLED
  999, // KEEPER_EXCEPTION
]);

/** Our own mistakes stay what they are; all else becomes an AppError. */
function toAppError(error: unknown): Error {
  if (error instanceof AppError || error instanceof TypeError || error instanceof RangeError) {
    return error;
  }
  if (error instanceof ClickHouseError) {
    const retryable = PASSING_CODES.has(Number(error.code));
    const text = `clickhouse answered code ${error.code}${error.type === undefined ? "" : ` (${error.type})`}: ${messageOf(error)}`;
    return new AppError(text, {
      code: retryable ? "store_unavailable" : "store_refused",
      retryable,
      cause: error,
    });
  }
  return new AppError(`clickhouse does not answer: ${messageOf(error)}`, {
    code: "store_unavailable",
    retryable: true,
    cause: error,
  });
}

async function mapped<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toAppError(error);
  }
}

async function* mappedIteration<T>(source: AsyncIterable<T>): AsyncIterable<T> {
  try {
    yield* source;
  } catch (error) {
    throw toAppError(error);
  }
}

/** An answer that had begun can still fail: ClickHouse then writes the error between two marks and cuts the connection. Gives the rows before it. */
async function* failingBody(
  body: AsyncIterable<Uint8Array>,
  tag: string,
): AsyncIterable<Uint8Array> {
  const mark = Buffer.from(`\r\n__exception__\r\n${tag}`);
  let kept = Buffer.alloc(0);
  try {
    for await (const chunk of body) {
      kept = Buffer.concat([kept, chunk]);
      if (kept.includes(mark)) continue;
      const sure = Math.max(0, kept.length - mark.length);
      yield kept.subarray(0, sure);
      kept = kept.subarray(sure);
    }
  } catch (error) {
    if (!kept.includes(mark)) throw error;
  }
  const failedAt = kept.indexOf(mark);
  yield failedAt < 0 ? kept : kept.subarray(0, failedAt);
  if (failedAt < 0) return;
  const text = kept
    .subarray(failedAt + mark.length)
    .toString("utf8")
    .trim();
  throw toAppError(parseError(text.replace(/\n\d+ \w+\r?\n__exception__$/, "")));
}

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  const chunks = stream[Symbol.asyncIterator]();
  while ((await chunks.next()).done !== true);
}

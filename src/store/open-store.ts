import { randomUUID } from "node:crypto";
import type { Settings } from "../config/settings.ts";
import { SystemClock, type Clock } from "../runtime/clock.ts";
import { AppError } from "../runtime/errors.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { AuditStore } from "./audit-store.ts";
import { ClickHouseStore } from "./clickhouse-store.ts";
import { CommitTail } from "./commit-tail.ts";
import { connect, type Connection } from "./connect.ts";
import { DeadLetterStore } from "./dead-letter-store.ts";
import { DataDir } from "./data-dir.ts";
import { EmbeddedEngine } from "./embedded-engine.ts";
import { DATABASE, READER, WRITER } from "./engine-config.ts";
import { askReader } from "./engine-process.ts";
import { Folder } from "./folder.ts";
import { ClickHouseIncidentStore } from "./incident-store.ts";
import { migrate, requireSchema, type MigrationReport } from "./migrations.ts";
import { SESSION } from "./queries.ts";
import type { IncidentStore, Tail } from "./rows.ts";
import type { PaneStore } from "./store.ts";
import { UseHistory } from "./use-history.ts";

/** How long another process may take to start the engine of the directory it holds. */
const HOLDER_START_MS = 20_000;
const POLL_MS = 50;
/** The longest statement: a fold of a week. */
const PATIENCE_MS = 3_600_000;

export interface OpenStoreOptions {
  readonly settings: Pick<Settings, "CLICKHOUSE_URL" | "CLICKHOUSE_PORT" | "DATA_DIR">;
  readonly logger: Logger;
  readonly metrics?: Metrics;
  /**
   * write: to count with; holds the data directory. attach: for small writes, also while another process holds it. read: only `query`, `useHistory` and
   * `auditStore` work, and nothing is created. migrate: brings the schema up to date. On a server only `migrate` changes the schema, and `write` and `attach` require it.
   */
  readonly mode: "write" | "attach" | "read" | "migrate";
}

/** ClickHouse, wherever it is. `close` ends what `openStore` started. */
export interface OpenStore {
  /** The HTTP interface for analysts, without credentials of ours. Embedded: with `?user=reader`. */
  readonly readerUrl: string;
  /** What was applied; null where the mode does not touch the schema. */
  readonly migrations: MigrationReport | null;
  readonly incidentStore: IncidentStore;
  /** A store for one worker; `writer` is a UUID, new for each start of a process. */
  paneStore(writer?: string): PaneStore;
  /** A new one stands nowhere yet. */
  commitTail(): Tail;
  /** To sum up weeks that are over. */
  folder(): Folder;
  /** To compare what is stored with where it came from. Read-only. */
  auditStore(signal?: AbortSignal): Promise<AuditStore>;
  /** What was counted, minute by minute. Read-only. */
  useHistory(): Promise<UseHistory>;
  /** Rejected events. With mode `read` only to look at. */
  deadLetters(): Promise<DeadLetterStore>;
  /** Any single statement, read-only. `format` holds where the statement names none. */
  query(sql: string, format: string, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** One engine or server: how to reach it as writer and as reader. */
interface Backend {
  readonly readerUrl: string;
  readonly writer: Connection;
  /** The writer, for statements that may take an hour. */
  readonly patient: Connection;
  readonly reader: () => Promise<Connection>;
  readonly close: () => Promise<void>;
  /** True where we, not an administrator, look after the schema. */
  readonly ours: boolean;
}

/** Throws `engine_missing`, `engine_failed`, `data_dir`, `config` (schema behind), or trouble of the store. */
export async function openStore(options: OpenStoreOptions): Promise<OpenStore> {
  const { settings, mode, logger, metrics } = options;
  const { CLICKHOUSE_URL: url } = settings;
  // Waits and arrival times are of the real world, also where events are told in time-lapse.
  const clock = new SystemClock();
  const backend = url === undefined ? await embedded(options, clock) : server(url);
  try {
    const migrations = await prepareSchema(backend, mode);
    return {
      readerUrl: backend.readerUrl,
      migrations,
      incidentStore: new ClickHouseIncidentStore({ connection: backend.writer, clock }),
      paneStore: (writer = randomUUID()) =>
        new ClickHouseStore({
          connection: backend.writer,
          writer,
          clock,
          logger,
          ...(metrics === undefined ? {} : { metrics }),
        }),
      commitTail: () => new CommitTail(backend.writer),
      folder: () => new Folder({ connection: backend.patient, clock }),
      auditStore: async (signal) => new AuditStore(await backend.reader(), signal),
      useHistory: async () => new UseHistory(await backend.reader()),
      deadLetters: async () =>
        new DeadLetterStore({
          connection: mode === "read" ? await backend.reader() : backend.writer,
          clock,
        }),
      async *query(sql, format, signal) {
        const reader = await backend.reader();
        yield* reader.text(sql, { format, ...(signal === undefined ? {} : { signal }) });
      },
      close: backend.close,
    };
  } catch (error) {
    await backend.close();
    throw error;
  }
}

async function prepareSchema(
  backend: Backend,
  mode: OpenStoreOptions["mode"],
): Promise<MigrationReport | null> {
  if (mode === "read") return null;
  if (backend.ours || mode === "migrate") return migrate(backend.patient);
  await requireSchema(backend.writer);
  return null;
}

/** A server by URL. Reading is made read-only by a setting, unless the user is read-only anyway and may not set it. */
function server(url: string): Backend {
  const writer = connect({ url });
  const patient = connect({ url, requestTimeoutMs: PATIENCE_MS });
  let readOnly: Connection | null = null;
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  return {
    readerUrl: shown.href,
    writer,
    patient,
    reader: async () => {
      const [row] = await writer.rows<{ readonly: string }>(SESSION.readOnly);
      if (Number(row?.readonly) !== 0) return writer;
      return (readOnly ??= connect({ url, readOnly: true }));
    },
    close: async () => {
      await readOnly?.close();
      await Promise.all([writer.close(), patient.close()]);
    },
    ours: false,
  };
}

async function embedded(options: OpenStoreOptions, clock: Clock): Promise<Backend> {
  const { settings, mode, logger, metrics } = options;
  const directory = new DataDir(settings.DATA_DIR);
  if (mode !== "write" && directory.holder() !== null) return attached(directory, clock);
  if (mode === "read" && !directory.exists()) {
    throw new AppError(
      `data directory ${directory.path} holds no data: name the one to read with --data or SPIKEWATCH_DATA_DIR, or set SPIKEWATCH_CLICKHOUSE_URL`,
      { code: "data_dir" },
    );
  }
  const engine = new EmbeddedEngine({
    directory,
    // Only what runs for long takes the well-known port.
    port: mode === "write" ? settings.CLICKHOUSE_PORT : 0,
    clock,
    logger,
    ...(metrics === undefined ? {} : { metrics }),
  });
  await engine.start();
  return local(engine.url, engine.writerPassword, () => engine.stop(), mode !== "read");
}

/** The engine of the process that holds the directory. */
async function attached(directory: DataDir, clock: Clock): Promise<Backend> {
  const deadline = clock.now() + HOLDER_START_MS;
  while (clock.now() < deadline) {
    const address = directory.address();
    const { writerPassword, instance } = directory.secrets();
    if (address !== null && (await askReader(address.port, SESSION.instance)) === instance) {
      return local(address.url, writerPassword, () => Promise.resolve(), false);
    }
    if (directory.holder() === null) break;
    await clock.sleep(POLL_MS);
  }
  throw new AppError(
    `the engine of the process that holds data directory ${directory.path} does not answer: try again when it has started`,
    { code: "data_dir" },
  );
}

function local(url: string, password: string, stop: () => Promise<void>, ours: boolean): Backend {
  const asWriter = { url, username: WRITER, password, database: DATABASE };
  const writer = connect(asWriter);
  const patient = connect({ ...asWriter, requestTimeoutMs: PATIENCE_MS });
  const reader = connect({ url, username: READER, password: "", database: DATABASE });
  return {
    readerUrl: `${url}/?user=${READER}`,
    writer,
    patient,
    reader: () => Promise.resolve(reader),
    close: async () => {
      await Promise.all([writer.close(), patient.close(), reader.close()]);
      await stop();
    },
    ours,
  };
}

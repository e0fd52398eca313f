import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SystemClock } from "../../../src/runtime/clock.ts";
import { connect, type Connection } from "../../../src/store/connect.ts";
import { DataDir } from "../../../src/store/data-dir.ts";
import { EmbeddedEngine } from "../../../src/store/embedded-engine.ts";
import { DATABASE, WRITER } from "../../../src/store/engine-config.ts";
import { migrate } from "../../../src/store/migrations.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";
import { Metrics } from "../../../src/telemetry/metrics.ts";

/** A real engine on a data directory of its own, with the schema, for one test file. */
export interface TestEngine {
  readonly engine: EmbeddedEngine;
  readonly directory: string;
  readonly metrics: Metrics;
  /** As the writer; through a proxy where `url` says so. Closed by `stop`. */
  connect(url?: string): Connection;
  stop(): Promise<void>;
}

export async function startTestEngine(
  options: { schema?: boolean; directory?: string } = {},
): Promise<TestEngine> {
  const directory = options.directory ?? temporaryDirectory();
  const metrics = new Metrics();
  const engine = new EmbeddedEngine({
    directory: new DataDir(directory),
    port: 0,
    clock: new SystemClock(),
    logger: silentLogger,
    metrics,
  });
  await engine.start();
  const connections: Connection[] = [];
  const open = (url = engine.url): Connection => {
    const { writerPassword: password } = engine;
    const connection = connect({ url, username: WRITER, password, database: DATABASE });
    connections.push(connection);
    return connection;
  };
  if (options.schema !== false) await migrate(open());
  return {
    engine,
    directory,
    metrics,
    connect: open,
    stop: async () => {
      await Promise.all(connections.map((one) => one.close()));
      await engine.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Empties what a test may have stored, so that files can share one engine. */
export async function truncateAll(connection: Connection): Promise<void> {
  for (const table of [
    "usage",
    "usage_stage",
    "claims",
    "dead_letter_replays",
    "incidents",
    "deliveries",
    "incident_actions",
  ]) {
    await connection.command(`TRUNCATE TABLE ${table}`);
  }
}

export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), `spikewatch-${randomUUID().slice(0, 8)}-`));
}

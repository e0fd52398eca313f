import { readFileSync, readdirSync } from "node:fs";
import { pid } from "node:process";
import { migrate } from "../../src/store/migrations.ts";
import { ClickHouseStore } from "../../src/store/clickhouse-store.ts";
import { connect, type Connection } from "../../src/store/connect.ts";
import { DataDir } from "../../src/store/data-dir.ts";
import { EmbeddedEngine } from "../../src/store/embedded-engine.ts";
import { DATABASE, WRITER } from "../../src/store/engine-config.ts";
import { SystemClock } from "../../src/runtime/clock.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";

/** The embedded engine, as `run` starts it: a child of this process. */
export interface BenchEngine {
  readonly connection: Connection;
  /** For statements that take minutes. */
  readonly patient: Connection;
  readonly store: ClickHouseStore;
  /** CPU time and peak memory of the engine so far; NaN where the system does not tell. */
  readonly usage: () => { readonly cpuNs: number; readonly peakMb: number };
  readonly stop: () => Promise<void>;
}

export async function startBenchEngine(folder: string): Promise<BenchEngine> {
  const clock = new SystemClock();
  const engine = new EmbeddedEngine({
    directory: new DataDir(`${folder}/data`),
    port: 0,
    clock,
    logger: silentLogger,
  });
  const before = new Set(childPids());
  await engine.start();
  const child = childPids().find((one) => !before.has(one)) ?? 0;
  const { url, writerPassword: password } = engine;
  const asWriter = { url, username: WRITER, password, database: DATABASE };
  const connection = connect(asWriter);
  const patient = connect({ ...asWriter, requestTimeoutMs: 3_600_000 });
  await migrate(connection);
  const writer = crypto.randomUUID();
  return {
    connection,
    patient,
    store: new ClickHouseStore({ connection, writer, clock, logger: silentLogger }),
    usage: () => ({ cpuNs: cpuNsOf(child), peakMb: peakMbOf(child) }),
    stop: async () => {
      await Promise.all([connection.close(), patient.close()]);
      await engine.stop();
    },
  };
}

/** Largest resident memory of a process since it began. */
export function peakMbOf(process: number): number {
  const status = readProc(process, "status");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? NaN) / 1024;
}

/** Linux counts in hundredths of a second. */
function cpuNsOf(process: number): number {
  const fields = readProc(process, "stat")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11] ?? NaN) + Number(fields[12] ?? NaN)) * 1e7;
}

function childPids(): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8")
        .split(" ")
        .filter((text) => text.trim() !== "")
        .map(Number),
    );
  } catch {
    return [];
  }
}

function readProc(process: number, file: string): string {
  try {
    return readFileSync(`/proc/${process}/${file}`, "utf8");
  } catch {
    return "";
  }
}

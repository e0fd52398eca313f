// A process that runs an engine on the directory it is given, prints the engine's pid, and stays until it is killed.
import { SystemClock } from "../../../src/runtime/clock.ts";
import { DataDir } from "../../../src/store/data-dir.ts";
import { EmbeddedEngine } from "../../../src/store/embedded-engine.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";

const directory = new DataDir(process.argv[2] ?? "");
const engine = new EmbeddedEngine({
  directory,
  port: 0,
  clock: new SystemClock(),
  logger: silentLogger,
});
await engine.start();
process.stdout.write(`${engine.pid ?? 0}\n`);

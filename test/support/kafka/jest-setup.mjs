// One broker for all test files of a run, started when the first of them asks: a run of unit tests alone starts none.
// Workers ask over loopback; the broker's process ends with this one, because its standard input closes.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";

const serve = join(import.meta.dirname, "serve.ts");
let started = null;

async function start() {
  const child = spawn(process.execPath, ["--import", "tsx", serve], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk) => (said = (said + chunk).slice(-8000)));
  const line = once(createInterface(child.stdout), "line").then(([text]) => text);
  const failed = once(child, "exit").then(() => JSON.stringify({ error: said }));
  const answer = await Promise.race([line, failed]);
  return { child, answer };
}

export default async function setup() {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    started ??= start();
    void started.then(({ answer }) => socket.end(`${answer}\n`));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  process.env.SPIKEWATCH_TEST_KAFKA_DESK = String(server.address().port);
  globalThis.spikewatchKafkaDesk = async () => {
    server.close();
    if (started === null) return;
    const { child } = await started;
    if (child.exitCode !== null) return;
    child.stdin.end();
    await once(child, "exit");
  };
}

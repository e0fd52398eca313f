// A broker as a process: prints its address as one line of JSON, and ends it when standard input closes.
// By hand: `npx tsx test/support/kafka/serve.ts`, then Ctrl-D.
import { Broker } from "./broker.ts";

const closed = new Promise<void>((resolve) => {
  process.stdin.once("end", resolve).once("close", resolve).resume();
  process.once("SIGINT", resolve).once("SIGTERM", resolve);
});
const broker = await Broker.start({ tell: (line) => process.stderr.write(`kafka: ${line}\n`) });
process.stdout.write(`${JSON.stringify({ brokers: [broker.address] })}\n`);
await closed;
await broker.dispose();
process.exit(0);

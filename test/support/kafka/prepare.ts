// Everything that a first broker start would fetch or make, ahead of the tests, so that no test's time limit pays for it.
import { Broker } from "./broker.ts";

const broker = await Broker.start({ tell: (line) => process.stdout.write(`${line}\n`) });
await broker.dispose();

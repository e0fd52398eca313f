// The long form: npm run chaos -- [--seed N] [--minutes M] [--runs N] [--rate N] [--outage SECONDS] [--only NAME,…] [--program PATH]
import { constants } from "node:os";
import { parseArgs } from "node:util";
import { SystemClock } from "../../src/runtime/clock.ts";
import { TestKafka } from "../support/kafka/test-kafka.ts";
import { Broker } from "../support/kafka/broker.ts";
import { SpikewatchProcess } from "../support/spikewatch-process.ts";
import { takeDown, tidied } from "./aftermath.ts";
import type { Outcome, Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios.ts";
import { tableOf, type Row } from "./table.ts";

const clock = new SystemClock();
const SESSION_MS = 6_000;
const RATE = 5_000;
const MINUTES = 60;
const PATIENCE_MS = 120_000;
const OUTAGE_SECONDS = 120;
const TAKE_DOWN_MS = 30_000;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    minutes: { type: "string", default: String(MINUTES) },
    runs: { type: "string" },
    rate: { type: "string", default: String(RATE) },
    only: { type: "string" },
    outage: { type: "string", default: String(OUTAGE_SECONDS) },
    program: { type: "string" },
  },
});

function say(line: string): void {
  process.stderr.write(`${new Date(clock.now()).toISOString().slice(11, 19)} ${line}\n`);
}

function chosen(): readonly Scenario[] {
  if (values.only === undefined) return SCENARIOS;
  const names = values.only.split(",");
  const known = SCENARIOS.map(({ name }) => name);
  const strange = names.find((name) => !known.includes(name));
  if (strange === undefined) return SCENARIOS.filter(({ name }) => names.includes(name));
  throw new Error(`there is no scenario "${strange}"; there are ${known.join(", ")}`);
}

async function play(scenario: Scenario, kafka: TestKafka): Promise<Outcome | string> {
  const { program } = values;
  try {
    return await scenario.play({
      kafka,
      seed: Number(values.seed),
      runs: Number(values.runs ?? scenario.runs),
      rate: Number(values.rate),
      sessionMs: SESSION_MS,
      limitMs: Number(values.minutes) * 60_000,
      patienceMs: PATIENCE_MS,
      outageMs: Number(values.outage) * 1000,
      tell: say,
      ...(program === undefined ? {} : { program }),
    });
  } catch (error) {
    return (error as Error).message;
  } finally {
    await SpikewatchProcess.killAll();
  }
}

function troubles(outcome: Outcome | string): readonly string[] {
  return typeof outcome === "string" ? [outcome] : outcome.verdict.differences;
}

async function playAll(broker: Broker): Promise<Row[]> {
  const rows: Row[] = [];
  for (const scenario of chosen()) {
    const outcome = await play(scenario, new TestKafka([broker.address]));
    for (const trouble of troubles(outcome)) say(`${scenario.name}: ${trouble}`);
    const row = { fault: scenario.fault, name: scenario.name, outcome };
    // At once: what comes later may be interrupted.
    say(tableOf([row]).split("\n").at(-1) ?? "");
    rows.push(row);
  }
  return rows;
}

async function main(): Promise<number> {
  const broker = await Broker.start({ tell: say });
  const rows = await tidied(
    () => broker.dispose(),
    () => playAll(broker),
  );
  process.stdout.write(`${tableOf(rows)}\n`);
  return rows.every(({ outcome }) => troubles(outcome).length === 0) ? 0 : 1;
}

/** Leaves nothing behind: no worker, no engine, no broker, no mount. A second signal ends at once. */
async function interrupted(signal: NodeJS.Signals): Promise<void> {
  say(`${signal}: taking everything down`);
  const tooLong = setTimeout(() => process.exit(1), TAKE_DOWN_MS);
  for (const trouble of await takeDown()) say(`left behind: ${trouble}`);
  await SpikewatchProcess.killAll();
  clearTimeout(tooLong);
  process.exit(128 + constants.signals[signal]);
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => void interrupted(signal));
}
process.exitCode = await main();

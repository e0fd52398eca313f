// The long form: npm run chaos -- [--seed N] [--minutes M] [--runs N] [--rate N] [--outage SECONDS] [--only NAME,…] [--program PATH]
import { parseArgs } from "node:util";
import { SystemClock } from "../../src/runtime/clock.ts";
import { TestKafka } from "../support/kafka/test-kafka.ts";
import { Broker } from "../support/kafka/broker.ts";
import { SpikewatchProcess } from "../support/spikewatch-process.ts";
import type { Outcome, Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios.ts";
import { tableOf, type Row } from "./table.ts";

const clock = new SystemClock();
const SESSION_MS = 6_000;
const RATE = 5_000;
const MINUTES = 60;
const PATIENCE_MS = 120_000;
const OUTAGE_SECONDS = 120;

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

async function main(): Promise<number> {
  const broker = await Broker.start({ tell: say });
  const rows: Row[] = [];
  try {
    for (const scenario of chosen()) {
      const outcome = await play(scenario, new TestKafka([broker.address]));
      for (const trouble of troubles(outcome)) say(`${scenario.name}: ${trouble}`);
      rows.push({ fault: scenario.fault, name: scenario.name, outcome });
    }
  } finally {
    await SpikewatchProcess.killAll();
    await broker.dispose();
  }
  process.stdout.write(`${tableOf(rows)}\n`);
  return rows.every(({ outcome }) => troubles(outcome).length === 0) ? 0 : 1;
}

process.once("SIGINT", () => {
  void SpikewatchProcess.killAll().then(() => process.exit(130));
});
process.exitCode = await main();

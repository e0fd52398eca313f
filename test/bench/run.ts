/**
 * What does an event cost, stage by stage and on the whole path, beside the least code that does the same job?
 *
 *   npm run bench [-- --only decode] [--count 200000] [--json] [--tiny]
 *
 * Every variant runs in its own process, one after the other, on the same events. README.md says how to read the figures.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { arch, cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import process, { argv, execPath, exit, stdout, version } from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { generate, startOf } from "../million/generate.mjs";
import { priceBookYaml } from "../million/prices.mjs";
import { BENCHES } from "./benches.ts";
import { FULL, measure, TINY, type Bench, type BenchInput, type Measured } from "./harness.ts";
import { isOver, tableOf, type Outcome } from "./table.ts";

type Side = keyof Bench["variants"];
const LOADER = new URL("strip-types.mjs", import.meta.url).href;
const SIDES = ["spikewatch", "peer"] as const satisfies readonly Side[];

const { values: flags } = parseArgs({
  args: argv.slice(2),
  options: {
    only: { type: "string" },
    count: { type: "string", default: "200000" },
    json: { type: "boolean", default: false },
    tiny: { type: "boolean", default: false },
    variant: { type: "string" },
    folder: { type: "string" },
  },
});
const count = Number(flags.count);

/** One variant, in this process. */
async function runVariant(bench: Bench, side: Side, folder: string): Promise<Measured> {
  const own = mkdtempSync(join(folder, "variant-"));
  const input: BenchInput = { ...inputIn(folder), folder: own };
  const work = await bench.variants[side](input);
  try {
    return await measure(work, flags.tiny ? TINY : FULL);
  } finally {
    await work.end?.();
    rmSync(own, { recursive: true, force: true });
  }
}

function inputIn(folder: string): Omit<BenchInput, "folder"> {
  return { events: join(folder, "events.ndjson"), prices: join(folder, "prices.yaml"), count };
}

function writeEvents(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const { events, prices } = inputIn(folder);
  const startMs = startOf("2026-03-02");
  // The begin of a million over three days: as many events a minute and key as there.
  const million = generate({ count: Math.max(count, 1_000_000), seed: 1, startMs });
  let lines = "";
  for (let record = 0; record < count; record++) {
    const { value } = million.next() as IteratorResult<{ line: string }, undefined>;
    lines += `${value?.line ?? ""}\n`;
  }
  writeFileSync(events, lines);
  writeFileSync(prices, priceBookYaml(startMs));
}

/** The same in a process of its own. */
async function spawnVariant(bench: Bench, side: Side, folder: string): Promise<Measured> {
  const self = fileURLToPath(import.meta.url);
  const args = [
    "--import",
    LOADER,
    self,
    "--only",
    bench.name,
    "--variant",
    side,
    "--folder",
    folder,
  ];
  const child = spawn(
    execPath,
    [...args, "--count", String(count), ...(flags.tiny ? ["--tiny"] : [])],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`${bench.name} of ${side} ended with ${String(code)}`);
  return JSON.parse(text) as Measured;
}

async function runAll(benches: readonly Bench[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "spikewatch-bench-"));
  const outcomes: Outcome[] = [];
  try {
    writeEvents(folder);
    for (const bench of benches) {
      const measured: Partial<Record<Side, Measured>> = {};
      for (const side of SIDES) measured[side] = await spawnVariant(bench, side, folder);
      outcomes.push({ bench, measured: measured as Record<Side, Measured> });
      if (!flags.json) stdout.write(`${bench.name} done\n`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (flags.json) stdout.write(`${JSON.stringify(outcomes.map(flat))}\n`);
  else stdout.write(`\n${machine()}\n\n${tableOf(outcomes)}\n`);
  const isMissed = outcomes.some((one) =>
    Object.keys(one.bench.limits ?? {}).some((name) => isOver(one, name)),
  );
  if (isMissed && !flags.tiny) process.exitCode = 1;
}

function flat({ bench: { name, unit }, measured }: Outcome): unknown {
  return { name, unit, ...measured };
}

function machine(): string {
  const [one] = cpus();
  const load = loadavg()[0]?.toFixed(1) ?? "?";
  return `${cpus().length} × ${one?.model ?? arch()}, Node ${version}, load ${load}, ${count.toLocaleString("en-US")} events`;
}

const chosen = BENCHES.filter(({ name }) => flags.only === undefined || name.includes(flags.only));
const [first] = chosen;
if (first === undefined) {
  stdout.write(
    `no bench is called ${flags.only ?? ""}: ${BENCHES.map(({ name }) => name).join(", ")}\n`,
  );
  exit(2);
} else if (flags.variant !== undefined) {
  const side = SIDES.find((one) => one === flags.variant) ?? "spikewatch";
  stdout.write(JSON.stringify(await runVariant(first, side, flags.folder ?? tmpdir())));
} else {
  await runAll(chosen);
}

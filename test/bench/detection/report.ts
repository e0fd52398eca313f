/**
 * What does detection find, how soon, at what price in false pages? Simulated companies with incidents of all kinds, and what was told of them; beside it
 * the rules that people use today, on the same stream. README.md says how to read it.
 */
import { argv, exit, stderr, stdout } from "node:process";
import { parseArgs } from "node:util";
import { writeEvents, truthFile } from "./events.ts";
import { measure, measureClients, type Measured, type Negatives } from "./measure.ts";
import { markdownOf } from "./pages.ts";
import { HELP, OPTIONS, parseKinds, parseOnly, parseSeeds, parseWeeks } from "./options.ts";

const { values: flags } = parseArgs({ args: argv.slice(2), options: OPTIONS });

function writeOne(file: string, seeds: readonly number[]): void {
  const [seed] = seeds;
  if (seeds.length !== 1 || seed === undefined) {
    throw new RangeError("--events: writes one company; give one seed, for example --seeds 3");
  }
  const count = writeEvents({ ...simulationOptions(), seed }, file);
  stdout.write(`${count} events in ${file}, the truth in ${truthFile(file)}\n`);
}

function simulationOptions(): Parameters<typeof measure>[0]["simulation"] {
  const teams = parseKinds(flags.kinds);
  const incidents = flags["no-incidents"] ? false : parseOnly(flags.only);
  return { weeks: parseWeeks(flags.weeks), incidents, ...(teams && { teams }) };
}

function main(): void {
  if (flags.help) {
    stdout.write(HELP);
    return;
  }
  const seeds = parseSeeds(flags.seeds);
  if (flags.events !== undefined) {
    writeOne(flags.events, seeds);
    return;
  }
  const begin = performance.now();
  const isWhole = flags.kinds === undefined && flags.only === undefined && !flags["no-incidents"];
  const measured = measure({
    seeds,
    simulation: simulationOptions(),
    curve: flags.curve,
    rules: !flags["no-rules"],
    surge: isWhole && !flags["no-surge"],
    calendar: !flags["no-calendar"],
    progress: (line) => stderr.write(`${line}\n`),
  });
  const negatives = flags.servegen === undefined ? undefined : measureClients(flags.servegen);
  if (flags.servegen !== undefined && negatives === null) {
    stderr.write(`--servegen: no folder ${flags.servegen}; its table is left out\n`);
  }
  const command = `npm run detection -- ${argv.slice(2).join(" ")}`.trimEnd();
  const seconds = (performance.now() - begin) / 1000;
  const about = { command, seeds: flags.seeds, seconds };
  stdout.write(
    flags.json
      ? jsonOf(about, measured, negatives ?? null)
      : markdownOf(about, measured, { negatives: negatives ?? null, list: flags.list }),
  );
}

function jsonOf(about: object, measured: Measured, servegen: Negatives | null): string {
  const summaries = Object.fromEntries(measured.summaries);
  const { liveliness } = measured;
  return `${JSON.stringify({ ...about, summaries, liveliness, servegen }, null, 2)}\n`;
}

try {
  main();
} catch (error) {
  if (!(error instanceof RangeError)) throw error;
  stderr.write(`${error.message}\n`);
  exit(2);
}

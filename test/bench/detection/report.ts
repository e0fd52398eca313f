/**
 * What does detection find, how soon, at what price in false pages? Simulated companies with incidents of all kinds, and what was told of them.
 *
 *   npm run detection -- [--seeds 1-5] [--weeks 13] [--kinds office,batch] [--no-incidents] [--only runaway] [--list] [--json]
 *
 * Seeds 1 to 50 are for tuning, 1001 and up for reporting; one run takes one sort only.
 */
import { argv, exit, stderr, stdout } from "node:process";
import { parseArgs } from "node:util";
import { evaluate, type Evaluation } from "./evaluate.ts";
import { causeTable, falseTable, headline, kindTable, listOf } from "./markdown.ts";
import { parseKinds, parseOnly, parseSeeds } from "./options.ts";
import { currentDetector, DetectorWatcher, runSeeds } from "./run.ts";
import { summarise } from "./summary.ts";

const HELP = `npm run detection -- [options]

  --seeds 1-5          default 1001-1020. 1-50: tuning; 1001 and up: reporting; never both in one run
  --weeks N            default 13, the first five are history
  --kinds a,b          teams of these kinds instead of a company of ten
  --only KIND          incidents of this kind alone
  --no-incidents       none at all
  --list               a line for each false page, missed or late incident, and misnamed page
  --json               figures as JSON
`;

const { values: flags } = parseArgs({
  args: argv.slice(2),
  options: {
    seeds: { type: "string", default: "1001-1020" },
    weeks: { type: "string", default: "13" },
    kinds: { type: "string" },
    only: { type: "string" },
    "no-incidents": { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function main(): void {
  if (flags.help) {
    stdout.write(HELP);
    return;
  }
  const seeds = parseSeeds(flags.seeds);
  const teams = parseKinds(flags.kinds);
  const incidents = flags["no-incidents"] ? false : parseOnly(flags.only);
  const evaluations: Evaluation[] = [];
  const lines: string[] = [];
  const begin = performance.now();
  const options = { weeks: Number(flags.weeks), incidents, ...(teams && { teams }) };
  const runs = runSeeds(seeds, options, (simulation) => [
    new DetectorWatcher("spikewatch", currentDetector(simulation)),
  ]);
  for (const { simulation, watchers, rows, wallMs } of runs) {
    const [watcher] = watchers;
    const evaluation = evaluate(simulation, watcher?.told ?? []);
    evaluations.push(evaluation);
    lines.push(...listOf(simulation.seed, evaluation));
    const detectorMs = watcher instanceof DetectorWatcher ? watcher.spentMs : 0;
    stderr.write(
      `seed ${simulation.seed}: ${rows} rows, ${(wallMs / 1000).toFixed(1)} s, of which detection ${(detectorMs / 1000).toFixed(1)} s; ${evaluation.falsePages.length} false pages\n`,
    );
  }
  const summary = summarise(evaluations);
  if (flags.json) {
    stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
    return;
  }
  const wrong = evaluations.flatMap(({ falsePages }) => falsePages);
  const parts = [
    `# Detection on simulated companies\n\n\`npm run detection -- ${argv.slice(2).join(" ")}\`, seeds ${flags.seeds}, ${((performance.now() - begin) / 1000).toFixed(0)} s`,
    headline("spikewatch", summary),
    falseTable(summary),
    kindTable(summary.kinds),
    `## By size\n\n${kindTable(summary.sizes)}`,
    `## What made the false pages\n\n${causeTable(wrong)}`,
  ];
  if (flags.list) parts.push(`## List\n\n${lines.join("\n")}`);
  stdout.write(`${parts.join("\n\n")}\n`);
}

try {
  main();
} catch (error) {
  if (!(error instanceof RangeError)) throw error;
  stderr.write(`${error.message}\n`);
  exit(2);
}

import { SURGING } from "./company.ts";
import { evaluate, type Evaluation } from "./evaluate.ts";
import { listOf } from "./markdown.ts";
import { liveliness, RealismWatcher, type Liveliness, type Series } from "./realism.ts";
import { allRules } from "./rules.ts";
import { DetectorWatcher, detectorOf, runSeeds, type SeedRun, type Watcher } from "./run.ts";
import { loadClients, playClients, SECOND_WEEK, seriesOf } from "./servegen.ts";
import { SpendDetector } from "../../../src/detect/spend-detector.ts";
import { DEFAULT_DETECTION } from "../../../src/detect/settings.ts";
import type { Simulation, SimulationOptions } from "./simulate.ts";
import { summarise, type Summary } from "./summary.ts";
import type { Told } from "./told.ts";

/** The budgets of the curve; 1 is the default. */
export const BUDGETS = [0.25, 0.5, 1, 2, 4] as const;
export const DETECTOR = "spikewatch";

export interface MeasureOptions {
  readonly seeds: readonly number[];
  readonly simulation: Omit<SimulationOptions, "seed">;
  readonly curve: boolean;
  readonly rules: boolean;
  /** Every second seed also has a smaller company that surges. */
  readonly surge: boolean;
  readonly calendar: boolean;
  readonly progress: (line: string) => void;
}

export interface Measured {
  /** By what watched: the detector, the detector at other budgets, the rules. */
  readonly summaries: ReadonlyMap<string, Summary>;
  /** Of the detector. */
  readonly evaluations: readonly Evaluation[];
  readonly surging: readonly Evaluation[];
  readonly liveliness: readonly Liveliness[];
  readonly lines: readonly string[];
}

function watchersOf(simulation: Simulation, options: MeasureOptions): Watcher[] {
  const { calendar } = options;
  const detector = (name: string, pagesPerQuarter?: number): Watcher =>
    new DetectorWatcher(
      name,
      detectorOf(simulation, { calendar, ...(pagesPerQuarter && { pagesPerQuarter }) }),
    );
  const budgets = options.curve ? BUDGETS.filter((budget) => budget !== 1) : [];
  return [
    detector(DETECTOR),
    ...budgets.map((budget) => detector(budgetName(budget), budget)),
    ...(options.rules ? allRules() : []),
  ];
}

export function budgetName(budget: number): string {
  return `${DETECTOR}, ${budget} a quarter`;
}

function report(progress: (line: string) => void, run: SeedRun, pages: number): void {
  const spent = run.watchers.find((one) => one instanceof DetectorWatcher)?.spentMs ?? 0;
  const seconds = (ms: number): string => (ms / 1000).toFixed(1);
  progress(
    `seed ${run.simulation.seed}: ${run.rows} rows, ${seconds(run.wallMs)} s, of which detection ${seconds(spent)} s; ${pages} false pages`,
  );
}

/** Plays all seeds before all that watch, and judges what was told. */
export function measure(options: MeasureOptions): Measured {
  const judged = new Map<string, Evaluation[]>();
  const surged = new Map<string, Evaluation[]>();
  const series: Series[] = [];
  const lines: string[] = [];
  const judge = (run: SeedRun, into: Map<string, Evaluation[]>): void => {
    for (const { name, told } of run.watchers) {
      const evaluation = evaluate(run.simulation, told);
      into.set(name, [...(into.get(name) ?? []), evaluation]);
      if (name !== DETECTOR) continue;
      const { seed } = run.simulation;
      lines.push(...listOf(into === surged ? `${seed} (surge)` : String(seed), evaluation));
      report(options.progress, run, evaluation.falsePages.length);
    }
  };
  for (const seed of options.seeds) {
    const watch = (simulation: Simulation): Watcher[] => [
      ...watchersOf(simulation, options),
      new RealismWatcher(simulation),
    ];
    for (const run of runSeeds([seed], options.simulation, watch)) {
      const realism = run.watchers.find((one) => one instanceof RealismWatcher);
      series.push(...(realism?.series() ?? []));
      judge({ ...run, watchers: run.watchers.filter((one) => one !== realism) }, judged);
    }
    if (!options.surge || seed % 2 !== 0) continue;
    const surging = { ...options.simulation, teams: SURGING, incidents: ["surge"] as const };
    const quiet = (simulation: Simulation): Watcher[] => watchersOf(simulation, options);
    for (const run of runSeeds([seed], surging, quiet)) judge(run, surged);
  }
  const summaries = [...judged].map(
    ([name, all]) => [name, summarise(all, surged.get(name))] as const,
  );
  return {
    summaries: new Map(summaries),
    evaluations: judged.get(DETECTOR) ?? [],
    surging: surged.get(DETECTOR) ?? [],
    liveliness: liveliness(series),
    lines,
  };
}

export interface Negatives {
  readonly clients: number;
  /** Pages of the second week. */
  readonly pages: readonly Told[];
  readonly tickets: number;
  readonly liveliness: readonly Liveliness[];
}

/** Real API clients, each a team of one service account: programs, unlabelled, so every page counts as false. Null: the folder is not there. */
export function measureClients(folder: string): Negatives | null {
  const clients = loadClients(folder);
  if (clients === null) return null;
  const watcher = new DetectorWatcher(DETECTOR, new SpendDetector(DEFAULT_DETECTION));
  playClients(clients, [watcher]);
  const second = watcher.told.filter(({ minute }) => minute >= SECOND_WEEK);
  const all = clients.map(seriesOf);
  const large = clients.filter((one) => usdPerDay(seriesOf(one)) >= 50);
  const pooled = pool(clients.map(seriesOf), 12);
  return {
    clients: clients.length,
    pages: second.filter(({ severity, kind }) => severity === "page" && kind !== "pipeline"),
    tickets: second.filter(({ severity }) => severity === "ticket").length,
    liveliness: [
      ...liveliness(all),
      ...liveliness(large.map((one) => ({ ...seriesOf(one), group: "of 50 USD a day and more" }))),
      ...liveliness(pooled),
    ],
  };
}

function usdPerDay({ usd }: Series): number {
  return (usd.reduce((sum, one) => sum + one, 0) / usd.length) * 144;
}

/** Teams of so many clients each. */
function pool(all: readonly Series[], size: number): Series[] {
  const pooled: Series[] = [];
  for (let from = 0; from + size <= all.length; from += size) {
    const some = all.slice(from, from + size);
    const add = (pick: (one: Series) => Float64Array): Float64Array =>
      (some[0] as Series).usd.map((_, bin) =>
        some.reduce((sum, one) => sum + (pick(one)[bin] ?? 0), 0),
      );
    pooled.push({
      ...(some[0] as Series),
      group: `${size} clients pooled`,
      usd: add((one) => one.usd),
      requests: add((one) => one.requests),
    });
  }
  return pooled;
}

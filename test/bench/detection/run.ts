import type { IncidentChange } from "../../../src/detect/episode-book.ts";
import { SpendDetector } from "../../../src/detect/spend-detector.ts";
import type { PaneUse } from "../../../src/detect/series-tree.ts";
import { settingsOf, type SettingsOptions } from "./company-settings.ts";
import { simulate, type Simulation, type SimulationOptions } from "./simulate.ts";
import { Listener, type Told } from "./told.ts";
import type { SimUse } from "./types.ts";

/** What of a detector the runner asks for; `SpendDetector` is one. */
export interface DetectorLike {
  observe(uses: readonly PaneUse[], newestMs: number): IncidentChange[];
  passTime(watermarkMs: number): IncidentChange[];
}

/** Told by something that sees the same stream, minute by minute. */
export interface Watcher {
  readonly name: string;
  readonly told: readonly Told[];
  /** All rows that arrive in an epoch minute; empty minutes come too. */
  minute(minute: number, uses: readonly SimUse[]): void;
}

/** Feeds a detector as the product does: panes as they arrive, and the passing of time where nothing does. */
export class DetectorWatcher implements Watcher {
  readonly name: string;
  readonly #detector: DetectorLike;
  readonly #listener = new Listener();
  /** Wall time spent in the detector. */
  spentMs = 0;

  constructor(name: string, detector: DetectorLike) {
    this.name = name;
    this.#detector = detector;
  }

  get told(): readonly Told[] {
    return this.#listener.told;
  }

  minute(minute: number, uses: readonly SimUse[]): void {
    const begin = performance.now();
    const changes =
      uses.length > 0
        ? this.#detector.observe(uses, minute * 60_000 + 59_999)
        : this.#detector.passTime((minute + 1) * 60_000);
    this.#listener.hear(changes, minute);
    this.spentMs += performance.now() - begin;
  }
}

/** The detector of the product with a company's own settings. */
export function detectorOf(simulation: Simulation, options?: SettingsOptions): DetectorLike {
  return new SpendDetector(settingsOf(simulation, options));
}

/** Plays a simulation to its end before all watchers at once. Rows in arrival order, one call a minute. */
export function play(simulation: Simulation, watchers: readonly Watcher[]): { rows: number } {
  let next = -1;
  let rows = 0;
  const tell = (minute: number, uses: readonly SimUse[]): void => {
    for (const watcher of watchers) watcher.minute(minute, uses);
  };
  const silentUntil = (minute: number): void => {
    for (; next < minute; next++) tell(next, []);
  };
  for (const { uses, untilMinute } of simulation.days()) {
    rows += uses.length;
    for (let from = 0; from < uses.length;) {
      const minute = (uses[from] as SimUse).arrival;
      let to = from;
      while (to < uses.length && uses[to]?.arrival === minute) to++;
      if (next < 0) next = minute;
      silentUntil(minute);
      tell(minute, uses.slice(from, to));
      next = minute + 1;
      from = to;
    }
    silentUntil(Math.min(untilMinute, simulation.endMinute + 720));
  }
  return { rows };
}

export interface SeedRun {
  readonly simulation: Simulation;
  readonly watchers: readonly Watcher[];
  readonly rows: number;
  readonly wallMs: number;
}

/** Simulates each seed and plays it before fresh watchers; one company at a time is in memory. */
export function* runSeeds(
  seeds: readonly number[],
  options: Omit<SimulationOptions, "seed">,
  watch: (simulation: Simulation) => readonly Watcher[],
): Generator<SeedRun> {
  for (const seed of seeds) {
    const begin = performance.now();
    const simulation = simulate({ ...options, seed });
    const watchers = watch(simulation);
    const { rows } = play(simulation, watchers);
    yield { simulation, watchers, rows, wallMs: performance.now() - begin };
  }
}

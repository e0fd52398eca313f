import { expectWindow } from "../detect/expectation.ts";
import { LEVELS } from "../detect/incident.ts";
import type { SpendDetector } from "../detect/spend-detector.ts";
import { LabelCap, type Metrics } from "../telemetry/metrics.ts";

const TEAM_LABELS = 200;

/** Shows the detector's state in the metrics. */
export class DetectMeter {
  readonly #metrics: Metrics;
  readonly #teams = new LabelCap(TEAM_LABELS);

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  /** Runs one evaluation and notes how long it took. */
  time<T>(work: () => T): T {
    const end = this.#metrics.detectSeconds.startTimer();
    try {
      return work();
    } finally {
      end();
    }
  }

  /** Who does not watch shows nothing: another process does. */
  forget(): void {
    const metrics = this.#metrics;
    const { incidentsOpen, seriesTracked, smallestIncidentUsd } = metrics;
    const { expectedUsdPerHour, actualUsdPerHour } = metrics;
    for (const gauge of [incidentsOpen, seriesTracked]) gauge.reset();
    for (const gauge of [expectedUsdPerHour, actualUsdPerHour, smallestIncidentUsd]) gauge.reset();
  }

  show(detector: SpendDetector): void {
    const { tree, incidents } = detector;
    const { incidentsOpen, seriesTracked } = this.#metrics;
    incidentsOpen.reset();
    for (const { state, kind, severity } of incidents) {
      if (state !== "resolved") incidentsOpen.inc({ kind, severity });
    }
    for (const level of LEVELS) {
      seriesTracked.set({ level }, tree.nodes.filter((node) => node.level === level).length);
    }
    this.#showTeams(detector);
  }

  #showTeams(detector: SpendDetector): void {
    const { tree, minute } = detector;
    const { expectedUsdPerHour, actualUsdPerHour, smallestIncidentUsd } = this.#metrics;
    const totals = new Map<string, { expected: number; actual: number; smallest: number }>();
    for (const node of tree.teams) {
      const team = this.#teams.label(node.name);
      const total = totals.get(team) ?? { expected: 0, actual: 0, smallest: 0 };
      total.expected += expectWindow(node, minute, 60).usd;
      total.actual += node.usd(minute, 60);
      // Of teams under one label the one that is seen worst.
      total.smallest = Math.max(total.smallest, detector.smallestIncidentUsd(node) ?? 0);
      totals.set(team, total);
    }
    for (const [team, { expected, actual, smallest }] of totals) {
      expectedUsdPerHour.set({ team }, expected);
      actualUsdPerHour.set({ team }, actual);
      if (smallest > 0) smallestIncidentUsd.set({ team }, smallest);
    }
  }
}

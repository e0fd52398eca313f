import { incidentOfRow } from "../detect/incident-rows.ts";
import type { Incident } from "../detect/incident.ts";
import { usesOfHours, usesOfRollups } from "../detect/pane-uses.ts";
import type { SpendDetector } from "../detect/spend-detector.ts";
import type { IncidentStore, SeenPosition } from "../store/rows.ts";
import type { Logger } from "../telemetry/logger.ts";

const DAY_MS = 86_400_000;
/** Five weeks: what the baseline looks back at. */
export const HISTORY_MS = 35 * DAY_MS;
/**
 * So much of it is read by five minutes at least, and so many sums of five minutes; what is older than both is read by the hour. How far an ordinary day goes
 * is learnt from five minutes alone, which take most of the time: who has too many of them for five weeks has so many series that a week of all says it.
 */
const DETAIL_MS = 7 * DAY_MS;
const DETAIL_SUMS = 400_000;

/**
 * Teaches a new detector what is stored: the incidents first, because what they added is not normal, then what was spent. Gives the incidents that are
 * open or ended within the five weeks. Throws what the store throws; the detector is of no use then.
 */
export async function learnHistory(options: {
  readonly detector: SpendDetector;
  readonly store: IncidentStore;
  /** Event time of the newest event, ms; -1 where nothing is stored. */
  readonly newestMs: number;
  /** Only of the commits up to there; absent: of all. */
  readonly upTo?: readonly SeenPosition[];
  readonly logger: Logger;
}): Promise<Incident[]> {
  const { detector, store, newestMs, upTo, logger } = options;
  const incidents = await loadIncidents(store, newestMs);
  detector.restore(tracked(incidents));
  let rollups = 0;
  if (newestMs >= 0) {
    const [fromMs, toMs] = [historyBegin(newestMs), newestMs + 1];
    const weekMs = Math.max(fromMs, toMs - DETAIL_MS);
    const detailMs = detailBegin(fromMs, newestMs, await store.historySize(weekMs, toMs, upTo));
    for await (const chunk of store.hourHistory(fromMs, detailMs, upTo)) {
      detector.learnHours(usesOfHours(chunk));
      rollups += chunk.length;
    }
    for await (const chunk of store.history(detailMs, toMs, upTo)) {
      detector.learn(usesOfRollups(chunk));
      rollups += chunk.length;
    }
  }
  const series = detector.tree.nodes.length;
  logger.info({ rollups, series, incidents: incidents.length }, "history learnt");
  return incidents.map(({ incident }) => incident);
}

type Stored = ReturnType<typeof incidentOfRow>;

/** Incidents as they are stored now: the open ones, and those that ended within the history of `newestMs`. */
export async function loadIncidents(store: IncidentStore, newestMs: number): Promise<Stored[]> {
  return (await store.loadIncidents(historyBegin(newestMs))).map(incidentOfRow);
}

/** Those that a detector can go on with. */
export function tracked(
  incidents: readonly Stored[],
): (Stored & { readonly track: NonNullable<Stored["track"]> })[] {
  return incidents.flatMap(({ incident, track }) => (track === null ? [] : [{ incident, track }]));
}

/** From when on five minutes are read: all where they are few, else from a midnight. `sums`: of the newest week. */
export function detailBegin(fromMs: number, newestMs: number, sums: number): number {
  const detailMs = DETAIL_MS * Math.max(1, DETAIL_SUMS / sums);
  return Math.max(fromMs, Math.ceil((newestMs - detailMs) / DAY_MS) * DAY_MS);
}

function historyBegin(newestMs: number): number {
  return Math.max(0, newestMs - HISTORY_MS);
}

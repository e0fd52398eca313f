import { AppError } from "../../src/runtime/errors.ts";
import type {
  DeliveryRow,
  HourRollup,
  IncidentActionRow,
  IncidentRow,
  IncidentStore,
  Rollup,
} from "../../src/store/rows.ts";

/** The incident store's contract in memory: what a test hands from one "process" to the next. */
export class MemoryIncidentStore implements IncidentStore {
  readonly incidents: IncidentRow[] = [];
  readonly deliveries: DeliveryRow[] = [];
  readonly actions: IncidentActionRow[] = [];
  /** What detection learns from, in order of time. */
  readonly rollups: Rollup[] = [];
  /** As when ClickHouse is down: every write is refused. */
  isDown = false;

  saveIncidents(rows: readonly IncidentRow[]): Promise<void> {
    return this.#write(() => this.incidents.push(...rows));
  }

  loadIncidents(resolvedSinceMs: number): Promise<IncidentRow[]> {
    const newest = new Map<string, IncidentRow>();
    for (const row of this.incidents) {
      const known = newest.get(row.incident_id);
      if (known === undefined || row.revision > known.revision) newest.set(row.incident_id, row);
    }
    const wanted = [...newest.values()].filter(
      (row) => row.resolved_at_ms === null || row.resolved_at_ms > resolvedSinceMs,
    );
    return Promise.resolve(wanted);
  }

  /** It does not know when a row was stored: any may have changed. */
  changedIncidents(): Promise<IncidentRow[]> {
    return this.loadIncidents(-1);
  }

  saveDelivery(row: DeliveryRow): Promise<void> {
    return this.#write(() => this.deliveries.push(row));
  }

  loadDeliveries(incidentIds: readonly string[]): Promise<DeliveryRow[]> {
    const newest = new Map<string, DeliveryRow>();
    for (const row of this.deliveries.filter((one) => incidentIds.includes(one.incident_id))) {
      const known = newest.get(row.delivery_id);
      if (known === undefined || isNewer(row, known)) newest.set(row.delivery_id, row);
    }
    return Promise.resolve([...newest.values()]);
  }

  saveAction(row: IncidentActionRow): Promise<void> {
    return this.#write(() => this.actions.push(row));
  }

  loadActions(sinceMs: number): Promise<IncidentActionRow[]> {
    return Promise.resolve(this.actions.filter((row) => row.at_ms > sinceMs));
  }

  async historySize(fromMs: number, toMs: number): Promise<number> {
    let size = 0;
    for await (const chunk of this.history(fromMs, toMs)) size += chunk.length;
    return size;
  }

  async *hourHistory(fromMs: number, toMs: number): AsyncIterable<readonly HourRollup[]> {
    const hours = new Map<string, HourRollup>();
    for await (const chunk of this.history(fromMs, toMs))
      for (const one of chunk) addHour(hours, one);
    const rows = [...hours.values()];
    const inOrder = (a: HourRollup, b: HourRollup): number =>
      a.startMs - b.startMs || userOf(a).localeCompare(userOf(b));
    yield rows.sort(inOrder);
  }

  async *history(fromMs: number, toMs: number): AsyncIterable<readonly Rollup[]> {
    const wanted = this.rollups.filter(({ startMs }) => startMs >= fromMs && startMs < toMs);
    for (let at = 0; at < wanted.length; at += 1_000) {
      yield await Promise.resolve(wanted.slice(at, at + 1_000));
    }
  }

  #write(change: () => void): Promise<void> {
    if (this.isDown) {
      return Promise.reject(
        new AppError("clickhouse does not answer", { code: "store_unavailable", retryable: true }),
      );
    }
    change();
    return Promise.resolve();
  }
}

function userOf({ department, team, user }: Pick<Rollup, "department" | "team" | "user">): string {
  return JSON.stringify([department, team, user]);
}

function addHour(hours: Map<string, HourRollup>, one: Rollup): void {
  const startMs = Math.floor(one.startMs / HOUR_MS) * HOUR_MS;
  const { department, team, user, key, agent } = one;
  const place = JSON.stringify([startMs, department, team, user, key, agent]);
  const known = hours.get(place);
  hours.set(place, {
    ...{ startMs, department, team, user, key, agent },
    requests: (known?.requests ?? 0) + one.requests,
    errors: (known?.errors ?? 0) + one.errors,
    tokens: (known?.tokens ?? 0) + one.tokens,
    costUsd: (known?.costUsd ?? 0) + one.costUsd,
    steps: (known?.steps ?? 0) | (1 << Math.floor((one.startMs - startMs) / STEP_MS)),
  });
}
const STEP_MS = 300_000;
const HOUR_MS = 3_600_000;

/** As ClickHouse orders a delivery's rows: a later attempt, then an end before its beginning, then time. */
function isNewer(row: DeliveryRow, known: DeliveryRow): boolean {
  if (row.attempt !== known.attempt) return row.attempt > known.attempt;
  const ends = (one: DeliveryRow): number => Number(one.status !== "sending");
  return ends(row) === ends(known) ? row.at_ms >= known.at_ms : ends(row) > ends(known);
}
